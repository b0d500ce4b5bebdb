"""The temperature that makes probabilities match held-out images."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

# Of the logarithm; no useful network needs more than a factor of 50.
_BOUNDS = -4.0, 4.0
# Standard deviation of the logarithm before any held-out image is seen. If all of them
# are right, the log loss alone falls without end as the temperature falls. On 200 to
# 540 digits the temperature was .02 to .06 and the test log loss .27 to 1.67. With the
# prior, it is at most .009 above its value at temperature 1. Where there are errors to
# learn from, the prior costs at most .005: see examples/benchmarks/temperature.py.
PRIOR_DEVIATION = 0.35


def fit_temperature(logits, codes, sample_weight, deviation=PRIOR_DEVIATION):
    """Find the temperature of the largest posterior probability.

    It minimises the log loss (Guo et al., arXiv:1706.04599, sec. 4.2) under a normal
    prior on its logarithm, centred at temperature 1. Some hundred held-out images with
    a few errors outweigh the prior.

    Parameters
    ----------
    logits : ndarray of shape (n, n_classes)
        Logits of held-out images.
    codes : ndarray of shape (n,) of int
        Classes of the images.
    sample_weight : ndarray of shape (n,)
        Weights of the images, with a mean of 1.
    deviation : float
        Standard deviation of the prior.

    Returns
    -------
    temperature : float
        Divisor of the logits.
    """
    rows = np.arange(len(codes))

    def loss(log_temperature):
        log_proba = log_softmax(logits / np.exp(log_temperature), axis=1)
        prior = 0.5 * (log_temperature / deviation) ** 2
        return prior - np.sum(sample_weight * log_proba[rows, codes])

    found = minimize_scalar(loss, bounds=_BOUNDS, method="bounded")
    return float(np.exp(found.x))
