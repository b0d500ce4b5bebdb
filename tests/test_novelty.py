"""NoveltyDetector, the detector that ships with the package, and networks in NumPy."""

import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from importlib import resources

import joblib
import numpy as np
import pandas as pd
import pytest
from _processes import run_python
from _small import quick
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from fmnist_sk import (
    ImageNormalizer,
    NoveltyDetector,
    load_model,
    load_novelty_detector,
    load_pretrained,
    novelty,
    save_model,
)
from fmnist_sk.architectures import numpy_function
from fmnist_sk.novelty import _shipped


@pytest.fixture(scope="module")
def shipped():
    return load_novelty_detector()


@pytest.fixture(scope="module")
def fitted(sample):
    """Detector fitted to the first 500 images of the sample."""
    return NoveltyDetector(false_positive_rate=0.1).fit(sample.X_train[:500])


def noise(n):
    return np.random.default_rng(0).integers(256, size=(n, 784), dtype=np.uint8)


# The shipped detector -------------------------------------------------------------


def test_few_test_images_are_flagged(shipped, sample):
    assert 0.02 < (shipped.predict(sample.X_test) == -1).mean() < 0.08


def area(detector, positives, negatives):
    scores = map(detector.score_samples, (positives, negatives))
    labels = np.repeat([1, 0], [len(positives), len(negatives)])
    return roc_auc_score(labels, np.concatenate(list(scores)))


def test_other_images_are_detected(shipped, sample):
    X = sample.X_test
    images = X.reshape(-1, 28, 28)
    digits = load_digits().images[:300].repeat(3, axis=1).repeat(3, axis=2) * 15
    digits = np.pad(digits, [(0, 0), (2, 2), (2, 2)]).reshape(300, 784)
    constant = np.repeat(np.arange(256)[:, None], 784, axis=1)
    for negatives, least in (
        (digits, 0.97),
        (noise(300), 0.99),
        (constant, 0.99),
        (np.rot90(images, 1, (1, 2)).reshape(-1, 784), 0.9),
        (np.roll(images, 14, axis=2).reshape(-1, 784), 0.9),
    ):
        assert area(shipped, X, negatives) > least
    assert (shipped.predict(noise(100)) == -1).all()
    assert (shipped.predict(constant) == -1).all()


def test_loading_and_predicting_start_no_tensorflow():
    code = """
import json, sys
from fmnist_sk import load_novelty_detector
load_novelty_detector().predict([[0] * 784])
print(json.dumps(sorted({"tensorflow", "keras"} & set(sys.modules))))
"""
    assert run_python(code) == []


def test_the_file_is_small_and_checked(monkeypatch):
    file = resources.files("fmnist_sk").joinpath("_data", "novelty-detector.npz")
    content = file.read_bytes()
    assert len(content) <= 300_000
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        assert {archive[name].dtype.kind for name in archive.files} == {"f", "U"}
    assert novelty.pack(novelty.unpack(content)) == content
    monkeypatch.setattr(_shipped, "_SHA256", "0" * 64)
    with pytest.raises(OSError, match="SHA-256"):
        load_novelty_detector()


def test_it_is_an_estimator_like_any_other(shipped, sample):
    assert isinstance(shipped, NoveltyDetector)
    assert (shipped.n_features_in_, shipped.image_shape_) == (784, (28, 28, 1))
    assert load_novelty_detector() is not shipped
    unfitted = clone(shipped)
    assert unfitted.get_params() == shipped.get_params()
    with pytest.raises(NotFittedError):
        unfitted.predict(sample.X_test)


def test_the_names_of_columns_are_ignored(shipped, sample):
    frame = pd.DataFrame(sample.X_test[:9]).add_prefix("pixel")
    np.testing.assert_array_equal(
        shipped.score_samples(frame), shipped.score_samples(sample.X_test[:9])
    )


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.zeros((2, 783)), ValueError, "X has 783 features, but NoveltyDetector"),
        (np.zeros((2, 7, 112)), ValueError, "NoveltyDetector is expecting images"),
        (np.full((2, 784), np.nan), ValueError, "Input X contains NaN"),
        (np.empty((0, 784)), ValueError, r"0 sample\(s\)"),
        (np.full((2, 784), 1e39), ValueError, "too large"),
        ([["a"] * 784], ValueError, "could not convert"),
    ],
)
def test_bad_images(shipped, X, error, message):
    with pytest.raises(error, match=message):
        shipped.predict(X)


# Scores ---------------------------------------------------------------------------


def test_scores_threshold_and_labels_agree(shipped, sample):
    X = np.concatenate([sample.X_test[:50], noise(5)])
    scores = shipped.score_samples(X)
    decisions = shipped.decision_function(X)
    np.testing.assert_array_equal(decisions, scores - shipped.offset_)
    np.testing.assert_array_equal(shipped.predict(X), np.where(decisions < 0, -1, 1))
    assert scores.dtype == np.float64


def test_the_form_of_the_images_does_not_matter(shipped, sample):
    X = sample.X_test[:20]
    expected = shipped.score_samples(X)
    for same in (
        X.astype(float),
        X.astype(np.float32),
        X.reshape(-1, 28, 28),
        X.reshape(-1, 28, 28, 1),
        pd.DataFrame(X),
        X.tolist(),
    ):
        np.testing.assert_allclose(shipped.score_samples(same), expected, atol=1e-3)


def test_a_score_does_not_depend_on_the_other_images(shipped, sample):
    X = sample.X_test[:50]
    together = shipped.score_samples(X)
    alone = np.concatenate([shipped.score_samples(X[i : i + 1]) for i in range(50)])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-9)
    np.testing.assert_allclose(
        shipped.score_samples(X[7:31]), alone[7:31], rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("how", ["pickle", "joblib", "skops"])
def test_a_file_keeps_the_scores(shipped, fitted, sample, tmp_path, how):
    path = tmp_path / "detector"
    for detector in shipped, fitted:
        if how == "pickle":
            again = pickle.loads(pickle.dumps(detector))
        elif how == "joblib":
            joblib.dump(detector, path)
            again = joblib.load(path)
        else:
            save_model(detector, path)
            again = load_model(path)
        np.testing.assert_array_equal(
            again.decision_function(sample.X_test[:20]),
            detector.decision_function(sample.X_test[:20]),
        )


# Fitting --------------------------------------------------------------------------


def test_new_images_are_flagged_at_the_rate_asked_for(fitted, sample):
    # 500 images are few for 144 features, so that the threshold is cautious.
    assert 0.03 < (fitted.predict(sample.X_test) == -1).mean() < 0.13
    assert (fitted.predict(noise(20)) == -1).all()
    again = NoveltyDetector(false_positive_rate=0.1).fit(sample.X_train[:500])
    assert again.offset_ == fitted.offset_
    strict = clone(fitted).set_params(false_positive_rate=0.3)
    assert strict.fit(sample.X_train[:500]).offset_ > fitted.offset_


def test_a_frozen_network_is_used_as_it_is_and_another_is_fitted(sample):
    X, y = sample.X_train[:200], sample.y_train[:200]
    clf = quick().fit(X, y)
    frozen = NoveltyDetector(FrozenEstimator(clf)).fit(X)
    assert frozen.estimator_.estimator is clf
    trained = NoveltyDetector(quick()).fit(X, y)
    np.testing.assert_array_equal(trained.score_samples(X), frozen.score_samples(X))
    with pytest.raises(ValueError, match="requires y"):
        NoveltyDetector(quick()).fit(X)


def test_a_pipeline_prepares_the_images(sample):
    X, y = sample.X_train[:100], sample.y_train[:100]
    pipeline = make_pipeline(ImageNormalizer(), quick())
    detector = NoveltyDetector(pipeline).fit(X, y)
    assert (detector.predict(noise(5)) == -1).all()


@pytest.mark.parametrize("n", [2, 3, 12])
def test_few_images(sample, n):
    detector = NoveltyDetector().fit(sample.X_train[:n])
    assert np.isfinite(detector.score_samples(sample.X_test)).all()


def test_one_image_is_too_few(sample):
    with pytest.raises(ValueError, match=r"1 sample\(s\).*minimum of 2"):
        NoveltyDetector().fit(sample.X_train[:1])


def test_equal_images(sample):
    detector = NoveltyDetector().fit(np.repeat(sample.X_train[:1], 20, axis=0))
    assert (detector.predict(sample.X_train[:1]) == 1).all()
    assert (detector.predict(noise(3)) == -1).all()


def linear(image_shape, n_classes):
    import keras

    layers = [keras.layers.Flatten(), keras.layers.Dense(n_classes)]
    return keras.Sequential([keras.Input(image_shape), *layers])


def test_other_networks_are_rejected(sample):
    X, y = sample.X_train[:40], sample.y_train[:40]
    with pytest.raises(TypeError, match="named architecture"):
        NoveltyDetector(quick(architecture=linear)).fit(X, y)
    with pytest.raises(TypeError, match="must be a fitted FashionCNNClassifier"):
        NoveltyDetector(DummyClassifier()).fit(X, y)
    with pytest.raises(ValueError, match="'false_positive_rate' parameter"):
        NoveltyDetector(false_positive_rate=0).fit(X)


def test_a_failed_refit_leaves_the_detector_as_it_was(fitted, sample):
    before = dict(vars(fitted))
    with pytest.raises(ValueError, match="NaN"):
        fitted.fit(np.full((3, 784), np.nan))
    assert vars(fitted) == before


# Networks in NumPy ----------------------------------------------------------------


def numpy_logits(clf, X):
    fitted = clf._fitted
    images = fitted.normalisation.take(
        X.astype(np.float32), slice(None), fitted.image_shape
    )
    return numpy_function(fitted.description, fitted.weights)(images)


# test_onnx.py compares the logits of all networks with those of TensorFlow.


def test_features_are_those_of_units_and_dense_layers(sample):
    clf = load_pretrained("fashion-mnist-compact")
    _, features = numpy_logits(clf, sample.X_test[:5])
    assert features.shape == (5, 16 + 4 * 32)


def test_odd_sizes_and_colours():
    rng = np.random.default_rng(0)
    X, y = rng.random((30, 9, 11, 3)), np.arange(30) % 3
    for architecture in "compact", "resnet", "standard":
        clf = quick(architecture=architecture, filters=4, tta=None).fit(X, y)
        logits, _ = numpy_logits(clf, X.reshape(30, -1))
        np.testing.assert_allclose(
            logits, clf.decision_function(X), rtol=1e-3, atol=1e-3
        )


def test_threads_get_the_same_scores(shipped, sample):
    """Also in the last bit, although the limit of BLAS's threads is global."""
    X = sample.X_test[:40]
    expected = [shipped.score_samples(X[i : i + 1]) for i in range(len(X))]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            rows = [X[i : i + 1] for i in range(len(X))]
            found = list(pool.map(shipped.score_samples, rows))
            np.testing.assert_array_equal(found, expected)
