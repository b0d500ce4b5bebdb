"""Checks of images, labels and weights, with scikit-learn's error messages."""

import functools
import math
from collections.abc import Callable, Hashable
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_array,
    validate_data,
)

from ._images import (
    IMAGE_SHAPE_ATTRIBUTE,
    carried_image_shape,
    check_image_shape,
    explain_doubtful_shape,
    flatten_images,
    infer_image_shape,
    is_table,
    pixel_dtypes,
)
from ._warnings import warn_user

_Method = TypeVar("_Method", bound=Callable[..., Any])

# Fitted attribute of estimators that ignore the names of columns. scikit-learn warns of
# a DataFrame if an estimator was fitted without names, but the pixels of images that a
# shipped classifier was fitted to have no names that a DataFrame could contradict.
IGNORES_NAMES = "_ignores_feature_names"

_SMALLEST = 5e-324  # smallest positive float


def validate_images(
    estimator,
    X,
    y="no_validation",
    *,
    reset,
    image_shape=None,
    single_precision=True,
    warn_of_shape=True,
):
    """Check images and return them as rows.

    If the shape of the images is inferred, and is probably not what the user meant, a
    warning says how to set it.

    Parameters
    ----------
    estimator : estimator
        Estimator that learns `n_features_in_`, `feature_names_in_` and `image_shape_`
        if `reset`. Otherwise the images are checked against these attributes.
    X : array-like
        Images as rows or as a stack of 3 or 4 dimensions: NumPy arrays, DataFrames,
        nested lists, or tensors and labelled arrays that NumPy can convert.
    y : array-like of shape (n_images,), default="no_validation"
        Labels. By default, there are no labels.
    reset : bool
        Whether the estimator is being fitted.
    image_shape : sequence of int, default=None
        Shape of one image, given by the user. By default it is the shape of a stack's
        images, or the shape that a DataFrame carries; see `carried_image_shape`.
    single_precision : bool, default=True
        Whether to reject values beyond the range of float32, in which networks compute.
    warn_of_shape : bool, default=True
        Whether to warn of a doubtful shape. Estimators whose result does not depend on
        the shape do not warn.

    Returns
    -------
    rows : ndarray of shape (n_images, n_features)
        Images, in the memory of the caller where possible.
    y : ndarray of shape (n_images,)
        Labels, or "no_validation".
    shape : tuple of int
        Shape of `X`.

    Raises
    ------
    TypeError
        If `X` is sparse.
    ValueError
        If `X` or `y` is invalid, or `image_shape` does not fit `X`.
    """
    flat, shape = flatten_images(X)
    if not reset and getattr(estimator, IGNORES_NAMES, False):
        flat = _without_names(estimator, flat)
    dtype = pixel_dtypes(flat)
    # scikit-learn looks for NaN in the sum, which large values of both signs make NaN.
    with np.errstate(invalid="ignore"), overflow_as_value_error("X"):
        if isinstance(y, str) and y == "no_validation":
            rows = validate_data(estimator, flat, dtype=dtype, reset=reset)
        else:
            rows, y = validate_data(estimator, flat, y, dtype=dtype, reset=reset)
    if single_precision and rows.dtype == np.float64:
        check_single_precision(rows)
    shape = rows.shape if shape is None else shape
    carried = _carried_shape(estimator, X, rows, reset, image_shape)
    if reset:
        estimator.image_shape_ = infer_image_shape(carried or shape, image_shape)
        if warn_of_shape and image_shape is None and carried_image_shape(X) is None:
            doubt = explain_doubtful_shape(shape)
            if doubt is not None:
                warn_user(doubt)
    elif image_shape is not None:
        given = check_image_shape(image_shape)
        if given != estimator.image_shape_:
            raise ValueError(
                f"image_shape={given}, but {type(estimator).__name__} was fitted on "
                f"images of shape {estimator.image_shape_}."
            )
    check_stack(estimator, carried or shape)
    return rows, y, shape


def _without_names(estimator, X):
    """Return a DataFrame as an array, and anything else as it is."""
    if not is_table(X):
        return X
    # `validate_data` makes the checks that are left out.
    return check_array(
        X,
        dtype=pixel_dtypes(X),
        input_name="X",
        estimator=estimator,
        ensure_all_finite=False,
        ensure_min_samples=0,
        ensure_min_features=0,
    )


def _carried_shape(estimator, X, rows, reset, image_shape):
    """Return the shape of the stack of images that a DataFrame represents, or None.

    A shape given by the user takes precedence, also at prediction.
    """
    carried = carried_image_shape(X)
    if image_shape is None and not reset:
        image_shape = getattr(estimator, "image_shape", None)
    if carried is None or isinstance(image_shape, (tuple, list)):
        return None
    if math.prod(carried) != rows.shape[1]:
        if reset:
            warn_user(
                f"X.attrs[{IMAGE_SHAPE_ATTRIBUTE!r}]={carried} requires "
                f"{math.prod(carried)} features, but X has {rows.shape[1]} features. "
                "The attribute is ignored. Set image_shape to the shape of one image."
            )
        return None
    return (len(rows), *carried)


@contextmanager
def overflow_as_value_error(name):
    """Turn an OverflowError, which NumPy raises for huge integers, into a ValueError.

    Parameters
    ----------
    name : str
        Name of the input in the error message.
    """
    try:
        yield
    except OverflowError as error:
        raise ValueError(
            f"Input {name} contains a value too large for {np.dtype(np.float64)!r}."
        ) from error


def check_single_precision(X):
    """Reject images beyond the range of float32, in which networks compute.

    Parameters
    ----------
    X : ndarray, dtype float64 or float32
        Images before or after their conversion to float32, which turns values that are
        too large into infinity.

    Raises
    ------
    ValueError
        If there are such values.
    """
    largest = np.finfo(np.float32).max
    if X.max() > largest or X.min() < -largest:
        raise ValueError(
            f"Input X contains a value too large for {np.dtype(np.float32)!r}."
        )


def check_computed(values, *, name="X"):
    """Reject input for which a computation has overflowed.

    Finite values may still be so large that a result of the network, or of a
    transformer, is infinite or NaN.

    Parameters
    ----------
    values : ndarray
        Result of the computation, of any dtype.
    name : str, default="X"
        Name of the input in the error message.

    Returns
    -------
    values : ndarray
        The same array.

    Raises
    ------
    ValueError
        If a value is infinite or NaN.
    """
    # The extremes are NaN if any value is. This takes a third of the time of
    # `np.isfinite(values).all()` and no memory.
    if (
        values.dtype.kind == "f"
        and values.size
        and not (np.isfinite(values.max()) and np.isfinite(values.min()))
    ):
        raise ValueError(
            f"Input {name} contains a value too large for {values.dtype!r}."
        )
    return values


def check_stack(estimator, shape):
    """Reject images with the right number of pixels but another shape.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator, which knows `image_shape_`.
    shape : tuple of int
        Shape of the data. Rows have any shape.

    Raises
    ------
    ValueError
        If the shape of the images is not `image_shape_`.
    """
    if len(shape) > 2 and infer_image_shape(shape) != estimator.image_shape_:
        raise ValueError(
            f"X has images of shape {tuple(shape[1:])}, but {type(estimator).__name__} "
            f"is expecting images of shape {estimator.image_shape_}."
        )


def check_labels(y, *, name="y"):
    """Check that labels are those of a classification and can be sorted.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels.
    name : str, default="y"
        Name of the labels in the error message.

    Raises
    ------
    TypeError
        If the labels are bytes, or of types that cannot be compared.
    ValueError
        If the labels are continuous or missing.
    """
    if y.dtype == object and len({type(label) for label in y.tolist()}) > 1:
        try:
            sorted(set(y.tolist()))
        except TypeError:
            raise _not_uniform(y.tolist(), name) from None
    elif y.dtype == object and y.size and isinstance(y[0], (dict, list, set)):
        raise _not_uniform(y.tolist(), name)
    check_classification_targets(y)


def _not_uniform(labels, name):
    kinds = sorted({type(label).__name__ for label in labels})
    return TypeError(f"{name} must be uniformly strings or numbers. Got {kinds}.")


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
        If a label is not one of the classes.
    TypeError
        If a label cannot be hashed.
    """
    labels = column_or_1d(labels, warn=True).tolist()
    if not all(isinstance(label, Hashable) for label in labels):
        raise _not_uniform(labels, name)
    codes = {label: code for code, label in enumerate(np.asarray(classes).tolist())}
    try:
        found = map(codes.__getitem__, labels)
        return np.fromiter(found, dtype=np.int32, count=len(labels))
    except KeyError:
        unknown = sorted({label for label in labels if label not in codes}, key=str)
        raise ValueError(
            f"{name} contains unknown labels {unknown}. The classes are {list(codes)}."
        ) from None


def encode_groups(groups, X):
    """Encode the groups of images as integers.

    Parameters
    ----------
    groups : array-like of shape (n_samples,) or None
        Labels of any kind. A column is accepted.
    X : ndarray of shape (n_samples, n_features)
        Images.

    Returns
    -------
    codes : ndarray of shape (n_samples,), dtype int, or None
        Number of each image's group, in the order in which the groups appear.

    Raises
    ------
    ValueError
        If there is not one group per image, or a group is missing (None or NaN).
    TypeError
        If a group cannot be hashed.
    """
    if groups is None:
        return None
    import pandas as pd

    check_consistent_length(X, groups)
    # NumPy would turn a NaN in a list of strings into the string "nan".
    dtype = None if hasattr(groups, "dtype") else object
    groups = np.asarray(groups, dtype=dtype)
    if groups.shape not in ((len(X),), (len(X), 1)):
        raise ValueError(
            f"groups should be a 1d array, got an array of shape {groups.shape} "
            "instead."
        )
    groups = groups.ravel()
    if not all(isinstance(group, Hashable) for group in groups.tolist()):
        raise _not_uniform(groups.tolist(), "groups")
    codes, _ = pd.factorize(groups)
    if (codes < 0).any():
        raise ValueError("Input groups contains NaN.")
    return codes


def total_weights(sample_weight, class_weights, codes, X):
    """Multiply the weights of the samples by the weights of their classes.

    Only the ratios of weights have an effect. Both kinds of weights are therefore
    scaled by a power of two, so that no product and no sum overflows or vanishes.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or None
        Weights given by the user. None stands for equal weights.
    class_weights : ndarray of shape (n_classes,)
        Weights of the classes, finite and not negative.
    codes : ndarray of shape (n_samples,), dtype int
        Labels, encoded as positions in the classes.
    X : ndarray of shape (n_samples, n_features)
        Images. Their number must equal the number of weights.

    Returns
    -------
    weights : ndarray of shape (n_samples,), dtype float64
        Product of both weights for each sample, divided by a power of two, in a new
        array. Each weight is below 1.

    Raises
    ------
    ValueError
        If a sample weight is negative, NaN or infinite, or if no weight is positive.
    """
    weights = scaled_weights(sample_weight, X)
    of_classes = _by_power_of_two(class_weights)[codes]
    with np.errstate(under="ignore"):
        products = weights * of_classes
    products = _not_vanishing(products, (weights > 0) & (of_classes > 0))
    if not products.any():
        raise ValueError(
            "Every sample with a non-zero weight belongs to a class whose weight in "
            "class_weight is zero, so all samples have zero weight."
        )
    return products


def scaled_weights(sample_weight, X):
    """Check sample weights and scale them by a power of two.

    Scaling by a power of two is exact, so that results that depend on ratios of weights
    do not change.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or None
        Weights given by the user. None stands for equal weights.
    X : ndarray of shape (n_samples, n_features)
        Data. Their number must equal the number of weights.

    Returns
    -------
    weights : ndarray of shape (n_samples,), dtype float64
        Weights below 1, in a new array. The largest weight is at least 0.5.

    Raises
    ------
    ValueError
        If a weight is negative, NaN or infinite, or if no weight is positive.
    """
    with overflow_as_value_error("sample_weight"):
        weights = _check_sample_weight(
            sample_weight, X, dtype=np.float64, copy=True, ensure_non_negative=True
        )
    if not weights.any():
        raise ValueError(
            "Sample weights must contain at least one non-zero number. All samples "
            "have zero weight."
        )
    return _by_power_of_two(weights)


def _by_power_of_two(weights):
    """Divide weights by the smallest power of two that is larger than all of them."""
    with np.errstate(under="ignore"):
        scaled = np.ldexp(weights, -np.frexp(weights.max())[1])
    return _not_vanishing(scaled, weights > 0)


def _not_vanishing(weights, positive):
    """Replace positive weights that were rounded to 0, because 0 means unused."""
    return np.where(positive, np.maximum(weights, _SMALLEST), weights)


def all_or_nothing(method: _Method) -> _Method:
    """Decorate a method so that its estimator is unchanged if the method raises.

    Ctrl-C also counts as an error.

    Parameters
    ----------
    method : callable
        Method of an estimator that `_fit_context` has already decorated. After an
        error, `_fit_context` closes callbacks, which it finds in attributes of the
        estimator. This decorator removes these attributes, so it has to come last.

    Returns
    -------
    method : callable
        Decorated method.
    """

    @functools.wraps(method)
    def undoing(self, *args, **kwargs):
        before = dict(vars(self))
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            # In one assignment, because other threads may be predicting.
            self.__dict__ = before
            raise

    return undoing  # type: ignore[return-value]
