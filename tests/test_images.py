"""Arrays of images: stacks, rows, and the shape of one image."""

import numpy as np
import pandas as pd
import pytest
import scipy
from numpy.testing import assert_array_equal
from scipy.sparse import coo_array, csr_array
from sklearn.utils.fixes import parse_version

from fmnist_sk._images import (
    carried_image_shape,
    check_image_shape,
    flatten_images,
    infer_image_shape,
)


class Convertible:
    """Object that can be converted to an array and has no other array method."""

    def __init__(self, array):
        self.array, self.n_conversions = array, 0

    def __array__(self, dtype=None, copy=None):
        self.n_conversions += 1
        return np.asarray(self.array, dtype=dtype)


class Labelled(Convertible):
    """Labelled array with a shape but without `reshape`, as in xarray."""

    attrs: dict = {"image_shape": (1, 2)}  # noqa: RUF012
    ndim = property(lambda self: self.array.ndim)
    shape = property(lambda self: self.array.shape)
    dtype = property(lambda self: self.array.dtype)

    def __len__(self):
        return len(self.array)


def tensor(array):
    import tensorflow as tf

    return tf.constant(array)


@pytest.mark.parametrize("convert", [Convertible, Labelled, tensor, memoryview])
@pytest.mark.parametrize("shape", [(3, 8), (3, 2, 4), (3, 2, 2, 2)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_objects_that_numpy_converts_are_read_as_arrays(convert, shape, dtype):
    array = np.arange(24, dtype=dtype).reshape(shape)
    given = convert(array)
    rows, stack = flatten_images(given)
    assert_array_equal(rows, array.reshape(3, 8))
    assert isinstance(rows, np.ndarray)
    assert rows.dtype == dtype
    assert stack == (shape if len(shape) > 2 else None)
    assert getattr(given, "n_conversions", 1) == 1


def test_a_stack_becomes_rows_of_the_same_memory():
    images = np.zeros((3, 2, 4))
    rows, shape = flatten_images(images)
    assert shape == (3, 2, 4)
    assert rows.shape == (3, 8)
    assert np.shares_memory(rows, images)


@pytest.mark.parametrize("kind", [list, tuple])
def test_sequences_of_images_are_a_stack(kind):
    rows, shape = flatten_images(kind(np.ones((3, 2, 4))))
    assert shape == (3, 2, 4)
    assert_array_equal(rows, np.ones((3, 8)))


@pytest.mark.parametrize(
    "X",
    [
        np.ones((2, 4)),
        np.ones(4),
        np.ones((2, 2, 2, 2, 2)),
        pd.DataFrame(np.ones((2, 4))),
        pd.Series([1, 2]),
        csr_array(np.eye(4)),
        [[1, 2], [3]],
        [[1, 2], [3, 4]],
        "images",
        {"images": 1},
        None,
    ],
    ids=lambda X: type(X).__name__,
)
def test_everything_else_stays_as_it_is(X):
    rows, shape = flatten_images(X)
    assert rows is X
    assert shape is None


def test_a_stack_of_images_without_pixels_is_refused():
    with pytest.raises(ValueError, match=r"0 feature\(s\) \(shape=\(3, 0, 5\)\)"):
        flatten_images(np.zeros((3, 0, 5)))


@pytest.mark.skipif(
    parse_version(scipy.__version__) < parse_version("1.15"), reason="SciPy 1.15"
)
def test_a_sparse_stack_is_left_to_scikit_learn():
    stack = coo_array(np.ones((2, 2, 2)))
    rows, _ = flatten_images(stack)
    assert rows.shape == (2, 4)
    assert type(rows) is type(stack)


# The shape of one image


@pytest.mark.parametrize(
    ("X_shape", "given", "shape"),
    [
        ((5, 784), None, (28, 28, 1)),
        ((5, 10), None, (1, 10, 1)),
        ((5, 784), (14, 56), (14, 56, 1)),
        ((5, 3072), [32, 32, 3], (32, 32, 3)),
        ((5, 4, 6), None, (4, 6, 1)),
        ((5, 4, 6, 3), None, (4, 6, 3)),
        ((5, 4, 6, 3), (4, 6, 3), (4, 6, 3)),
    ],
)
def test_shape_of_one_image(X_shape, given, shape):
    assert infer_image_shape(X_shape, given) == shape


@pytest.mark.parametrize(
    "shape", [(28,), (28, 28, 1, 1), (28, 28.0), (0, 28), (-28, -28), ("28", "28")]
)
def test_impossible_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="with positive integers"):
        check_image_shape(shape)


def test_a_shape_is_plain_integers():
    shape = check_image_shape(np.array([4, 6]))
    assert shape == (4, 6, 1)
    assert {type(size) for size in shape} == {int}


def test_a_shape_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="requires 27 features, but X has 25"):
        infer_image_shape((7, 25), (3, 9))


@pytest.mark.parametrize("value", [(4, 6), [4, 6, 1], np.array([4, 6])])
def test_a_frame_carries_the_shape(value):
    frame = pd.DataFrame(np.ones((5, 24)))
    assert carried_image_shape(frame) is None
    frame.attrs["image_shape"] = value
    assert carried_image_shape(frame) == (4, 6, 1)


@pytest.mark.parametrize("value", ["4 x 6", 24, (24,), None, (4.0, 6.0)])
def test_another_meaning_of_the_attribute_is_ignored(value):
    frame = pd.DataFrame(np.ones((5, 24)))
    frame.attrs["image_shape"] = value
    assert carried_image_shape(frame) is None


def test_only_frames_carry_a_shape():
    assert carried_image_shape(Labelled(np.ones((3, 2)))) is None
    assert carried_image_shape(np.ones((3, 2))) is None
