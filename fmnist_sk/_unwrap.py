"""Finding the network, and its images, in what people pass as an estimator."""

import math

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._images import infer_image_shape


def final_estimator(estimator):
    """Give what a fitted search or pipeline predicts with.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator, a Pipeline, a search, or one in another.

    Returns
    -------
    estimator : estimator
        The search's best estimator, the pipeline's last step, or the estimator itself.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    """
    return _unwrap(estimator, None)[0]


def final_estimator_and_input(estimator, X):
    """Give what a search or pipeline predicts with, and what it predicts from.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator, a Pipeline, a search, or one in another.
    X : array-like
        What `estimator` predicts from.

    Returns
    -------
    estimator : estimator
        See `final_estimator`.
    X : array-like
        X as the steps before have changed it.
    """
    return _unwrap(estimator, X)


def _unwrap(estimator, X):
    check_is_fitted(estimator)
    if hasattr(estimator, "best_estimator_"):
        return _unwrap(estimator.best_estimator_, X)
    if hasattr(estimator, "steps"):
        before, (_, last) = estimator[:-1], estimator.steps[-1]
        if X is not None and len(before.steps):
            X = before.transform(X)
        return _unwrap(last, X)
    return estimator, X


def image_stack(X, image_shape=None, estimator=None):
    """Give images as an array `(n_images, height, width, channels)`.

    Parameters
    ----------
    X : array-like of shape (n_images, n_pixels), (n_images, height, width) or \
            (n_images, height, width, channels)
        Images, of any number, also none.
    image_shape : sequence of int, default=None
        What the user says the shape of one is.
    estimator : estimator, default=None
        One that may know.

    Returns
    -------
    images : ndarray of shape (n_images, height, width, channels)
        Of the memory and dtype of X where possible.

    Raises
    ------
    ValueError
        If X has another number of dimensions or does not fit the shape.
    """
    images = np.asarray(X)
    if images.ndim not in (2, 3, 4):
        raise ValueError(
            "X must hold images, as rows or of shape (n, height, width) or (n, height, "
            f"width, channels). Got an array of shape {images.shape} instead."
        )
    if image_shape is None and images.ndim == 2 and estimator is not None:
        known = getattr(final_estimator(estimator), "image_shape_", None)
        if known is not None and math.prod(known) == images.shape[1]:
            image_shape = known
    return images.reshape(-1, *infer_image_shape(images.shape, image_shape))
