"""Graphs of a network's layers: compiled once, shared, with limited memory."""

import gc
import pickle
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from _processes import run_python
from _small import quick
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from fmnist_sk import ImageEncoder
from fmnist_sk._batches import rows_per_call
from fmnist_sk.inspection import (
    feature_maps,
    first_layer_filters,
    grad_cam,
    layer_outputs,
)


@pytest.fixture(scope="module")
def images(sample):
    return sample.X_train[:200], sample.y_train[:200]


@pytest.fixture(scope="module")
def fitted(images):
    return quick().fit(*images)


def encode(clf, X):
    return ImageEncoder(FrozenEstimator(clf)).fit(X).transform(X)


EXPLAIN = [grad_cam, feature_maps, encode, lambda clf, X: first_layer_filters(clf)]


@pytest.mark.parametrize("explain", EXPLAIN)
def test_nothing_is_built_twice(images, fitted, explain):
    import keras

    X, _ = images
    explain(fitted, X[:3])
    # Keras numbers the layers of a process.
    before = keras.layers.Flatten().name
    for clf in fitted, pickle.loads(pickle.dumps(fitted)):
        for n_images in 1, 2, 5:
            explain(clf, X[:n_images])
    names = before.rsplit("_", 1)
    number = int(names[1]) if len(names) == 2 else 0
    assert keras.layers.Flatten().name == f"flatten_{number + 1}"


def test_equal_networks_share_their_graphs(images, fitted):
    X, y = images
    again = clone(fitted).set_params(random_state=1, dropout=0.5).fit(X, y)
    assert layer_outputs(again._fitted).graphs is layer_outputs(fitted._fitted).graphs
    other = clone(fitted).set_params(filters=4).fit(X, y)
    assert (
        layer_outputs(other._fitted).graphs is not layer_outputs(fitted._fitted).graphs
    )
    # The weights are still those of the estimator.
    assert (encode(again, X) != encode(fitted, X)).any()


@pytest.mark.parametrize("explain", EXPLAIN)
def test_a_refit_is_noticed(images, explain):
    X, y = images
    clf = quick(epochs=1).fit(X, y)
    explain(clf, X[:3])
    clf.set_params(random_state=1).fit(X, y)
    fresh = quick(epochs=1, random_state=1).fit(X, y)
    for found, expected in zip(explain(clf, X[:3]), explain(fresh, X[:3]), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_what_is_kept_is_not_in_the_estimator(images):
    clf = quick(epochs=1).fit(*images)
    before = pickle.dumps(clf)
    grad_cam(clf, images[0][:3])
    assert pickle.dumps(clf) == before


def test_what_is_kept_goes_with_the_estimator(images):
    clf = quick(epochs=1).fit(*images)
    feature_maps(clf, images[0][:1])
    kept = weakref.ref(layer_outputs(clf._fitted))
    assert kept() is not None
    del clf
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize("explain", EXPLAIN)
def test_threads(images, fitted, explain):
    X, y = images
    alone = explain(fitted, X[:20])
    # A network that no other test uses, so that both threads build its graphs.
    fresh = quick(filters=3, epochs=1).fit(X, y)
    start = threading.Barrier(2)

    def at_once(clf):
        start.wait(60)
        return [explain(clf, X[:20]) for _ in range(3)]

    with ThreadPoolExecutor(2) as pool:
        for clf in fitted, fresh:
            for results in pool.map(at_once, [clf, clf]):
                for result in results:
                    expected = alone if clf is fitted else explain(fresh, X[:20])
                    for a, b in zip(result, expected, strict=True):
                        np.testing.assert_array_equal(a, b)


def test_an_explanation_during_a_refit_is_that_of_one_network(images):
    """It uses the old or the new network, whose classes and images differ."""
    X, y = images
    clf = quick(epochs=1).fit(X, y)
    new = quick(epochs=1).fit(X, y + 100)
    expected = [encode(clf, X[:5]), encode(new, X[:5])]
    heat = [grad_cam(clf, X[:5]), grad_cam(new, X[:5])]
    stop = threading.Event()

    def refit():
        while not stop.is_set():
            clf.fit(X, y + 100)
            clf.fit(X, y)

    with ThreadPoolExecutor(1) as pool:
        refitting = pool.submit(refit)
        for _ in range(20):
            found = grad_cam(clf, X[:5])
            assert any(np.array_equal(found, h) for h in heat)
            found = encode(clf, X[:5])
            assert any(np.array_equal(found, e) for e in expected)
        stop.set()
        refitting.result()


def test_an_image_does_not_depend_on_its_batch(images):
    X, y = images
    clf = quick(architecture="standard", filters=4, dense_units=8).fit(X, y)
    together = encode(clf, X)
    for n_images in 1, 2, 7:
        np.testing.assert_array_equal(encode(clf, X[:n_images]), together[:n_images])
    for whole, part in zip(
        feature_maps(clf, X[:9]), feature_maps(clf, X[:1]), strict=True
    ):
        np.testing.assert_array_equal(part, whole[:1])


def test_dtypes_of_images(images):
    X, y = images
    clf = quick().fit(X, y)
    expected = encode(clf, X[:5])
    assert expected.dtype == np.float32
    for dtype in np.float64, np.float32, np.float16, np.int16, np.int64:
        np.testing.assert_array_equal(encode(clf, X[:5].astype(dtype)), expected)


def test_large_images_are_computed_a_few_at_a_time(images):
    rng = np.random.default_rng(0)
    X = rng.integers(256, size=(4, 224, 224, 3), dtype=np.uint8)
    clf = quick(architecture="resnet", filters=(8, 4, 4), epochs=1).fit(X, [0, 1] * 2)
    large = layer_outputs(clf._fitted).graphs
    small = layer_outputs(quick(epochs=1).fit(*images)._fitted).graphs

    def n_rows(graphs):
        gradients = graphs.gradients(graphs.blocks[0].output)
        traced = graphs.features("avg"), graphs.maps(), gradients
        return [rows_per_call(graph.bytes_per_image) for graph in traced]

    assert n_rows(small) == [512, 512, 512]
    features, maps, gradients = n_rows(large)
    # A gradient keeps the activations of all layers, features those of two at a time.
    assert 1 <= gradients < maps <= features < 512


PEAK = """
import json, resource, sys
import numpy as np
from sklearn.frozen import FrozenEstimator
from fmnist_sk import FashionCNNClassifier, ImageEncoder
from fmnist_sk.inspection import grad_cam

X = np.random.default_rng(0).integers(256, size=(256, 192, 192), dtype=np.uint8)
clf = FashionCNNClassifier(
    architecture="resnet", filters=(16, 8, 8), epochs=1, tta=None, random_state=0
)
clf.fit(X[:8], [0, 1] * 4)
encoder = ImageEncoder(FrozenEstimator(clf)).fit(X[:8])

def explain(n_images):
    encoder.transform(X[:n_images])
    grad_cam(clf, X[:n_images], target=0, layer=0)

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

explain(8)
before = peak()
explain(256)
print(json.dumps(peak() - before))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_peak_of_memory_for_large_images():
    # All 256 images at once take 3600 MiB.
    assert run_python(PEAK) < 1500


REPEATED = """
import json
import psutil
from sklearn.frozen import FrozenEstimator
from fmnist_sk import FashionCNNClassifier, ImageEncoder, load_fashion_mnist_sample
from fmnist_sk.inspection import grad_cam

X, y = load_fashion_mnist_sample(return_X_y=True)
clf = FashionCNNClassifier(architecture="compact", epochs=1, random_state=0)
encoder = ImageEncoder(FrozenEstimator(clf.fit(X[:64], y[:64]))).fit(X[:1])

def explain(times):
    for _ in range(times):
        encoder.transform(X[:1])
        grad_cam(clf, X[:1])
    return psutil.Process().memory_info().rss / 2**20

explain(100)
print(json.dumps(-explain(1) + explain(300)))
"""


def test_repeated_calls_keep_no_memory():
    pytest.importorskip("psutil")
    assert run_python(REPEATED) < 15  # 1.7 MB a call where models are built
