"""Networks for prediction: plain operations on folded weights, no Keras model."""

from itertools import pairwise

import keras
import numpy as np
import tensorflow as tf

from . import MONOTONIC_ACTIVATIONS
from ._builders import take_pixels
from ._layers import BATCH_NORM_EPSILON


def fold(weights):
    """Fold batch normalisation into the kernels and biases before it.

    In prediction it is a fixed scale and shift of each feature, which the convolution
    can do as well.

    Parameters
    ----------
    weights : list of ndarray
        Of a named architecture: each layer's kernel, and its bias, or its beta, moving
        mean and moving variance.

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


class FoldedBlocks:
    """The blocks, of folded weights handed over one after the other."""

    dtype = "float32"

    def __init__(self, weights):
        self._weights = iter(weights)

    def conv(
        self,
        x,
        units,
        kernel_size,
        *,
        strides=1,
        padding="same",
        pool=(1, 1),
        batch_norm,
        activation,
    ):
        """Convolution, bias, pooling and activation, in the order of `ConvBlock`."""
        x, strides = take_pixels(x, kernel_size, strides, self.dtype)
        kernel, bias = next(self._weights), next(self._weights)
        x = tf.nn.bias_add(tf.nn.conv2d(x, kernel, strides, padding.upper()), bias)
        activate = keras.activations.get(activation)
        if pool == (1, 1):
            return activate(x)
        if batch_norm or activation in MONOTONIC_ACTIVATIONS:
            return activate(tf.nn.max_pool2d(x, pool, pool, "VALID"))
        return tf.nn.max_pool2d(activate(x), pool, pool, "VALID")

    def dense(self, x, units, *, batch_norm, activation):
        """Dense layer, bias, activation."""
        return keras.activations.get(activation)(self._product(x))

    def dropout(self, x, rate):
        """Nothing, in prediction."""
        return x

    def logits(self, x, n_classes):
        """The last layer."""
        return self._product(x)

    def _product(self, x):
        return tf.nn.bias_add(tf.matmul(x, next(self._weights)), next(self._weights))
