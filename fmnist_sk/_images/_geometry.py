"""Shifts of images by whole pixels, in NumPy, and warps, in TensorFlow."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# `warp` converts this many values to floats at a time, to keep the copies small.
_CHUNK_VALUES = 2**22


def translate(images, down, right):
    """Shift each image by whole pixels and repeat its border.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels)
        Images of any dtype.
    down, right : ndarray of shape (n,), dtype int
        Shift of each image in pixels. Negative values move the image up and left.

    Returns
    -------
    moved : ndarray of shape (n, height, width, channels)
        New array of the same dtype.
    """
    _, height, width, _ = images.shape
    top, left = np.abs(down).max(), np.abs(right).max()
    padded = np.pad(images, ((0, 0), (top, top), (left, left), (0, 0)), mode="edge")
    # Picking windows copies whole rows, several times faster than picking pixels.
    windows = sliding_window_view(padded, (height, width), axis=(1, 2))
    windows = np.moveaxis(windows, 3, -1)
    return windows[np.arange(len(images)), top - down, left - right]


def inverse_affine(angle, zoom, down, right, height, width, shear=0.0):
    """Return the matrices that map a pixel of the result to its source.

    Parameters
    ----------
    angle, zoom, down, right : ndarray of shape (n,)
        Rotation in radians, magnification and shift in pixels of each image.
    height, width : int
        Size of the images in pixels.
    shear : float or ndarray of shape (n,), default=0.0
        Angle in radians by which vertical lines lean.

    Returns
    -------
    matrices : ndarray of shape (n, 8), dtype float32
        Rows `(a0, a1, a2, b0, b1, b2, 0, 0)`, the format of TensorFlow's
        `ImageProjectiveTransformV3`: the pixel at `(x, y)` comes from
        `(a0 x + a1 y + a2, b0 x + b1 y + b2)`.
    """
    x, y = (width - 1) / 2, (height - 1) / 2
    cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
    slope = np.tan(shear)
    a0, a1, b0, b1 = cos + slope * sin, sin - slope * cos, -sin, cos
    a2 = x - a0 * (x + right) - a1 * (y + down)
    b2 = y - b0 * (x + right) - b1 * (y + down)
    zero = np.zeros_like(cos)
    matrices = np.stack([a0, a1, a2, b0, b1, b2, zero, zero], axis=1)
    return matrices.astype(np.float32)


def warp(images, matrices):
    """Warp each image by its matrix with bilinear interpolation and repeat its border.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels)
        Images of any dtype.
    matrices : ndarray of shape (n, 8), dtype float32
        Matrices of :func:`inverse_affine`.

    Returns
    -------
    warped : ndarray of shape (n, height, width, channels)
        New array of the same dtype, with integers rounded.
    """
    import tensorflow as tf

    dtype = images.dtype
    # TensorFlow truncates when it warps integers, so they are warped as floats.
    working = dtype if dtype in (np.float32, np.float64) else np.dtype(np.float32)
    warped = np.empty(images.shape, dtype)
    step = max(1, _CHUNK_VALUES // math.prod(images.shape[1:]))
    for start in range(0, len(images), step):
        part = slice(start, start + step)
        with tf.device("CPU:0"):
            moved = tf.raw_ops.ImageProjectiveTransformV3(
                images=images[part].astype(working, copy=False),
                transforms=matrices[part],
                output_shape=images.shape[1:3],
                fill_value=0.0,
                interpolation="BILINEAR",
                fill_mode="NEAREST",
            ).numpy()
        warped[part] = np.rint(moved) if dtype.kind in "biu" else moved
    return warped
