"""Reading rows of memory-mapped arrays, and releasing their memory."""

import sys

import numpy as np
import psutil
import pytest
from numpy.testing import assert_array_equal

from fmnist_sk import FashionCNNClassifier
from fmnist_sk._images import read_rows


@pytest.fixture
def path(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "X.npy", rng.integers(256, size=(6000, 784), dtype=np.uint8))
    return tmp_path / "X.npy"


@pytest.mark.parametrize("mode", [None, "r", "r+", "c"])
@pytest.mark.parametrize(
    "rows", [slice(3, 9), np.arange(5999, -1, -2), np.array([], int)]
)
def test_the_rows_are_those_of_the_file(path, mode, rows):
    expected = np.load(path)[rows]
    X = np.load(path, mmap_mode=mode)
    for array in X, np.asarray(X), X[:, :]:
        assert_array_equal(read_rows(array, rows), expected)
        assert_array_equal(read_rows(array, rows), expected)


@pytest.mark.parametrize("mode", ["r+", "c"])
def test_changes_to_a_mapped_array_are_not_lost(path, mode):
    X = np.load(path, mmap_mode=mode)
    X[7] = 99
    assert (read_rows(X, np.array([7])) == 99).all()
    assert (read_rows(X, slice(7, 8)) == 99).all()
    assert (X[7] == 99).all()


@pytest.mark.skipif(sys.platform != "linux", reason="gives pages back as Linux does")
def test_what_was_read_does_not_stay_in_memory(tmp_path):
    n = 300_000  # 235 MB
    X = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.uint8, (n, 784))
    X[::5] = 1
    del X
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    order = np.random.default_rng(0).permutation(n)[: n // 2]
    process = psutil.Process()
    before = process.memory_info().rss
    for first in range(0, len(order), 8192):
        read_rows(X, order[first : first + 8192])
    assert process.memory_info().rss - before < 80 * 2**20


def test_the_same_model_from_a_file_as_from_memory(path):
    y = np.arange(6000) % 3
    small = {"architecture": "compact", "filters": 2, "epochs": 1, "random_state": 0}
    mapped = FashionCNNClassifier(**small).fit(np.load(path, mmap_mode="r"), y)
    loaded = FashionCNNClassifier(**small).fit(np.load(path), y)
    X = np.load(path)[:50]
    assert_array_equal(mapped.predict_proba(X), loaded.predict_proba(X))
