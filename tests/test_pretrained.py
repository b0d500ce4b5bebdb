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

from fmnist_sk import load_model, load_pretrained, pretrained, save_model
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


def test_fine_tuning_starts_from_what_is_known(sample):
    X, y = sample.X_train[:400], sample.y_train[:400]
    before = load_pretrained("fashion-mnist-compact")
    accuracy = before.score(sample.X_test, sample.y_test)
    how = {"epochs": 2, "learning_rate": 1e-4, "warm_start": True}
    tuned = load_pretrained("fashion-mnist-compact").set_params(**how).fit(X, y)
    assert tuned.n_iter_ == 2
    for trained in tuned, load_pretrained("fashion-mnist-compact").partial_fit(X, y):
        assert any(
            (a != b).any()
            for a, b in zip(
                trained._fitted.weights, before._fitted.weights, strict=True
            )
        )
        assert trained.score(sample.X_test, sample.y_test) > accuracy - 0.03
    scratch = clone(tuned).set_params(warm_start=False).fit(X, y)
    assert scratch.score(X, y) < tuned.score(X, y)


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
