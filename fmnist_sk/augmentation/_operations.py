"""The operations of an augmentation, on stacks of images."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._geometry import inverse_affine, translate, warp
from ._spec import MIXING, check_augmentation


def augment_images(
    images: NDArray[Any],
    spec: str | Mapping[str, float] | None,
    rng: np.random.Generator,
    *,
    turns: NDArray[np.integer] | None = None,
) -> NDArray[Any]:
    """Augment every image at random.

    Rotation, zoom, shear and shift are one bilinear warp about the centre of the image;
    flips and shifts alone move whole pixels and blur nothing. A shift is always a
    whole number of pixels, at most `shift` times the height or width, rounded.
    What comes into view at the border repeats the nearest pixel: unlike a fixed
    value, that holds for images on any ground and of any scale. A rectangle is erased
    by the mean of its image, one of each channel; its centre is any pixel, so that it
    may reach beyond the border. Brightness and contrast stay within the range of the
    image's own pixels.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width, channels)
        Of any real dtype; never changed. The warp computes in single precision.
    spec : None, str or dict
        See :func:`check_augmentation`.
    rng : numpy.random.Generator
        The source of randomness. All that is random is drawn from it with NumPy,
        so equal generators give bitwise equal images whatever the threads.
    turns : ndarray of shape (n_images,) of int, default=None
        For `alternating_flip`: images with an odd number are mirrored. None draws them.

    Returns
    -------
    augmented : ndarray of shape (n_images, height, width, channels)
        Of the dtype of `images`, integers rounded; `images` itself if there is
        nothing to do.

    Raises
    ------
    ValueError
        If `spec` is invalid, or mixes images, or `images` is not 4-dimensional.

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
    if mixing := sorted(set(settings) & set(MIXING)):
        raise ValueError(
            f"The settings {mixing} mix labels as well: they are for the parameter "
            "augmentation of FashionCNNClassifier."
        )
    if images.ndim != 4:
        raise ValueError(
            "images must be of shape (n_images, height, width, channels). "
            f"Got {images.shape} instead."
        )
    images = _flip(images, settings, rng, turns)
    for operation in _OPERATIONS:
        images = operation(images, settings, rng)
    return images


def _flip(images, settings, rng, turns):
    """Mirror images left to right."""
    mirrored = np.zeros(len(images), dtype=bool)
    if "horizontal_flip" in settings:
        mirrored ^= rng.random(len(images)) < settings["horizontal_flip"]
    if "alternating_flip" in settings:
        if turns is None:
            turns = rng.integers(2, size=len(images))
        mirrored ^= turns % 2 == 1
    if not mirrored.any():
        return images
    flipped = images.copy()
    flipped[mirrored] = images[mirrored, :, ::-1]
    return flipped


def _move(images, settings, rng):
    """Rotate, zoom, shear and shift images, exactly where whole pixels suffice."""
    n_images, height, width, _ = images.shape
    angle, zoom = np.zeros(n_images), np.ones(n_images)
    shear, down = np.zeros(n_images), np.zeros(n_images, dtype=int)
    right = down
    if rotation := np.deg2rad(settings.get("rotation", 0.0)):
        angle = rng.uniform(-rotation, rotation, n_images)
    if change := settings.get("zoom", 0.0):
        zoom = rng.uniform(1 - change, 1 + change, n_images)
    if shift := settings.get("shift", 0.0):
        most_down, most_right = round(shift * height), round(shift * width)
        down = rng.integers(-most_down, most_down, n_images, endpoint=True)
        right = rng.integers(-most_right, most_right, n_images, endpoint=True)
    if leaning := np.deg2rad(settings.get("shear", 0.0)):
        shear = rng.uniform(-leaning, leaning, n_images)
    if rotation or change or leaning:
        return warp(
            images, inverse_affine(angle, zoom, down, right, height, width, shear)
        )
    if down.any() or right.any():
        return translate(images, down, right)
    return images


def _erase(images, settings, rng):
    """Put the mean of an image in the place of a rectangle of it."""
    if "erasing" not in settings:
        return images
    erased = rng.random(len(images)) < settings["erasing"]
    sizes = [
        max(1, round(settings["erasing_size"] * size)) for size in images.shape[1:3]
    ]
    place = _rectangles(images, sizes, rng) & erased[:, None, None]
    mean = images.mean(axis=(1, 2), dtype=np.float64, keepdims=True)
    return np.where(place[..., None], _as_pixels(mean, images.dtype), images)


def _rectangles(images, sizes, rng):
    """Draw a rectangle in each image: where it is, shape (n, height, width)."""
    inside = []
    for size, length in zip(images.shape[1:3], sizes, strict=True):
        centre = rng.integers(size, size=len(images))
        first = (centre - np.asarray(length) // 2)[:, None]
        last = first + np.reshape(length, (-1, 1))
        pixels = np.arange(size)
        inside.append((pixels >= first) & (pixels < last))
    rows, columns = inside
    return rows[:, :, None] & columns[:, None, :]


def _shade(images, settings, rng):
    """Change brightness and contrast within the range of each image."""
    if "brightness" not in settings and "contrast" not in settings:
        return images
    shape = (len(images), 1, 1, 1)
    low, high = (f(images, axis=(1, 2, 3), keepdims=True) for f in (np.min, np.max))
    factor, offset = np.ones(shape, np.float32), np.zeros(shape, np.float32)
    if most := settings.get("brightness", 0.0):
        spread = high.astype(np.float32) - low.astype(np.float32)
        offset = spread * rng.uniform(-most, most, shape).astype(np.float32)
    if most := settings.get("contrast", 0.0):
        factor = rng.uniform(1 - most, 1 + most, shape).astype(np.float32)
    mean = images.mean(axis=(1, 2, 3), dtype=np.float64, keepdims=True)
    mean = mean.astype(np.float32)
    shaded = images.astype(np.float32)
    shaded -= mean
    shaded *= factor
    shaded += mean + offset
    np.clip(shaded, low, high, out=shaded)
    return _as_pixels(shaded, images.dtype)


def _as_pixels(values, dtype):
    return (np.rint(values) if dtype.kind in "biu" else values).astype(dtype)


# In the order they are applied, after the flip. Each takes and gives a stack of images
# and draws from the generator only what its own settings need.
_OPERATIONS = (_move, _shade, _erase)


def mix_images(
    images: NDArray[Any], settings: Mapping[str, float], rng: np.random.Generator
) -> tuple[NDArray[Any], NDArray[np.intp], NDArray[np.float32]]:
    """Mix images with one another, by MixUp and CutMix.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width, channels)
        Never changed.
    settings : dict
        Checked settings, of which `mixup` and `cutmix` are used.
    rng : numpy.random.Generator
        The source of randomness.

    Returns
    -------
    mixed : ndarray of shape (n_images, height, width, channels)
        Of the dtype of `images`.
    partners : ndarray of shape (n_images,) of int
        With which image each was mixed.
    shares : ndarray of shape (n_images,), dtype float32
        How much of each image is its own, 0 to 1.
    """
    n_images = len(images)
    partners, kind = rng.permutation(n_images), rng.random(n_images)
    shares, mixed = np.ones(n_images, np.float32), images.copy()
    rows = np.flatnonzero(kind < settings.get("mixup", 0.0))
    if len(rows):
        alpha = settings["mixup_alpha"]
        shares[rows] = rng.beta(alpha, alpha, len(rows))
        own = shares[rows, None, None, None]
        blend = own * images[rows] + (1 - own) * images[partners[rows]]
        mixed[rows] = _as_pixels(blend, images.dtype)
    # Where both are asked for, one image has at most one of them.
    rows = np.flatnonzero(kind >= 1 - settings.get("cutmix", 0.0))
    rows = rows[shares[rows] == 1]
    if len(rows):
        alpha = settings["cutmix_alpha"]
        side = np.sqrt(1 - rng.beta(alpha, alpha, len(rows)))
        sizes = [np.rint(side * size).astype(int) for size in images.shape[1:3]]
        place = _rectangles(images[rows], sizes, rng)
        shares[rows] = 1 - place.mean(axis=(1, 2))
        theirs = images[partners[rows]]
        mixed[rows] = np.where(place[..., None], theirs, images[rows])
    return mixed, partners, shares
