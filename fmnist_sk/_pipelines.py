"""Access to the network, and to its input images, inside pipelines and searches."""

import math

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from ._images import carried_image_shape, infer_image_shape, table_dtype


def final_estimator(estimator):
    """Return the estimator that makes the predictions of a pipeline or search.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator, Pipeline, search, `FrozenEstimator`, or any of them inside
        another.

    Returns
    -------
    estimator : estimator
        Last step of the best pipeline, or `estimator` itself. Wrappers of several
        estimators, such as stacking or calibration, are returned as they are.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.
    TypeError
        If `estimator` or the last step of a pipeline is not an estimator.
    ValueError
        If a search was not refitted.
    """
    *_, last = prediction_steps(estimator)
    return last


def final_estimator_and_input(estimator, X):
    """Return the estimator that makes the predictions, and the data that it gets.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator, as `final_estimator` takes it.
    X : array-like
        Data that `estimator` predicts from.

    Returns
    -------
    estimator : estimator
        Estimator that `final_estimator` returns.
    X : array-like
        `X` after the steps before that estimator.
    """
    *before, last = prediction_steps(estimator)
    for step in before:
        X = step.transform(X)
    return last, X


def divide_after_reading(estimator):
    """Return the step of a pipeline that reads pictures, and what follows this step.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator, as `final_estimator` takes it.

    Returns
    -------
    reader : transformer or None
        First step, such as `PhotoConverter`, if it takes pictures instead of a table.
    estimator : estimator
        Pipeline of the steps after `reader`, or `estimator` itself if `reader` is None.
    """
    inner = estimator
    while True:
        if isinstance(inner, FrozenEstimator):
            inner = inner.estimator
        elif hasattr(inner, "best_estimator_"):
            inner = inner.best_estimator_
        else:
            break
    if len(getattr(inner, "steps", ())) < 2:
        return None, estimator
    reader = inner.steps[0][1]
    if not hasattr(reader, "transform") or get_tags(reader).input_tags.two_d_array:
        return None, estimator
    return reader, inner[1:]


def after_reading(estimator, X):
    """Return what follows a step that reads pictures, and the images that it reads.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator, as `final_estimator` takes it.
    X : array-like
        Data that `estimator` predicts from.

    Returns
    -------
    estimator : estimator
        Pipeline of the steps after `PhotoConverter`, or `estimator` itself if it does
        not begin with such a step.
    X : array-like
        Images that `estimator` predicts from.
    """
    reader, estimator = divide_after_reading(estimator)
    return estimator, X if reader is None else reader.transform(X)


def prediction_steps(estimator):
    """Return the steps that a prediction passes through.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator, as `final_estimator` takes it.

    Returns
    -------
    steps : list of estimator
        Fitted transformers before the prediction, and the final estimator.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.
    TypeError
        If `estimator` or the last step of a pipeline is not an estimator.
    ValueError
        If a search was not refitted.
    """
    if estimator is None or isinstance(estimator, str):  # "passthrough"
        raise TypeError("The last step of the Pipeline must be an estimator.")
    check_is_fitted(estimator)
    if isinstance(estimator, FrozenEstimator):
        return prediction_steps(estimator.estimator)
    if hasattr(estimator, "best_estimator_"):
        return prediction_steps(estimator.best_estimator_)
    if hasattr(estimator, "cv_results_"):
        raise ValueError(
            f"{type(estimator).__name__} has no best_estimator_, because it was fitted "
            "with refit=False. Set refit=True and fit again."
        )
    if not hasattr(estimator, "steps"):
        return [estimator]
    *before, (_, last) = estimator.steps
    # "passthrough", None, and samplers, which only training passes through, have no
    # transform.
    transformers = [step for _, step in before if hasattr(step, "transform")]
    return [*transformers, *prediction_steps(last)]


def images_of(estimator, X, image_shape=None):
    """Return the images in the data that an estimator predicts from.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator, which may know the shape of its images.
    X : array-like
        Data that `estimator` predicts from.
    image_shape : sequence of int, default=None
        Shape of one image, given by the user.

    Returns
    -------
    images : ndarray of shape (n_images, height, width, channels)
        Images in `X`. If `X` contains photographs of any size or has columns other than
        pixels, these are the images that the steps before the network return.

    Raises
    ------
    ValueError
        If `X` holds no images of the shape that the estimator knows.
    """
    estimator, X = after_reading(estimator, X)
    final, known = final_estimator(estimator), None
    if image_shape is None and np.ndim(X) == 2:
        known = getattr(final, "image_shape_", None)
    if known is None:
        return image_stack(X, image_shape)
    if np.shape(X)[1] != math.prod(known):
        X = final_estimator_and_input(estimator, X)[1]
    return image_stack(X, known)


def image_stack(X, image_shape=None):
    """Return images as an array `(n_images, height, width, channels)`.

    Parameters
    ----------
    X : array-like of shape (n_images, n_pixels), (n_images, height, width) or \
            (n_images, height, width, channels)
        Images, or an empty array.
    image_shape : sequence of int, default=None
        Shape of one image, given by the user. None stands for the shape that a
        DataFrame carries, see `carried_image_shape`, or else the shape that
        `infer_image_shape` finds.

    Returns
    -------
    images : ndarray of shape (n_images, height, width, channels)
        Images with the dtype of `X`, in its memory where possible.

    Raises
    ------
    ValueError
        If `X` has another number of dimensions, does not fit the shape, or contains
        anything but numbers.
    """
    images = np.asarray(X, dtype=table_dtype(X))
    if images.dtype == object:
        try:
            images = images.astype(np.float64)
        except (OverflowError, TypeError, ValueError) as error:
            raise ValueError(f"X must contain numbers: {error}.") from error
    if images.dtype.kind not in "biuf":
        raise ValueError(f"X must contain numbers. Got {images.dtype} instead.")
    if images.ndim not in (2, 3, 4):
        raise ValueError(
            "X must contain images, with shape (n, pixels), (n, height, width) or (n, "
            f"height, width, channels). Got an array of shape {images.shape} instead."
        )
    if image_shape is None:
        carried = carried_image_shape(X)
        if carried and math.prod(carried) == images.shape[1]:
            image_shape = carried
    return images.reshape(-1, *infer_image_shape(images.shape, image_shape))
