"""Which class an explanation is about."""

import numpy as np

from .._validation import codes_of


def target_codes(classes, target, predict, n_images):
    """Give the position of the class to explain, for each image.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The labels.
    target : label, array-like of shape (n_images,) or None
        One label for all, one for each, or None for the predicted one.
    predict : callable
        Gives the predicted positions, if they are needed.
    n_images : int
        How many images there are.

    Returns
    -------
    codes : ndarray of shape (n_images,), dtype int
        Positions in `classes`.

    Raises
    ------
    ValueError
        If a label is none of the classes, or there is not one for each image.
    """
    if target is None:
        return np.asarray(predict())
    targets = np.asarray(target)
    if targets.ndim > 1 or (targets.ndim == 1 and len(targets) != n_images):
        raise ValueError(
            f"target must be one label or one for each of the {n_images} images. Got "
            f"an array of shape {targets.shape} instead."
        )
    codes = codes_of(targets.ravel(), classes, "target")
    return np.broadcast_to(codes, n_images)
