"""Classifiers that ship with the package."""

import copy
import io
import pickle
import zipfile
from importlib import resources

import joblib
import numpy as np
import pandas as pd
import pytest
from _processes import run_python
from _small import quick
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from fmnist_sk import (
    ImageAugmenter,
    ImageEncoder,
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


# Names of columns -----------------------------------------------------------------


def stored(dump, load):
    def through_a_file(clf, X, y, path):
        dump(clf, path)
        return load(path)

    return through_a_file


# What may happen to a classifier that goes on ignoring the names of columns.
KEEPING = {
    "nothing": lambda clf, X, y, path: clf,
    "copy": lambda clf, X, y, path: copy.deepcopy(clf),
    "pickle": lambda clf, X, y, path: pickle.loads(pickle.dumps(clf)),
    "joblib": stored(joblib.dump, joblib.load),
    "skops": stored(save_model, load_model),
    "frozen": lambda clf, X, y, path: clone(FrozenEstimator(clf)),
    "pipeline": lambda clf, X, y, path: make_pipeline(
        FunctionTransformer(), FrozenEstimator(clf)
    ).fit(X, y),
    "parameters": lambda clf, X, y, path: clf.set_params(tta=None),
    "partial_fit": lambda clf, X, y, path: clf.partial_fit(X, y).partial_fit(
        X[:9], y[:9]
    ),
    "warm start": lambda clf, X, y, path: clf.set_params(warm_start=True, epochs=1).fit(
        X, y, X_val=X, y_val=y
    ),
}


@pytest.mark.parametrize("how", KEEPING)
def test_names_of_columns_are_ignored(sample, tmp_path, how):
    X, y = sample.X_train[:50], sample.y_train[:50]
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(784)])
    clf = load_pretrained("fashion-mnist-compact")
    clf = KEEPING[how](clf, frame, y, tmp_path / "clf")  # warnings are errors
    expected = clf.predict(X)
    for names in frame.columns, frame.columns[::-1], range(784):
        np.testing.assert_array_equal(
            clf.predict(frame.set_axis(names, axis=1)), expected
        )


def test_a_frame_is_checked_as_an_array_is(sample):
    clf = load_pretrained("fashion-mnist-compact")
    frame = pd.DataFrame(sample.X_train[:5].astype(float))
    with pytest.raises(
        ValueError, match="X has 783 features, but FashionCNNClassifier"
    ):
        clf.predict(frame.iloc[:, 1:])
    with pytest.raises(ValueError, match=r"0 sample\(s\).* by FashionCNNClassifier"):
        clf.predict(frame[:0])
    for value, message in (np.nan, "X contains NaN"), (np.inf, "X contains infinity"):
        frame.iloc[3, 5] = value
        with pytest.raises(ValueError, match=message):
            clf.predict(frame)


def test_a_clone_and_a_new_fit_learn_names(sample):
    y = sample.y_train[:50]
    frame = pd.DataFrame(sample.X_train[:50]).add_prefix("pixel")
    clf = load_pretrained("fashion-mnist-compact")
    clf.set_params(epochs=1, warm_start=False)
    for own in clone(clf).fit(frame, y), copy.deepcopy(clf).fit(frame, y):
        assert own.feature_names_in_[0] == "pixel0"
        with pytest.raises(ValueError, match="same order"):
            own.predict(frame.iloc[:, ::-1])
    for own in clone(clf), clf:
        own.fit(frame.to_numpy(), y)
        with pytest.warns(UserWarning, match="X has feature names"):
            own.predict(frame)


def test_an_encoder_checks_names_itself(sample):
    frame = pd.DataFrame(sample.X_train[:50]).add_prefix("pixel")
    for source in (
        "fashion-mnist-compact",
        FrozenEstimator(load_pretrained("fashion-mnist-compact")),
    ):
        encoder = ImageEncoder(source).fit(frame)
        assert encoder.transform(frame).shape == (50, 32)
        with pytest.raises(ValueError, match="same order"):
            encoder.transform(frame.iloc[:, ::-1])


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
