"""The operations of an augmentation, on stacks of images."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._geometry import inverse_affine, translate, warp
from ._spec import check_augmentation


def augment_images(
    images: NDArray[Any],
    spec: str | Mapping[str, float] | None,
    rng: np.random.Generator,
) -> NDArray[Any]:
    """Augment every image at random.

    Rotation, zoom and shift are one bilinear warp about the centre of the image;
    flips and shifts alone move whole pixels and blur nothing. A shift is always a
    whole number of pixels, at most `shift` times the height or width, rounded.
    What comes into view at the border repeats the nearest pixel: unlike a fixed
    value, that holds for images on any ground and of any scale. A rectangle is erased
    by the mean of its image, one of each channel; its centre is any pixel, so that it
    may reach beyond the border.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width, channels)
        Of any real dtype; never changed. The warp computes in single precision.
    spec : None, str or dict
        See :func:`check_augmentation`.
    rng : numpy.random.Generator
        The source of randomness. All that is random is drawn from it with NumPy,
        so equal generators give bitwise equal images whatever the threads.

    Returns
    -------
    augmented : ndarray of shape (n_images, height, width, channels)
        Of the dtype of `images`, integers rounded; `images` itself if there is
        nothing to do.

    Raises
    ------
    ValueError
        If `spec` is invalid or `images` is not 4-dimensional.

    Examples
    --------
    >>> import numpy as np
    >>> from fmnist_sk.augmentation import augment_images
    >>> images = np.arange(3, dtype=np.uint8).reshape(1, 1, 3, 1)
    >>> rng = np.random.default_rng(0)
    >>> augment_images(images, {"horizontal_flip": 1.0}, rng).ravel()
    array([2, 1, 0], dtype=uint8)
    """
    settings = check_augmentation(spec)
    if images.ndim != 4:
        raise ValueError(
            "images must be of shape (n_images, height, width, channels). "
            f"Got {images.shape} instead."
        )
    for operation in _OPERATIONS:
        images = operation(images, settings, rng)
    return images


def _flip(images, settings, rng):
    """Mirror images left to right."""
    if "horizontal_flip" not in settings:
        return images
    mirrored = rng.random(len(images)) < settings["horizontal_flip"]
    flipped = images.copy()
    flipped[mirrored] = images[mirrored, :, ::-1]
    return flipped


def _move(images, settings, rng):
    """Rotate, zoom and shift images, exactly where whole pixels suffice."""
    n_images, height, width, _ = images.shape
    angle, zoom = np.zeros(n_images), np.ones(n_images)
    down = right = np.zeros(n_images, dtype=int)
    if rotation := np.deg2rad(settings.get("rotation", 0.0)):
        angle = rng.uniform(-rotation, rotation, n_images)
    if change := settings.get("zoom", 0.0):
        zoom = rng.uniform(1 - change, 1 + change, n_images)
    if shift := settings.get("shift", 0.0):
        most_down, most_right = round(shift * height), round(shift * width)
        down = rng.integers(-most_down, most_down, n_images, endpoint=True)
        right = rng.integers(-most_right, most_right, n_images, endpoint=True)
    if rotation or change:
        return warp(images, inverse_affine(angle, zoom, down, right, height, width))
    if down.any() or right.any():
        return translate(images, down, right)
    return images


def _erase(images, settings, rng):
    """Put the mean of an image in the place of a rectangle of it."""
    if "erasing" not in settings:
        return images
    n_images, *sizes, _ = images.shape
    erased = rng.random(n_images) < settings["erasing"]
    inside = []
    for size in sizes:
        centre = rng.integers(size, size=n_images)[:, None]
        length = max(1, round(settings["erasing_size"] * size))
        first = centre - length // 2
        pixels = np.arange(size)
        inside.append((pixels >= first) & (pixels < first + length))
    rows, columns = inside
    place = (rows & erased[:, None])[:, :, None] & columns[:, None, :]
    mean = images.mean(axis=(1, 2), dtype=np.float64, keepdims=True)
    if images.dtype.kind in "biu":
        mean = np.rint(mean)
    return np.where(place[..., None], mean.astype(images.dtype), images)


# In the order they are applied. Each takes and gives a stack of images and draws
# from the generator only what its own settings need.
_OPERATIONS = (_flip, _move, _erase)
