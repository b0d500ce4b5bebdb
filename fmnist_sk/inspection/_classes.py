"""Choice of the class that is explained."""

import numpy as np

from .._validation import encode_labels


def target_codes(classes, target, predict, n_images):
    """Return the position of the class to explain, for each image.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        All labels, in order.
    target : label, array-like of shape (n_images,) or None
        One label for all images, or one for each image. None stands for the predicted
        class.
    predict : callable
        Function without arguments that returns the predicted positions. It is called if
        `target` is None.
    n_images : int
        Number of images.

    Returns
    -------
    codes : ndarray of shape (n_images,), dtype int
        Position of each class in `classes`.

    Raises
    ------
    ValueError
        If a label is not a class, or the number of labels is neither one nor
        `n_images`.
    """
    if target is None:
        return np.asarray(predict())
    targets = np.asarray(target)
    if targets.ndim > 1 or (targets.ndim == 1 and len(targets) != n_images):
        raise ValueError(
            f"target must be one label or one for each of the {n_images} images. Got "
            f"an array of shape {targets.shape} instead."
        )
    codes = encode_labels(targets.ravel(), classes, name="target")
    return np.broadcast_to(codes, n_images)
