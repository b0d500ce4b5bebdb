"""The temperature that makes probabilities match held-out images."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

# Of the logarithm; no network worth having needs more than a factor of 50.
_BOUNDS = -4.0, 4.0


def fit_temperature(logits, y, sample_weight):
    """Find the temperature of the lowest log loss (Guo et al., arXiv:1706.04599).

    Parameters
    ----------
    logits : ndarray of shape (n, n_classes)
        Of held-out images.
    y : ndarray of shape (n,) of int
        Their classes.
    sample_weight : ndarray of shape (n,)
        Their weights.

    Returns
    -------
    temperature : float
        What logits are to be divided by.
    """
    rows = np.arange(len(y))

    def log_loss(log_temperature):
        probabilities = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -np.average(probabilities[rows, y], weights=sample_weight)

    found = minimize_scalar(log_loss, bounds=_BOUNDS, method="bounded")
    return float(np.exp(found.x))
