"""Fixtures with data for all test modules."""

import dataclasses
import hashlib
import os
import signal

# Each test process uses its share of the cores, like joblib's workers. Otherwise every
# process starts a thread per core for OpenMP and OpenBLAS, whose threads wait for each
# other actively: t-SNE in an example then takes seven times the processor time. These
# libraries read the variables when they are imported, so the imports follow below.
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    n_threads = (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for variable in "OMP_NUM_THREADS", "TF_NUM_INTEROP_THREADS":
        os.environ.setdefault(variable, str(max(1, n_threads)))

import numpy as np
import pytest
from _idx_files import idx
from sklearn.datasets import load_digits
from sklearn.utils import Bunch

from fmnist_sk import fetch_fashion_mnist, load_fashion_mnist_sample
from fmnist_sk.datasets import IdxFile, _fashion_mnist


def _read_only(load, n_train, n_test, **kwargs):
    data = Bunch()
    for part, n_images in (("train", n_train), ("test", n_test)):
        X, y = load(subset=part, return_X_y=True, **kwargs)
        for name, array in (("X", X), ("y", y)):
            kept = data[f"{name}_{part}"] = array[:n_images].copy()
            kept.flags.writeable = False
    return data


@pytest.fixture(scope="session")
def sample():
    """Sample in the package: X_train, y_train (3,000 images), X_test, y_test (1,000).

    Read-only. Images are rows of 784 uint8 values and labels int64, in random order.
    """
    return _read_only(load_fashion_mnist_sample, 3000, 1000)


@pytest.fixture(scope="session")
def fashion_mnist():
    """Real data set: X_train, y_train (6,000 images), X_test, y_test (2,000).

    Read-only: the first images of the files. Tests of this fixture are skipped if the
    data set is not installed, so use `sample` except in tests of the data set itself.
    """
    try:
        return _read_only(fetch_fashion_mnist, 6000, 2000, download_if_missing=False)
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def digits():
    """Six hundred digits of 8 × 8 pixels and their labels, read-only."""
    X, y = load_digits(return_X_y=True)
    X, y = X[:600], y[:600]
    X.flags.writeable = y.flags.writeable = False
    return X, y


@pytest.fixture
def ctrl_c():
    """Let Ctrl-C reach this process and its children, even in a background job."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Replace Fashion-MNIST by a data set of 30 images that is in none of the folders.

    Returns the contents of its four files.
    """
    rng = np.random.default_rng(0)
    contents, files = {}, {}
    for part, n_images in (("train", 20), ("test", 10)):
        arrays = (
            rng.integers(256, size=(n_images, 28, 28), dtype=np.uint8),
            np.arange(n_images, dtype=np.uint8) % 10,
        )
        real_files = getattr(_fashion_mnist.FASHION_MNIST, part)
        tiny_files = []
        for file, array in zip(real_files, arrays, strict=True):
            content = contents[file.name] = idx(array)
            digest = hashlib.sha256(content).hexdigest()
            tiny_files.append(IdxFile(file.name, array.shape, digest))
        files[part] = tuple(tiny_files)
    dataset = dataclasses.replace(
        _fashion_mnist.FASHION_MNIST,
        **files,
        debian_folder=str(tmp_path / "debian"),
        mirrors=("http://127.0.0.1:9/",),  # refuses connections
    )
    monkeypatch.setattr(_fashion_mnist, "FASHION_MNIST", dataset)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "sklearn"))
    monkeypatch.delenv("FMNIST_SK_DATA", raising=False)
    return contents
