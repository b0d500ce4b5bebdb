"""Fixed views of an image whose logits are averaged at test time."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._compat import InvalidParameterError

#: The network is unsure of an image, so that its views are averaged, if the difference
#: between the two largest logits of the image itself is smaller. At the limit, the most
#: probable class is 20 times as probable as the next class. On Fashion-MNIST, averaging
#: the views of the other images as well changes no accuracy. A limit of the largest
#: probability would depend on label smoothing, which caps that probability.
UNSURE_BELOW = float(np.log(20))


def _flip(images, xp):
    return [images, xp.flip(images, axis=2)]


def _shift(images, xp):
    padded = xp.concatenate([images[:, :1], images, images[:, -1:]], axis=1)
    padded = xp.concatenate([padded[:, :, :1], padded, padded[:, :, -1:]], axis=2)
    return [images, padded[:, 2:, 2:], padded[:, :-2, :-2]]


def _flip_shift(images, xp):
    return [view for shifted in _shift(images, xp) for view in _flip(shifted, xp)]


# Valid values of `tta`, each with a function of the images and the array library.
VIEWS: dict[str, Callable[..., list[Any]]] = {
    "flip": _flip,
    "shift": _shift,
    "flip_shift": _flip_shift,
}


def tta_views(images: Any, tta: str | None, *, xp: Any = np) -> Sequence[Any]:
    """Return the views of images over which a prediction is averaged.

    Parameters
    ----------
    images : array of shape (n_images, height, width, channels)
        Images of any dtype, which are not changed: an ndarray, or an array or tensor
        of `xp` that can be sliced.
    tta : {"flip", "shift", "flip_shift"} or None
        Name of the views. `"flip"` stands for the images and their mirror images.
        `"shift"` stands for the images, and the images shifted by one pixel to the
        upper left and to the lower right, with the border repeated. `"flip_shift"`
        stands for these three and their mirror images. None stands for the images
        alone.
    xp : module, default=numpy
        Array library with the functions `concatenate` and `flip`, for instance
        `keras.ops`.

    Returns
    -------
    views : list of array of shape (n_images, height, width, channels)
        List of 1, 2, 3 or 6 stacks of images. The first stack is `images`. In NumPy,
        mirror images share the memory of the images that they mirror.

    Raises
    ------
    ValueError
        If `tta` is unknown or `images` is not 4-dimensional.

    Examples
    --------
    >>> import numpy as np
    >>> from fmnist_sk.augmentation import tta_views
    >>> images = np.arange(3).reshape(1, 1, 3, 1)
    >>> [view.ravel().tolist() for view in tta_views(images, "flip")]
    [[0, 1, 2], [2, 1, 0]]
    """
    check_stack_of_images(images)
    if tta is None:
        return [images]
    if not isinstance(tta, str) or tta not in VIEWS:
        names = "{" + ", ".join(repr(name) for name in sorted(VIEWS)) + "}"
        raise InvalidParameterError(
            f"The 'tta' parameter must be None or a str among {names}. "
            f"Got {tta!r} instead."
        )
    return VIEWS[tta](images, xp)


def check_stack_of_images(images: Any) -> None:
    """Check that images are a stack.

    Parameters
    ----------
    images : array of shape (n_images, height, width, channels)
        Images of any array library.

    Raises
    ------
    ValueError
        If `images` is anything else.
    """
    shape = getattr(images, "shape", None)
    if shape is None or len(shape) != 4:
        raise ValueError(
            "images must have shape (n_images, height, width, channels). Got "
            f"{type(images).__name__ if shape is None else tuple(shape)} instead."
        )
