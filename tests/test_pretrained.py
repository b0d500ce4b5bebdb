"""Classifiers that ship with the package."""

import io
import zipfile
from importlib import resources

import numpy as np
import pytest
from _processes import run_python
from _small import quick
from sklearn.base import clone
from sklearn.metrics import log_loss

from fmnist_sk import (
    ImageAugmenter,
    load_model,
    load_pretrained,
    pretrained,
    save_model,
)
from fmnist_sk.metrics import expected_calibration_error

NAMES = sorted(pretrained.PRETRAINED)


@pytest.mark.parametrize(
    ("name", "accuracy", "n_bytes"),
    [("fashion-mnist", 0.94, 2_000_000), ("fashion-mnist-compact", 0.92, 150_000)],
)
def test_it_knows_fashion_mnist(sample, name, accuracy, n_bytes):
    clf = load_pretrained(name)
    file = resources.files("fmnist_sk").joinpath("_data", f"{name}.npz")
    assert len(file.read_bytes()) <= n_bytes
    assert clf.score(sample.X_test, sample.y_test) > accuracy
    probabilities = clf.predict_proba(sample.X_test)
    assert log_loss(sample.y_test, probabilities) < 0.22
    assert expected_calibration_error(sample.y_test, probabilities) < 0.03
    assert clf.n_parameters_ == sum(weight.size for weight in clf._fitted.weights)
    assert len(clf.history_["loss"]) == clf.n_iter_


def test_loading_starts_no_tensorflow():
    code = """
import json, sys
from fmnist_sk import load_pretrained
clf = load_pretrained()
repr(clf), clf.get_params()
print(json.dumps(["tensorflow" in sys.modules, "keras" in sys.modules]))
"""
    assert run_python(code) == [False, False]


def test_nothing_in_the_files_is_unpickled():
    for name in NAMES:
        file = resources.files("fmnist_sk").joinpath("_data", f"{name}.npz")
        with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
            for member in archive.namelist():
                array = np.lib.format.read_array(
                    io.BytesIO(archive.read(member)), allow_pickle=False
                )
                assert array.dtype in (np.float16, np.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_noticed(monkeypatch, name):
    monkeypatch.setitem(pretrained._SHA256, name, "0" * 64)
    with pytest.raises(OSError, match="SHA-256"):
        load_pretrained(name)


def test_other_names():
    with pytest.raises(ValueError, match="'name' parameter"):
        load_pretrained("mnist")


def test_every_call_gives_a_new_classifier(sample):
    first, second = load_pretrained(), load_pretrained()
    first._fitted.weights[0][:] = 0
    assert second._fitted.weights[0].any()
    assert not hasattr(clone(second), "classes_")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_classifier_like_any_other(sample, name, tmp_path):
    clf, X = load_pretrained(name), sample.X_test[:20]
    expected = clf.predict_proba(X)
    np.testing.assert_allclose(
        clf.to_keras()(X.reshape(-1, 28, 28, 1)), expected, atol=1e-5
    )
    save_model(clf, tmp_path / "clf.skops")
    loaded = load_model(tmp_path / "clf.skops")
    np.testing.assert_array_equal(loaded.predict_proba(X), expected)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_those_of_training_but_for_fine_tuning(name):
    clf = load_pretrained(name)
    file = resources.files("fmnist_sk").joinpath("_data", f"{name}.npz")
    trained = pretrained.unpack(file.read_bytes())
    tuning = {"warm_start": True, "epochs": "auto", "learning_rate": 1e-4, "verbose": 0}
    for key, value in clf.get_params().items():
        if key == "architecture":
            assert repr(value) == repr(trained.architecture)
        else:
            assert value == tuning.get(key, getattr(trained, key))
    # The settings in the docstring for training from scratch.
    assert trained.epochs == trained.n_iter_ == 90
    assert trained.learning_rate is None
    assert max(clf.history_["learning_rate"]) == pytest.approx(0.006, rel=0.01)


def test_further_training_prints_nothing(sample, capsys):
    clf = load_pretrained("fashion-mnist-compact")
    clf.partial_fit(sample.X_train[:32], sample.y_train[:32])
    clf.set_params(epochs=1).fit(sample.X_train[:32], sample.y_train[:32])
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("name", NAMES)
def test_further_training_keeps_what_is_known(sample, name):
    X, y = sample.X_train[:500], sample.y_train[:500]
    before = load_pretrained(name)
    accuracy = before.score(sample.X_test, sample.y_test)
    continued = [load_pretrained(name).partial_fit(X, y)]
    if name == "fashion-mnist-compact":  # the larger network takes long
        continued.append(load_pretrained(name).fit(X, y))
    for clf in continued:
        assert any(
            (a != b).any()
            for a, b in zip(clf._fitted.weights, before._fitted.weights, strict=True)
        )
        assert clf.score(sample.X_test, sample.y_test) >= accuracy - 0.01
        assert clf.temperature_ == before.temperature_


def test_fine_tuning_pays_on_images_that_look_different(sample):
    """The case that the guide shows. The test images are new to the network."""
    camera = ImageAugmenter(
        horizontal_flip=0, rotation=60, zoom=0, shift=0, random_state=0
    )
    X, y = camera.fit_transform(sample.X_test), sample.y_test
    few, new = slice(200), slice(200, None)
    clf = load_pretrained("fashion-mnist-compact")
    before, upright = clf.score(X[new], y[new]), clf.score(sample.X_test[new], y[new])
    loss = log_loss(y[new], clf.predict_proba(X[new]))
    clf.set_params(learning_rate=1e-3).fit(X[few], y[few])
    assert clf.score(X[new], y[new]) > before + 0.2
    assert clf.score(sample.X_test[new], y[new]) > upright - 0.05
    # The temperature of the training run still suits the network.
    probabilities = clf.predict_proba(X[new])
    assert log_loss(y[new], probabilities) < loss / 2
    assert expected_calibration_error(y[new], probabilities) < 0.1


def test_fine_tuning_starts_from_the_same_labels(sample):
    X, y = sample.X_test[:32], sample.y_test[:32]
    with pytest.raises(ValueError, match="y contains unknown labels"):
        load_pretrained("fashion-mnist-compact").fit(X, y.astype(str))


def test_a_clone_starts_from_new_weights(sample):
    X, y = sample.X_test[:200], sample.y_test[:200]
    clf = load_pretrained("fashion-mnist-compact").set_params(epochs=1)
    new = clone(clf).fit(X, y)
    assert new.score(X, y) < 0.5 < clf.fit(X, y).score(X, y)
    # And so does a fit without warm_start.
    again = clf.set_params(warm_start=False).fit(X, y)
    for a, b in zip(again._fitted.weights, new._fitted.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_packing_keeps_everything_but_the_last_digits(sample):
    X, y = sample.X_train[:300], sample.y_train[:300]
    clf = quick(temperature=0.7, augmentation="light").fit(X, y)
    again = pretrained.unpack(pretrained.pack(clf))
    assert again.get_params() == clf.get_params()
    missing = set(vars(clf)) ^ set(vars(again))
    assert missing == set()
    np.testing.assert_allclose(
        again.predict_proba(X), clf.predict_proba(X), rtol=0.02, atol=2e-3
    )
    assert pretrained.pack(again) == pretrained.pack(clf)
    # Training continues from the same state.
    np.testing.assert_array_equal(again.classes_, clf.classes_)
    assert again.partial_fit(X, y).n_iter_ == clf.n_iter_ + 1
