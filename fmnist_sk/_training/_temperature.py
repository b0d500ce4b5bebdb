"""Temperature scaling on held-out images."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

# Bounds of the logarithm. No useful network needs a factor of more than 50.
_BOUNDS = -4.0, 4.0
# Standard deviation of the prior of the logarithm. If all held-out images are
# classified correctly, the log loss decreases without limit as the temperature falls.
# Without a prior, the temperature was .02 to .06 on 200 to 540 digits, and the test log
# loss .27 to 1.67. With the prior, the test log loss is at most .009 above its value at
# temperature 1. If there are errors among the held-out images, the prior costs at most
# .005 of log loss. See examples/benchmarks/temperature.py.
PRIOR_DEVIATION = 0.35


def fit_temperature(logits, codes, sample_weight, deviation=PRIOR_DEVIATION):
    """Find the temperature with the largest posterior probability.

    The temperature minimises the log loss (Guo et al., arXiv:1706.04599, sec. 4.2) with
    a normal prior on the logarithm of the temperature, centred at temperature 1. A
    few hundred held-out images with some errors outweigh the prior.

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
