"""Fashion-MNIST and its sample: contents and return values."""

import hashlib
import runpy
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from _idx_files import put

from fmnist_sk import CLASS_NAMES, fetch_fashion_mnist, load_fashion_mnist_sample
from fmnist_sk._compat import InvalidParameterError
from fmnist_sk.datasets import _fashion_mnist

ROOT = Path(__file__).parent.parent

# The real data set and the sample


@pytest.mark.parametrize(
    ("subset", "n_per_class"), [("train", 6000), ("test", 1000), ("all", 7000)]
)
@pytest.mark.usefixtures("fashion_mnist")
def test_real_set_is_whole(subset, n_per_class):
    fashion = fetch_fashion_mnist(subset=subset, download_if_missing=False)
    n_images = 10 * n_per_class
    assert fashion.data.shape == (n_images, 784)
    assert fashion.images.shape == (n_images, 28, 28)
    assert np.bincount(fashion.target).tolist() == [n_per_class] * 10


@pytest.mark.usefixtures("fashion_mnist")
def test_all_is_train_then_test():
    X, y = fetch_fashion_mnist(subset="all", return_X_y=True)
    X_train, y_train = fetch_fashion_mnist(return_X_y=True)
    X_test, y_test = fetch_fashion_mnist(subset="test", return_X_y=True)
    np.testing.assert_array_equal(X[:60_000], X_train)
    np.testing.assert_array_equal(X[60_000:], X_test)
    np.testing.assert_array_equal(y, np.r_[y_train, y_test])


def test_known_first_labels(fashion_mnist):
    assert fashion_mnist.y_train[:5].tolist() == [9, 0, 0, 3, 0]
    assert [CLASS_NAMES[label] for label in fashion_mnist.y_test[:3]] == [
        "Ankle boot",
        "Pullover",
        "Trouser",
    ]


@pytest.mark.parametrize(
    ("subset", "n_per_class"), [("train", 300), ("test", 100), ("all", 400)]
)
def test_sample_is_balanced(subset, n_per_class):
    sample = load_fashion_mnist_sample(subset=subset)
    assert sample.data.shape == (10 * n_per_class, 784)
    assert np.bincount(sample.target).tolist() == [n_per_class] * 10


def test_sample_is_shuffled(sample):
    assert len(set(sample.y_train[:100])) == 10


def sample_file():
    return resources.files("fmnist_sk") / "_data" / "fashion_mnist_sample.npz"


def test_sample_file_is_small_and_unaltered():
    content = sample_file().read_bytes()
    assert len(content) <= 3_000_000
    assert hashlib.sha256(content).hexdigest() == (
        "cbd0497c9a2d5f3c76ac5bd8a9ca9544847c9cd82481c5c09a2e2d631db8bf95"
    )


@pytest.mark.usefixtures("fashion_mnist")
def test_sample_can_be_made_again():
    make_sample = runpy.run_path(str(ROOT / "examples" / "make_sample.py"))
    made = make_sample["make_sample"]()
    with np.load(sample_file(), allow_pickle=False) as shipped:
        assert set(shipped) == set(made)
        for name, array in made.items():
            assert array.dtype == shipped[name].dtype
            np.testing.assert_array_equal(array, shipped[name])


@pytest.mark.usefixtures("fashion_mnist")
@pytest.mark.parametrize("part", ["train", "test"])
def test_sample_comes_from_its_part(part):
    fashion = fetch_fashion_mnist(subset=part)
    sample = load_fashion_mnist_sample(subset=part)
    with np.load(sample_file(), allow_pickle=False) as shipped:
        index = shipped[f"{part}_index"]
    assert len(np.unique(index)) == len(sample.data)
    np.testing.assert_array_equal(sample.data, fashion.data[index])
    np.testing.assert_array_equal(sample.target, fashion.target[index])


# The Bunch


@pytest.fixture(params=["fetch", "sample"])
def loader(request):
    if request.param == "sample":
        return load_fashion_mnist_sample
    put(
        request.getfixturevalue("tiny"),
        Path(_fashion_mnist.FASHION_MNIST.debian_folder),
    )
    return fetch_fashion_mnist


@pytest.mark.parametrize("subset", ["train", "test", "all"])
def test_bunch(loader, subset):
    bunch = loader(subset=subset)
    assert set(bunch) == {
        *("data", "target", "frame", "images"),
        *("feature_names", "target_names", "DESCR"),
    }
    assert bunch.data.dtype == bunch.images.dtype == np.uint8
    assert bunch.target.dtype == np.int64
    assert len(bunch.target) == len(bunch.data)
    assert bunch.data.flags.c_contiguous
    assert np.shares_memory(bunch.data, bunch.images)
    np.testing.assert_array_equal(bunch.images.reshape(-1, 784), bunch.data)
    assert bunch.frame is None
    assert tuple(bunch.target_names) == CLASS_NAMES
    assert "1708.07747" in bunch.DESCR
    assert "MIT" in bunch.DESCR


def test_feature_names_go_row_by_row(loader):
    bunch = loader()
    bunch.images[0, 3, 5] = 77
    assert bunch.data[0, bunch.feature_names.index("pixel_3_5")] == 77
    assert len(set(bunch.feature_names)) == 784


def test_return_X_y(loader):
    X, y = loader(return_X_y=True)
    bunch = loader()
    np.testing.assert_array_equal(X, bunch.data)
    np.testing.assert_array_equal(y, bunch.target)


def test_as_frame(loader):
    arrays, bunch = loader(), loader(as_frame=True)
    pd.testing.assert_frame_equal(
        bunch.data, pd.DataFrame(arrays.data, columns=arrays.feature_names)
    )
    pd.testing.assert_series_equal(
        bunch.target, pd.Series(arrays.target, name="target")
    )
    pd.testing.assert_frame_equal(
        bunch.frame, arrays_frame := bunch.data.assign(target=bunch.target)
    )
    assert arrays_frame.shape == (len(arrays.data), 785)
    np.testing.assert_array_equal(bunch.images, arrays.images)


def test_as_frame_return_X_y(loader):
    X, y = loader(as_frame=True, return_X_y=True)
    bunch = loader(as_frame=True)
    pd.testing.assert_frame_equal(X, bunch.data)
    pd.testing.assert_series_equal(y, bunch.target)


def test_arrays_are_the_callers_own(loader):
    first = loader()
    expected = first.data.copy()
    first.data[:] = 0
    first.target[:] = 0
    second = loader()
    np.testing.assert_array_equal(second.data, expected)
    assert second.target.any()


@pytest.mark.parametrize(
    "params", [{"subset": "validation"}, {"as_frame": "yes"}, {"return_X_y": 2}]
)
def test_wrong_parameter(loader, params):
    with pytest.raises(InvalidParameterError, match=next(iter(params))):
        loader(**params)


@pytest.mark.parametrize(
    "params", [{"n_retries": -1}, {"delay": -1.0}, {"data_home": 3}]
)
def test_wrong_fetch_parameter(params):
    with pytest.raises(InvalidParameterError, match=next(iter(params))):
        fetch_fashion_mnist(**params)


def test_loading_imports_nothing_heavy():
    code = (
        "import sys, fmnist_sk; fmnist_sk.load_fashion_mnist_sample();"
        "print({'tensorflow', 'keras', 'scikeras', 'matplotlib'} & set(sys.modules))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert out.stdout.strip() == "set()", out.stderr
