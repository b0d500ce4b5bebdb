"""Metrics that scikit-learn does not have."""

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array, check_consistent_length, column_or_1d

from ._compat import Interval, validate_params
from ._validation import (
    check_labels,
    encode_labels,
    overflow_as_value_error,
    scaled_weights,
)


@validate_params(
    {
        "y_true": ["array-like"],
        "y_proba": ["array-like"],
        "labels": ["array-like", None],
        "n_bins": [Interval(Integral, 1, None, closed="left")],
        "sample_weight": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def expected_calibration_error(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    n_bins: int = 15,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Compute the expected calibration error.

    Predictions are grouped into bins by the probability of the predicted class, the
    confidence. In each bin the mean confidence is compared with the accuracy. The error
    is the mean absolute difference, weighted by the number of predictions in a bin
    [1]_.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.

    y_proba : array-like of shape (n_samples, n_classes)
        Probability of each class, as returned by `predict_proba`.

    labels : array-like of shape (n_classes,), default=None
        Labels in the order of the columns of `y_proba`. None stands for the sorted
        labels in `y_true`.

    n_bins : int, default=15
        Number of bins, of equal width from 0 to 1.

    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights. None stands for equal weights.

    Returns
    -------
    error : float
        Error from 0 (best) to 1.

    Raises
    ------
    ValueError
        If the numbers of samples or classes are inconsistent, a value in `y_proba` is
        not between 0 and 1, or no sample has a positive weight.
    TypeError
        If the labels are not uniformly strings or numbers.

    See Also
    --------
    sklearn.metrics.log_loss : Loss that measures calibration and accuracy together.
    sklearn.calibration.CalibrationDisplay : Calibration curve of two classes.

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern
       neural networks", arXiv:1706.04599, section 2.

    Examples
    --------
    >>> from fmnist_sk.metrics import expected_calibration_error
    >>> y_proba = [[0.9, 0.1], [0.9, 0.1], [0.3, 0.7], [0.3, 0.7]]
    >>> round(expected_calibration_error([0, 0, 1, 0], y_proba), 3)
    0.15
    """
    with overflow_as_value_error("y_proba"):
        proba = check_array(y_proba, dtype=np.float64, input_name="y_proba")
    check_consistent_length(y_true, proba, sample_weight)
    if proba.min() < 0 or proba.max() > 1:
        raise ValueError(
            "y_proba must contain values between 0 and 1. Got values between "
            f"{proba.min()} and {proba.max()} instead."
        )
    y_true = column_or_1d(y_true, warn=True)
    check_labels(y_true, name="y_true")
    classes = np.unique(y_true) if labels is None else column_or_1d(labels)
    if len(classes) != proba.shape[1]:
        raise ValueError(
            f"The number of classes in labels or y_true is {len(classes)}, but y_proba "
            f"has {proba.shape[1]} columns. Pass all classes as labels."
        )
    right = proba.argmax(axis=1) == encode_labels(y_true, classes, name="y_true")
    weight = scaled_weights(sample_weight, proba)
    confidence = proba.max(axis=1)
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    excess = np.bincount(bins, weight * (confidence - right), minlength=n_bins)
    return float(np.abs(excess).sum() / weight.sum())
