"""What estimators of images check, in scikit-learn's words."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.validation import _check_sample_weight, validate_data

from ._images import (
    PIXEL_DTYPES,
    check_image_shape,
    flatten_images,
    infer_image_shape,
)

_Method = TypeVar("_Method", bound=Callable[..., Any])


def validate_images(estimator, X, y="no_validation", *, reset, image_shape=None):
    """Check images and give them as rows.

    Parameters
    ----------
    estimator : estimator
        Learns `n_features_in_`, `feature_names_in_` and `image_shape_` if `reset`, and
        is what the images are checked against otherwise.
    X : array-like
        Rows, or images of 3 or 4 dimensions.
    y : array-like of shape (n_images,), default="no_validation"
        Labels, where there are any.
    reset : bool
        Whether this is the first the estimator sees.
    image_shape : sequence of int, default=None
        What the user says the shape of an image is.

    Returns
    -------
    rows : ndarray of shape (n_images, n_features)
        The images; of the caller's memory where possible.
    y : ndarray of shape (n_images,)
        The labels, if there are any.
    shape : tuple of int
        The shape in which the images came.
    """
    flat = flatten_images(X)
    if isinstance(y, str) and y == "no_validation":
        rows = validate_data(estimator, flat, dtype=PIXEL_DTYPES, reset=reset)
    else:
        rows, y = validate_data(estimator, flat, y, dtype=PIXEL_DTYPES, reset=reset)
    shape = rows.shape if flat is X else np.shape(X)
    if reset:
        estimator.image_shape_ = infer_image_shape(shape, image_shape)
    elif image_shape is not None:
        given = check_image_shape(image_shape)
        if given != estimator.image_shape_:
            raise ValueError(
                f"image_shape={given}, but {type(estimator).__name__} was fitted to "
                f"images of shape {estimator.image_shape_}."
            )
    check_stack(estimator, shape)
    return rows, y, shape


def check_stack(estimator, shape):
    """Reject images of the right number of pixels but another shape."""
    if len(shape) > 2 and infer_image_shape(shape) != estimator.image_shape_:
        raise ValueError(
            f"X has images of shape {shape[1:]}, but {type(estimator).__name__} is "
            f"expecting images of shape {estimator.image_shape_}."
        )


def encode_labels(labels, classes, *, name):
    """Encode labels as positions in the classes.

    Parameters
    ----------
    labels : array-like of shape (n,)
        Labels of any kind. A column is accepted with a warning.
    classes : array-like of shape (n_classes,)
        All labels in order, which need not be sorted.
    name : str
        Name of the labels in the error message.

    Returns
    -------
    codes : ndarray of shape (n,), dtype int32
        Position of each label.

    Raises
    ------
    ValueError
        If a label is none of the classes.
    """
    labels = column_or_1d(labels, warn=True).tolist()
    codes = {label: code for code, label in enumerate(np.asarray(classes).tolist())}
    try:
        found = map(codes.__getitem__, labels)
        return np.fromiter(found, dtype=np.int32, count=len(labels))
    except KeyError:
        unknown = sorted({label for label in labels if label not in codes}, key=str)
        raise ValueError(
            f"{name} contains unknown labels {unknown}. The classes are {list(codes)}."
        ) from None


def total_weights(sample_weight, class_weights, codes, X):
    """Multiply the weights of samples with those of their classes.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or None
        The user's.
    class_weights : ndarray of shape (n_classes,)
        Weights of the classes.
    codes : ndarray of shape (n_samples,)
        Labels, as positions in the classes.
    X : ndarray of shape (n_samples, n_features)
        Images.

    Returns
    -------
    weights : ndarray of shape (n_samples,), dtype float64
        A new array.

    Raises
    ------
    ValueError
        If one is negative or none is positive.
    """
    weights = _check_sample_weight(
        sample_weight, X, dtype=np.float64, copy=True, ensure_non_negative=True
    )
    weights *= class_weights[codes]
    if not weights.any():
        raise ValueError(
            "Sample weights must contain at least one non-zero number: there is "
            "nothing to fit."
        )
    return weights


def all_or_nothing(method: _Method) -> _Method:
    """Decorate a method to undo every change to its estimator if it raises.

    Ctrl-C counts as well. It goes around `_fit_context`, which ends the callbacks after
    a failure, too, by attributes of the estimator that undoing takes away.
    """

    @functools.wraps(method)
    def undoing(self, *args, **kwargs):
        before = dict(vars(self))
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return undoing  # type: ignore[return-value]
