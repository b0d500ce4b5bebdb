"""Fitted network, and its prediction graphs."""

import copy
import gc
import pickle
import weakref
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from _small import quick
from joblib import Parallel, delayed

from fmnist_sk._batches import MAX_ROWS
from fmnist_sk._inference import _predictor, predictor_of
from fmnist_sk.inspection import feature_maps


@pytest.fixture(scope="module")
def fitted(sample):
    """Classifier fitted to three hundred images."""
    return quick().fit(sample.X_train[:300], sample.y_train[:300])


def test_the_fitted_network_is_frozen_and_numpy(fitted):
    network = fitted._fitted
    with pytest.raises(FrozenInstanceError):
        network.tta = "flip"
    assert {type(weight) for weight in network.weights} == {np.ndarray}
    assert network.n_parameters == fitted.n_parameters_
    assert network.image_shape == fitted.image_shape_ == (28, 28, 1)
    loaded = pickle.loads(pickle.dumps(network))
    assert loaded.description == network.description
    assert loaded != network  # a predictor belongs to one fitted network


def test_a_predictor_is_made_once_and_goes_with_the_network(fitted, sample):
    X = sample.X_train[:5]
    assert predictor_of(fitted._fitted) is predictor_of(fitted._fitted)
    twin = copy.deepcopy(fitted)
    assert predictor_of(twin._fitted) is not predictor_of(fitted._fitted)
    np.testing.assert_array_equal(twin.predict_proba(X), fitted.predict_proba(X))
    gone = weakref.ref(predictor_of(twin._fitted))
    twin.fit(sample.X_train[:50], sample.y_train[:50])
    gc.collect()
    assert gone() is None


def test_networks_of_a_kind_share_a_graph(fitted, sample):
    X, y = sample.X_train[:60], sample.y_train[:60] % 3
    quick(dropout=0.5).fit(X, y).predict(X)
    before = _predictor._prediction_graph.cache_info().misses
    for parameters in {"dropout": 0.1}, {"random_state": 3}, {"label_smoothing": 0.1}:
        quick(**parameters).fit(X, y).predict(X)
    assert _predictor._prediction_graph.cache_info().misses == before


def test_large_images_come_in_smaller_batches_and_predict_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.integers(256, size=(40, 96, 96, 3)).astype(np.uint8)
    clf = quick(architecture="resnet", filters=8, epochs=1, tta=None)
    clf.fit(X, np.arange(40) % 2)
    expected = clf.decision_function(X)
    called = []
    run = _predictor.Predictor._run

    def counting(self, graph, images):
        called.append(len(images))
        return run(self, graph, images)

    monkeypatch.setattr(_predictor.Predictor, "_run", counting)
    many = np.tile(X, (20, 1, 1, 1))
    np.testing.assert_array_equal(clf.decision_function(many), np.tile(expected, 20))
    assert sum(called) == 800
    assert max(called) < MAX_ROWS


def test_values_that_overflow_when_normalised_are_refused(sample):
    X = sample.X_train[:60] / 255.0 * 1e-5
    clf = quick(epochs=1).fit(X, sample.y_train[:60])
    for dtype in np.float64, np.float32:
        far = np.where(np.arange(784) == 3, 1e37, X[:4]).astype(dtype)
        with pytest.raises(ValueError, match="too large for dtype"):
            clf.predict(far)
    with pytest.raises(ValueError, match="too large for dtype"):
        clf.predict(np.full((1, 784), 1e300))


def test_values_that_overflow_while_training_are_refused(sample):
    X, y = sample.X_train[:60] / 255.0, sample.y_train[:60]
    far = np.where(np.arange(784) == 3, 3e38, X)
    clf = quick(epochs=1).fit(X, y)
    for call in (
        lambda: quick(epochs=1).fit(X, y, X_val=far, y_val=y),
        lambda: clf.partial_fit(far, y),
        lambda: feature_maps(clf, far),
    ):
        with pytest.raises(ValueError, match="too large for dtype"):
            call()


def test_threads_share_a_predictor(fitted, sample):
    X = sample.X_train[:700]
    expected = fitted.predict_proba(X)
    found = Parallel(4, backend="threading")(
        delayed(copy.copy(fitted).predict_proba)(X) for _ in range(12)
    )
    for probabilities in found:
        np.testing.assert_array_equal(probabilities, expected)
