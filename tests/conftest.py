"""Data for every test module."""

import hashlib
import signal

import numpy as np
import pytest
from _idx_files import idx
from sklearn.datasets import load_digits
from sklearn.utils import Bunch

from fmnist_sk import fetch_fashion_mnist, load_fashion_mnist_sample
from fmnist_sk.datasets import _files


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
    """Arrays X_train, y_train (3,000 images), X_test, y_test (1,000), in the package.

    Read-only. Images are rows of 784 uint8, labels int64; the order is random.
    """
    return _read_only(load_fashion_mnist_sample, 3000, 1000)


@pytest.fixture(scope="session")
def fashion_mnist():
    """Arrays X_train, y_train (6,000 images), X_test, y_test (2,000), of the real set.

    Read-only, the first images of the files. Where the set is not installed, the
    tests that ask for it are skipped.
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
    """Let Ctrl-C reach this process and new ones, in a background job as well."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """A data set of 30 images in place of the real one, and an empty machine."""
    rng = np.random.default_rng(0)
    contents = {}
    for part, n_images in (("train", 20), ("test", 10)):
        arrays = (
            rng.integers(256, size=(n_images, 28, 28), dtype=np.uint8),
            np.arange(n_images, dtype=np.uint8) % 10,
        )
        tiny_files = []
        for file, array in zip(_files.FILES[part], arrays, strict=True):
            content = contents[file.name] = idx(array)
            digest = hashlib.sha256(content).hexdigest()
            tiny_files.append(_files.IdxFile(file.name, array.shape, digest))
        monkeypatch.setitem(_files.FILES, part, tuple(tiny_files))
    monkeypatch.setattr(_files, "DEBIAN_HOME", str(tmp_path / "debian"))
    monkeypatch.setattr(_files, "MIRRORS", ("http://127.0.0.1:9/",))  # refuses
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "sklearn"))
    monkeypatch.delenv("FMNIST_SK_DATA", raising=False)
    return contents
