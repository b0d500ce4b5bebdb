"""Shapes, dtypes and ranges of image arrays, in pure NumPy.

Inside the package images are rows, `(n_images, height * width * channels)`, as
scikit-learn has them, together with one `image_shape`, always a tuple
`(height, width, channels)`.
"""

import math
from numbers import Integral

import numpy as np

# Kept as they are by `validate_data`; anything else (int64, bool, object of
# numbers) becomes the first of them.
PIXEL_DTYPES = (
    np.float64,
    np.float32,
    np.float16,
    np.uint8,
    np.int8,
    np.uint16,
    np.int16,
)


def flatten_images(X):
    """Give 3-D and 4-D images as rows; leave anything else to `check_array`.

    Parameters
    ----------
    X : array-like
        Images of shape `(n, height, width)` or `(n, height, width, channels)`,
        or what is no stack of images: rows, a DataFrame, a sparse matrix.

    Returns
    -------
    X : array-like
        Of shape `(n, height * width * channels)`, a view where NumPy can, or
        the input itself.
    """
    if isinstance(X, (list, tuple)):
        try:
            array = np.asarray(X)
        except ValueError:  # ragged: check_array has the words for it
            return X
        X = array if array.ndim > 2 else X
    if getattr(X, "ndim", 0) in (3, 4) and hasattr(X, "reshape"):
        if 0 in X.shape[1:]:
            raise ValueError(
                f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 "
                "is required."
            )
        return X.reshape(len(X), math.prod(X.shape[1:]))
    return X


def check_image_shape(image_shape):
    """Turn a user's `(height, width)` or `(height, width, channels)` into a triple.

    Parameters
    ----------
    image_shape : sequence of int
        Two or three positive integers.

    Returns
    -------
    image_shape : tuple of int
        `(height, width, channels)`.
    """
    shape = tuple(image_shape)
    if len(shape) not in (2, 3) or not all(
        isinstance(size, Integral) and size > 0 for size in shape
    ):
        raise ValueError(
            "image_shape must be (height, width) or (height, width, channels), all "
            f"positive integers. Got {image_shape!r} instead."
        )
    return tuple(int(size) for size in (*shape, 1)[:3])


def infer_image_shape(X_shape, image_shape=None):
    """Tell the shape of one image from the shape of the data.

    Parameters
    ----------
    X_shape : tuple of int
        `X.shape`, of 2, 3 or 4 dimensions.
    image_shape : sequence of int, default=None
        What the user says it is; checked against the data.

    Returns
    -------
    image_shape : tuple of int
        `(height, width, channels)`. Rows whose columns form a square are square
        grey images; any other row is an image of height 1.
    """
    n_features = math.prod(X_shape[1:])
    if image_shape is not None:
        shape = check_image_shape(image_shape)
        if math.prod(shape) != n_features:
            raise ValueError(
                f"image_shape={tuple(image_shape)} needs {math.prod(shape)} values an "
                f"image, but X has {n_features} features."
            )
        return shape
    if len(X_shape) > 2:
        return (*X_shape[1:], 1)[:3]
    side = math.isqrt(n_features)
    return (side, side, 1) if side * side == n_features else (1, n_features, 1)
