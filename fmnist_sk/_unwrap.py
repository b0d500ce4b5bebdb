"""Finding the network, and its images, in what people pass as an estimator."""

import math

import numpy as np
from sklearn.frozen import FrozenEstimator
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
    if isinstance(estimator, FrozenEstimator):
        return _unwrap(estimator.estimator, X)
    if hasattr(estimator, "best_estimator_"):
        return _unwrap(estimator.best_estimator_, X)
    if hasattr(estimator, "cv_results_"):
        raise ValueError(
            f"{type(estimator).__name__} has no best_estimator_, as it was not fitted "
            "with refit: set refit=True."
        )
    if hasattr(estimator, "steps"):
        *before, (_, last) = estimator.steps
        for _, step in before if X is not None else ():
            # "passthrough", None, and samplers, which only training passes through.
            if hasattr(step, "transform"):
                X = step.transform(X)
        return _unwrap(last, X)
    return estimator, X


def images_of(estimator, X, image_shape=None):
    """Give the images among what an estimator predicts from.

    Parameters
    ----------
    estimator : estimator
        Fitted; it may know the shape of its images.
    X : array-like
        What it predicts from.
    image_shape : sequence of int, default=None
        What the user says the shape of one is.

    Returns
    -------
    images : ndarray of shape (n_images, height, width, channels)
        Of X, or where X has more than pixels, of what the steps before the network have
        left of it.

    Raises
    ------
    ValueError
        If there are no images of the shape that the estimator knows.
    """
    final, known = final_estimator(estimator), None
    if image_shape is None and np.ndim(X) == 2:
        known = getattr(final, "image_shape_", None)
    if known is None:
        return image_stack(X, image_shape)
    if np.shape(X)[1] != math.prod(known):
        X = final_estimator_and_input(estimator, X)[1]
    return image_stack(X, known)


def image_stack(X, image_shape=None):
    """Give images as an array `(n_images, height, width, channels)`.

    Parameters
    ----------
    X : array-like of shape (n_images, n_pixels), (n_images, height, width) or \
            (n_images, height, width, channels)
        Images, of any number, also none.
    image_shape : sequence of int, default=None
        What the user says the shape of one is.

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
    return images.reshape(-1, *infer_image_shape(images.shape, image_shape))
