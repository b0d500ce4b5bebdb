"""Memory and time of repeated fits and of single predictions."""

import statistics
import time
import tracemalloc

import numpy as np
import pytest
from _processes import run_python

from fmnist_sk import FashionCNNClassifier

FIT_REPEATEDLY = """
import gc, json, time
import psutil
from sklearn.base import clone
from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample

X, y = load_fashion_mnist_sample(subset="train", return_X_y=True)
X, y = X[:100], y[:100]
model = FashionCNNClassifier(epochs=1, random_state=0)
seconds = []

def memory():
    gc.collect()
    return psutil.Process().memory_info().rss / 2**20

def fit(n_fits):
    for seed in range(n_fits):
        start = time.perf_counter()
        clone(model).set_params(random_state=seed).fit(X, y).predict(X)
        seconds.append(time.perf_counter() - start)

fit(10)
before = memory()
fit(60)
print(json.dumps({"growth": (memory() - before) / 60, "seconds": seconds[10:]}))
"""


@pytest.fixture(scope="module")
def repeated():
    """What 60 fits of the same shape take, after 10 for warming up."""
    return run_python(FIT_REPEATEDLY)


def test_repeated_fits_leave_no_memory_behind(repeated):
    assert repeated["growth"] <= 0.5  # MB a fit


def test_a_repeated_fit_of_a_hundred_images_is_quick(repeated):
    seconds = np.reshape(repeated["seconds"], (3, 20))
    assert min(np.median(seconds, axis=1)) <= 0.15


def test_predicting_one_image_takes_a_millisecond(sample):
    model = FashionCNNClassifier(epochs=1, random_state=0)
    model.fit(sample.X_train[:100], sample.y_train[:100])
    image, medians = sample.X_test[:1], []
    while not medians or (medians[-1] > 1e-3 and len(medians) < 10):
        seconds = []
        for _ in range(200):
            start = time.perf_counter()
            model.predict(image)
            seconds.append(time.perf_counter() - start)
        medians.append(statistics.median(seconds))
    assert min(medians) <= 1e-3, medians


def build_mean(image_shape, n_classes):
    """A network that costs nothing, so that a large array is trained on quickly."""
    import keras

    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.AveragePooling2D(image_shape[:2]),
            keras.layers.Flatten(),
            keras.layers.Dense(n_classes),
        ]
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_memory_mapped_array_is_not_copied(dtype, tmp_path):
    n_rows = 2**29 // (784 * np.dtype(dtype).itemsize)
    X = np.memmap(tmp_path / "X", dtype=dtype, mode="w+", shape=(n_rows, 784))
    y = np.arange(n_rows) % 2
    model = FashionCNNClassifier(
        architecture=build_mean, epochs=1, batch_size=2048, random_state=0
    )
    model.fit(X[:4096], y[:4096]).predict(X[:10])  # traces the graphs
    tracemalloc.start()
    try:
        model.fit(X, y)
        fitting = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        model.predict(X)
        predicting = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert fitting < X.nbytes / 2
    assert predicting < X.nbytes / 4
