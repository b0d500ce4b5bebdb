"""Moving the pixels of image stacks: whole pixels by NumPy, others by TensorFlow."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# The warp takes this many values at a time, so that its float copies stay small.
_CHUNK_VALUES = 2**22


def translate(images, down, right):
    """Shift each image by whole pixels, repeating its border."""
    _, height, width, _ = images.shape
    top, left = np.abs(down).max(), np.abs(right).max()
    padded = np.pad(images, ((0, 0), (top, top), (left, left), (0, 0)), mode="edge")
    # Picking windows copies whole rows, several times faster than picking pixels.
    windows = sliding_window_view(padded, (height, width), axis=(1, 2))
    windows = np.moveaxis(windows, 3, -1)
    return windows[np.arange(len(images)), top - down, left - right]


def inverse_affine(angle, zoom, down, right, height, width, shear=0.0):
    """Give the matrices that lead from a pixel of the result to its source.

    As TensorFlow has them: rows `(a0, a1, a2, b0, b1, b2, 0, 0)`, the pixel at
    `(x, y)` being taken from `(a0 x + a1 y + a2, b0 x + b1 y + b2)`.
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
    """Warp each image by its matrix, bilinearly, repeating its border."""
    import tensorflow as tf

    dtype = images.dtype
    # TensorFlow cuts off decimals where it warps integers; hence floats, rounded.
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
