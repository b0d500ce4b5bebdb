"""Application of a specification to stacks of images."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._validation import check_computed
from ._operation import OPERATIONS, MixingOperation
from ._spec import check_augmentation, check_image_settings
from ._views import check_stack_of_images


def augment_images(
    images: NDArray[Any],
    spec: str | Mapping[str, float] | None,
    rng: np.random.Generator,
    *,
    turns: NDArray[np.integer] | None = None,
) -> NDArray[Any]:
    """Augment every image at random.

    Rotation, zoom, shear and shift are one bilinear warp about the centre of the image.
    Flips, and shifts without any of the other three, move whole pixels and blur
    nothing. A shift is always a whole number of pixels, at most `shift` times the
    height or width, rounded.
    Pixels that come into view at the border repeat the nearest pixel, which suits
    images on any background and of any scale. Erased rectangles get the mean of their
    image, per channel. The centre of a rectangle is any pixel, so that the rectangle
    may reach beyond the border. Brightness and contrast stay within the range of the
    image's own pixels.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width, channels)
        Images of any real dtype, which are not changed. The warp computes in single
        precision, or in double precision if the images are float64.
    spec : None, str or dict
        Specification; see :func:`check_augmentation`.
    rng : numpy.random.Generator
        Random generator. All random numbers are drawn from it by NumPy, so equal
        generators give bitwise equal images with any number of threads.
    turns : ndarray of shape (n_images,) of int, default=None
        Number of times that each image has been used before. `alternating_flip`
        mirrors the images with an odd number. None draws the numbers.

    Returns
    -------
    augmented : ndarray of shape (n_images, height, width, channels)
        Augmented images of the dtype of `images`, with integers rounded. The array is
        `images` itself if no setting is on.

    Raises
    ------
    ValueError
        If `spec` is invalid or mixes images, `images` is not 4-dimensional, or a
        computation overflows, because values are NaN, infinite or too large.

    Examples
    --------
    >>> import numpy as np
    >>> from fmnist_sk.augmentation import augment_images
    >>> images = np.arange(3, dtype=np.uint8).reshape(1, 1, 3, 1)
    >>> rng = np.random.default_rng(0)
    >>> augment_images(images, {"horizontal_flip": 1.0}, rng).ravel()
    array([2, 1, 0], dtype=uint8)
    """
    settings = check_image_settings(spec)
    _check_images(images)
    augmented = images
    with np.errstate(over="ignore", invalid="ignore"):
        for operation in OPERATIONS.values():
            if not isinstance(operation, MixingOperation) and operation.is_on(settings):
                extra = (turns,) if operation.takes_turns else ()
                augmented = operation.function(augmented, settings, rng, *extra)
    return augmented if augmented is images else check_computed(augmented)


def mix_images(
    images: NDArray[Any], settings: Mapping[str, float], rng: np.random.Generator
) -> tuple[NDArray[Any], NDArray[np.intp], NDArray[np.float32]]:
    """Mix images with one another, by MixUp and CutMix.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width, channels)
        Images of any real dtype, which are not changed.
    settings : dict
        Settings, of which only the mixing ones are used.
    rng : numpy.random.Generator
        Random generator.

    Returns
    -------
    mixed : ndarray of shape (n_images, height, width, channels)
        Mixed images of the dtype of `images`, with integers rounded. Each image is
        mixed at most once.
    partners : ndarray of shape (n_images,) of int
        Index of the image that each image is mixed with.
    shares : ndarray of shape (n_images,), dtype float32
        Weight, 0 to 1, of the image's own label. The partner's label has the rest of
        the weight. The weight is 1 for images that are not mixed.

    Raises
    ------
    ValueError
        If `settings` are invalid, `images` is not 4-dimensional, or a computation
        overflows, because values are NaN, infinite or too large.

    Examples
    --------
    >>> import numpy as np
    >>> from fmnist_sk.augmentation import mix_images
    >>> images = np.array([0.0, 1.0]).reshape(2, 1, 1, 1)
    >>> rng = np.random.default_rng(2)
    >>> mixed, partners, shares = mix_images(images, {"mixup": 1.0}, rng)
    >>> expected = shares * [0, 1] + (1 - shares) * partners
    >>> np.allclose(mixed.ravel(), expected)
    True
    """
    settings = check_augmentation(settings)
    _check_images(images)
    n_images = len(images)
    partners, chance = rng.permutation(n_images), rng.random(n_images)
    shares, mixed = np.ones(n_images, np.float32), images.copy()
    # Parts of the range of `chance`, 0 to 1, that are taken from either end.
    smallest = largest = 0.0
    for operation in OPERATIONS.values():
        if not isinstance(operation, MixingOperation) or not operation.is_on(settings):
            continue
        probability = settings[operation.name]
        if operation.takes_largest:
            first, last = 1 - largest - probability, 1 - largest
            largest += probability
        else:
            first, last = smallest, smallest + probability
            smallest += probability
        # Probabilities may add up to more than 1: the first operation comes first.
        chosen = (chance >= first) & (chance < last) & (shares == 1)
        rows = np.flatnonzero(chosen)
        if len(rows):
            with np.errstate(over="ignore", invalid="ignore"):
                mixed[rows], shares[rows] = operation.function(
                    images[rows], images[partners[rows]], settings, rng
                )
    return check_computed(mixed), partners, shares


def _check_images(images):
    check_stack_of_images(images)
    if not isinstance(images, np.ndarray) or images.dtype.kind not in "biuf":
        raise ValueError(
            "images must be an array of real numbers. Got "
            f"{getattr(images, 'dtype', type(images).__name__)} instead."
        )
