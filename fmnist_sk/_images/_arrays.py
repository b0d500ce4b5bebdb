"""Shapes and dtypes of image arrays, in pure NumPy.

Inside the package, images are rows of shape `(n_images, height * width * channels)`, as
in scikit-learn. The shape of one image is kept beside them as a tuple
`(height, width, channels)`.
"""

import math
from numbers import Integral

import numpy as np

from ._tables import is_table, table_dtype

# `validate_data` keeps these dtypes and converts any other one (int64, bool, object) to
# the first.
PIXEL_DTYPES = (
    np.float64,
    np.float32,
    np.float16,
    np.uint8,
    np.int8,
    np.uint16,
    np.int16,
)

# Key of the image shape in the `attrs` of a pandas DataFrame.
IMAGE_SHAPE_ATTRIBUTE = "image_shape"


def flatten_images(X):
    """Return stacks of images as rows, and anything else as an array or as it is.

    Parameters
    ----------
    X : array-like
        Images of shape `(n, height, width)` or `(n, height, width, channels)`, rows, a
        DataFrame, a sparse matrix or any object that NumPy can convert.

    Returns
    -------
    rows : array-like
        Array of shape `(n, height * width * channels)` if `X` is a stack of images, a
        view where possible. DataFrames, sparse matrices and objects that NumPy cannot
        convert are returned unchanged, because scikit-learn's `check_array` reads or
        rejects them.
    shape : tuple of int or None
        Shape of the stack of images, or None if `X` is not a stack.

    Raises
    ------
    ValueError
        If the images of a stack have no pixels.
    TypeError
        If `X` is a LazyFrame of polars.
    """
    X = _convert(X)
    if getattr(X, "ndim", 0) not in (3, 4) or not hasattr(X, "reshape"):
        return X, None
    if 0 in X.shape[1:]:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 is "
            "required."
        )
    return X.reshape(X.shape[0], math.prod(X.shape[1:])), X.shape


def _convert(X):
    """Convert tensors, labelled arrays and nested sequences to NumPy, once."""
    if hasattr(type(X), "collect_schema") and not hasattr(X, "to_numpy"):
        raise TypeError(
            f"X is a {type(X).__name__}, which contains no data yet. Pass X.collect()."
        )
    if isinstance(X, np.ndarray):
        # scikit-learn would convert float32 of another byte order to float64.
        return X.astype(X.dtype.newbyteorder("="), copy=False)
    if is_table(X):
        return X
    try:
        array = np.asarray(X)
    except ValueError:  # ragged: check_array raises a better message
        return X
    if isinstance(X, (list, tuple)):
        # check_array converts rows itself, straight to the dtype it wants.
        return array if array.ndim > 2 else X
    # A sparse matrix, like any other object that is not an array, becomes a 0-D array.
    return array if array.ndim or hasattr(X, "__array__") else X


def pixel_dtypes(X):
    """Return the dtypes of images that scikit-learn's checks shall not convert.

    Parameters
    ----------
    X : array-like
        Images.

    Returns
    -------
    dtypes : dtype or tuple of dtypes
        Argument `dtype` of `check_array` and `validate_data`: the dtype of the columns
        of a DataFrame, see `table_dtype`, or else `PIXEL_DTYPES`.
    """
    dtype = table_dtype(X)
    return dtype if dtype in PIXEL_DTYPES else PIXEL_DTYPES


def carried_image_shape(X):
    """Return the shape of one image that a DataFrame carries in its `attrs`.

    A DataFrame holds images as rows. The transformers of this package therefore note
    the shape of the images in `attrs["image_shape"]`, which pandas keeps when rows are
    selected.

    Parameters
    ----------
    X : object
        Any object. Only pandas DataFrames have `attrs`.

    Returns
    -------
    image_shape : tuple of int or None
        Shape `(height, width, channels)`, or None if `X` carries no valid shape.
    """
    if not is_table(X):
        return None
    try:
        return check_image_shape(X.attrs[IMAGE_SHAPE_ATTRIBUTE])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def check_image_shape(image_shape):
    """Check a shape given by the user and complete it to three dimensions.

    Parameters
    ----------
    image_shape : sequence of int
        Shape `(height, width)` or `(height, width, channels)`.

    Returns
    -------
    image_shape : tuple of int
        Shape `(height, width, channels)`, with one channel if the user gave none.

    Raises
    ------
    ValueError
        If `image_shape` does not hold two or three positive integers.
    """
    shape = tuple(image_shape)
    if len(shape) not in (2, 3) or not all(
        isinstance(size, Integral) and size > 0 for size in shape
    ):
        raise ValueError(
            "The 'image_shape' parameter must be (height, width) or (height, width, "
            f"channels), with positive integers. Got {image_shape!r} instead."
        )
    return tuple(int(size) for size in (*shape, 1)[:3])


def infer_image_shape(X_shape, image_shape=None):
    """Return the shape of one image, given the shape of the data.

    Parameters
    ----------
    X_shape : tuple of int
        Shape of the data, with 2, 3 or 4 dimensions.
    image_shape : sequence of int, default=None
        Shape given by the user, which must fit the data. By default, the dimensions of
        a stack are those of its images, a row with a square number of values is a
        square grey image, and any other row is an image of height 1.

    Returns
    -------
    image_shape : tuple of int
        Shape `(height, width, channels)`.

    Raises
    ------
    ValueError
        If `image_shape` is invalid or does not fit the data.
    """
    n_features = math.prod(X_shape[1:])
    if image_shape is not None:
        shape = check_image_shape(image_shape)
        if math.prod(shape) != n_features:
            raise ValueError(
                f"image_shape={tuple(image_shape)} requires {math.prod(shape)} "
                f"features, but X has {n_features} features."
            )
        return shape
    if len(X_shape) > 2:
        return (*X_shape[1:], 1)[:3]
    side = math.isqrt(n_features)
    return (side, side, 1) if side * side == n_features else (1, n_features, 1)
