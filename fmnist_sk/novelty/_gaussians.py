"""Gaussian distributions of features, one per predicted class."""

from __future__ import annotations

import functools
import threading

import numpy as np

from .._compat import _threadpool_controller_decorator

_BLAS_LOCK = threading.RLock()


def with_one_blas_thread(function):
    """Decorate a function that computes matrix products with one thread.

    The limit holds for the whole process. Threads that set it at the same time would
    undo each other's limit, and the results would differ in the last digits, so one
    thread calls such a function at a time.
    """
    limited = _threadpool_controller_decorator(limits=1, user_api="blas")(function)

    @functools.wraps(function)
    def call(*args, **kwargs):
        with _BLAS_LOCK:
            return limited(*args, **kwargs)

    return call


# Gaussian distributions, as a dict of arrays:
# - "centre" and "scale" of shape (n_features,), which standardise the features,
# - "means" of shape (n_gaussians, n_features),
# - "factors" of shape (n_gaussians, n_features, n_features): lower triangular matrices.
#   The product with a deviation from the mean has uncorrelated elements of variance 1.


# With one thread, so that the number of cores does not change the last bits.
@with_one_blas_thread
def fit_gaussians(codes, features):
    """Fit one Gaussian to the features of each class that is predicted."""
    centre, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale <= 1e-12 * np.abs(centre)] = 1.0
    standardised = (features - centre) / scale
    n, n_features = features.shape
    classes = [standardised[codes == code] for code in np.unique(codes)]
    means = [each.mean(axis=0) for each in classes]
    scatters = [
        (each - mean).T @ (each - mean)
        for each, mean in zip(classes, means, strict=True)
    ]
    pooled = (sum(scatters) + n_features * np.eye(n_features)) / (n + n_features)
    covariances = [
        (scatter + n_features * pooled) / (len(each) + n_features)
        for each, scatter in zip(classes, scatters, strict=True)
    ]
    factors = np.linalg.inv(np.linalg.cholesky(np.stack(covariances)))
    return {
        "centre": centre,
        "scale": scale,
        "means": np.stack(means),
        "factors": factors,
    }


def log_density(gaussians, features):
    """Return the logarithm of the largest density at each image's features."""
    standardised = (features - gaussians["centre"]) / gaussians["scale"]
    densities = [
        np.log(np.diag(factor)).sum()
        - 0.5 * (((standardised - mean) @ factor.T) ** 2).sum(axis=1)
        for mean, factor in zip(gaussians["means"], gaussians["factors"], strict=True)
    ]
    constant = np.log(gaussians["scale"]).sum()
    constant += 0.5 * features.shape[1] * np.log(2 * np.pi)
    return np.max(densities, axis=0) - constant
