"""Blocks of stock Keras layers, for models that load without this package."""

import keras

from ._blocks import BATCH_NORM_EPSILON
from ._fast_blocks import LayeredBlocks
from ._keras_blocks import split_mish


class StockBlocks(LayeredBlocks):
    """Blocks of stock Keras layers, with the same weights in the same order."""

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
        """Apply a convolution, pooling, normalisation or bias, and an activation."""
        x, strides = self._take_pixels(x, kernel_size, strides)
        layer = keras.layers.Conv2D(
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            use_bias=not batch_norm,
            activation=None if batch_norm else activation,
        )
        x = self._apply(layer, x)
        if pool_size != (1, 1):
            x = keras.layers.MaxPooling2D(pool_size)(x)
        return self._normalise(x, activation) if batch_norm else x

    def dense(self, x, units, *, batch_norm, activation):
        """Apply a dense layer, normalisation or bias, and an activation."""
        layer = keras.layers.Dense(
            units,
            use_bias=not batch_norm,
            activation=None if batch_norm else activation,
        )
        x = self._apply(layer, x)
        return self._normalise(x, activation) if batch_norm else x

    def dropout(self, x, rate):
        """Drop features while training, unless the rate is 0."""
        return keras.layers.Dropout(rate)(x) if rate else x

    def _normalise(self, x, activation):
        layer = keras.layers.BatchNormalization(scale=False, epsilon=BATCH_NORM_EPSILON)
        x = self._apply(layer, x)
        return keras.layers.Activation(activation)(x)

    def _activation_of_sum(self, x, activation):
        if activation == "mish":
            return split_mish(x)
        return super()._activation_of_sum(x, activation)
