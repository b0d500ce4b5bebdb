"""The fixed views of an image that are averaged at test time."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import InvalidParameterError


def tta_views(
    images: NDArray[Any], tta: Literal["flip", "flip_shift"] | None
) -> list[NDArray[Any]]:
    """Give the views of images over which a prediction is averaged.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width, channels)
        Of any dtype; never changed.
    tta : {None, "flip", "flip_shift"}
        None is the images alone; "flip" adds their mirror images; "flip_shift" has
        both three times: as they are and shifted by one pixel to the upper left
        and to the lower right, the border being repeated.

    Returns
    -------
    views : list of ndarray of shape (n_images, height, width, channels)
        1, 2 or 6 stacks of images; the first is `images`, and those that need no
        new pixels are views of its memory.

    Raises
    ------
    ValueError
        If `tta` is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> from fmnist_sk.augmentation import tta_views
    >>> images = np.arange(3).reshape(1, 1, 3, 1)
    >>> [view.ravel().tolist() for view in tta_views(images, "flip")]
    [[0, 1, 2], [2, 1, 0]]
    """
    if tta is None:
        return [images]
    if tta not in ("flip", "flip_shift"):
        raise InvalidParameterError(
            "The 'tta' parameter must be None or a str among {'flip', 'flip_shift'}. "
            f"Got {tta!r} instead."
        )
    views = [images]
    if tta == "flip_shift":
        padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
        views += [padded[:, 2:, 2:], padded[:, :-2, :-2]]
    return [view for upright in views for view in (upright, upright[:, :, ::-1])]
