"""Blocks for prediction: plain operations with folded batch normalisation."""

import keras
import tensorflow as tf

from ._activations import MONOTONIC_ACTIVATIONS
from ._keras_blocks import KerasBlocks, split_mish


class FoldedBlocks(KerasBlocks):
    """Blocks of plain operations on folded weights.

    Parameters
    ----------
    weights : iterable of tensor
        Weights that `fold` returns, in the same order.
    """

    def __init__(self, weights):
        self._weights = iter(weights)

    def conv(
        self,
        x,
        filters,
        kernel_size,
        *,
        strides=1,
        padding="same",
        pool_size=(1, 1),
        batch_norm,
        activation,
    ):
        """Apply convolution, bias, pooling and activation, ordered like `ConvBlock`."""
        x, strides = self._take_pixels(x, kernel_size, strides)
        kernel, bias = next(self._weights), next(self._weights)
        x = tf.nn.bias_add(tf.nn.conv2d(x, kernel, strides, padding.upper()), bias)
        activate = keras.activations.get(activation)
        if pool_size == (1, 1):
            return activate(x)
        if batch_norm or activation in MONOTONIC_ACTIVATIONS:
            return activate(tf.nn.max_pool2d(x, pool_size, pool_size, "VALID"))
        return tf.nn.max_pool2d(activate(x), pool_size, pool_size, "VALID")

    def dense(self, x, units, *, batch_norm, activation):
        """Apply a dense layer, bias and activation."""
        return keras.activations.get(activation)(self._product(x))

    def dropout(self, x, rate):
        """Return x unchanged, because nothing is dropped in prediction."""
        return x

    def logits(self, x, n_classes):
        """Apply the output layer."""
        return self._product(x)

    def _activation_of_sum(self, x, activation):
        if activation == "mish":
            return split_mish(x)
        return super()._activation_of_sum(x, activation)

    def _product(self, x):
        return tf.nn.bias_add(tf.matmul(x, next(self._weights)), next(self._weights))
