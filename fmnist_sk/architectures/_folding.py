"""Batch normalisation folded into the layer before it."""

from itertools import pairwise

import numpy as np

from ._blocks import BATCH_NORM_EPSILON


def fold(weights):
    """Fold batch normalisation into the kernels and biases before it.

    In prediction, batch normalisation is a fixed scale and shift of each feature. The
    convolution before it can include both.

    Parameters
    ----------
    weights : list of ndarray
        Weights of a named architecture. Each layer has its kernel, followed either by
        its bias, or by its beta, moving mean and moving variance.

    Returns
    -------
    weights : list of ndarray of float32
        Kernel and bias of each layer.
    """
    kernels = [i for i, weight in enumerate(weights) if weight.ndim > 1]
    folded = []
    for first, last in pairwise([*kernels, len(weights)]):
        kernel, *rest = weights[first:last]
        if len(rest) == 3:
            beta, mean, variance = rest
            scale = 1 / np.sqrt(variance + np.float32(BATCH_NORM_EPSILON))
            kernel, rest = kernel * scale, [beta - mean * scale]
        folded += [kernel, *rest]
    return folded
