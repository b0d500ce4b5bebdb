"""Memory of repeated fits and of fits of memory-mapped arrays."""

import tracemalloc

import numpy as np
import pytest
from _processes import run_python

from fmnist_sk import FashionCNNClassifier

FIT_REPEATEDLY = """
import gc, json
import psutil
from sklearn.base import clone
from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample

X, y = load_fashion_mnist_sample(subset="train", return_X_y=True)
X, y = X[:100], y[:100]
model = FashionCNNClassifier(epochs=1, random_state=0)

def memory():
    gc.collect()
    return psutil.Process().memory_info().rss / 2**20

def fit(n_fits):
    for seed in range(n_fits):
        clone(model).set_params(random_state=seed).fit(X, y).predict(X)

fit(10)
before = memory()
fit(40)
print(json.dumps((memory() - before) / 40))
"""


def test_repeated_fits_leave_no_memory_behind():
    assert run_python(FIT_REPEATEDLY) <= 0.5  # MB per fit


def build_mean(image_shape, n_classes):
    """Build a network that trains quickly on a large array."""
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
    n_rows = 2**28 // (784 * np.dtype(dtype).itemsize)
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
