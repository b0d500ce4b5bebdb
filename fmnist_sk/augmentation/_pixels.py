"""Functions of pixels that operations share: mirror images, rectangles and casts."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


def mirror(images: NDArray[Any], mirrored: NDArray[np.bool_]) -> NDArray[Any]:
    """Mirror some images left to right.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width, channels)
        Images, which are not changed.
    mirrored : ndarray of shape (n_images,), dtype bool
        Images to mirror.

    Returns
    -------
    images : ndarray of shape (n_images, height, width, channels)
        New array, or `images` itself if no image is mirrored.
    """
    if not mirrored.any():
        return images
    flipped = images.copy()
    flipped[mirrored] = images[mirrored, :, ::-1]
    return flipped


def draw_rectangles(
    images: NDArray[Any], sizes: list[Any], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw a rectangle in each image.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width, channels)
        Images, of which only the shape matters.
    sizes : list of two int or ndarray of shape (n_images,)
        Height and width of the rectangles in pixels.
    rng : numpy.random.Generator
        Random generator. The centre is any pixel with equal probability, so that a
        rectangle may be cut off by the border.

    Returns
    -------
    inside : ndarray of shape (n_images, height, width), dtype bool
        Whether a pixel is inside the rectangle.
    """
    inside = []
    for size, length in zip(images.shape[1:3], sizes, strict=True):
        centre = rng.integers(size, size=len(images))
        first = (centre - np.asarray(length) // 2)[:, None]
        last = first + np.reshape(length, (-1, 1))
        pixels = np.arange(size)
        inside.append((pixels >= first) & (pixels < last))
    rows, columns = inside
    return rows[:, :, None] & columns[:, None, :]


def cast_pixels(values: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Cast pixels to a dtype.

    Parameters
    ----------
    values : ndarray
        Finite numbers of a real dtype.
    dtype : dtype
        Boolean, integer or floating dtype.

    Returns
    -------
    pixels : ndarray of the shape of `values`
        Cast pixels, or `values` itself if the dtype is the same. Integers are rounded
        and clipped to the range of the dtype.
    """
    dtype = np.dtype(dtype)
    if dtype == values.dtype:
        return values
    if dtype.kind == "b":
        return np.rint(np.clip(values, 0, 1)).astype(dtype)
    if dtype.kind in "iu" and not np.can_cast(values.dtype, dtype):
        limits = np.iinfo(dtype)
        low, high = float(limits.min), float(limits.max)
        if high > limits.max:  # 2**63 - 1 is no float64, and 2**63 no int64
            high = np.nextafter(high, 0)
        if values.dtype.kind != "f":
            values = values.astype(np.float64)
        return np.rint(np.clip(values, low, high)).astype(dtype)
    return values.astype(dtype)
