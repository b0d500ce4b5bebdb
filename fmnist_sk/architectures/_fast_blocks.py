"""Blocks for training, with one layer each."""

import keras

from ._fast_layers import ConvBlock, DenseBlock, Dropout
from ._keras_blocks import KerasBlocks


class LayeredBlocks(KerasBlocks):
    """Blocks made of Keras layers.

    Attributes
    ----------
    layers : list of keras.layers.Layer
        Layers with weights, in the order of their creation. All interpretations of the
        blocks keep a network's weights in this order.
    """

    def __init__(self):
        self.layers = []

    def logits(self, x, n_classes, **options):
        """Apply the output layer."""
        # The name marks the output layer. An ensemble has several output layers.
        n_before = sum(layer.name.startswith("logits") for layer in self.layers)
        name = f"logits_{n_before}" if n_before else "logits"
        return self._apply(keras.layers.Dense(n_classes, name=name, **options), x)

    def _apply(self, layer, x):
        self.layers.append(layer)
        return layer(x)


class FastBlocks(LayeredBlocks):
    """Blocks of one layer each that train fast on a CPU.

    Parameters
    ----------
    dtype : {"float32", "mixed_bfloat16"}, default="float32"
        Number format or Keras's policy of the steps.
    """

    def __init__(self, dtype="float32"):
        super().__init__()
        self.dtype = dtype

    def conv(self, x, filters, kernel_size, *, strides=1, **options):
        """Apply a convolution, pooling, normalisation or bias, and an activation."""
        x, strides = self._take_pixels(x, kernel_size, strides)
        block = ConvBlock(
            filters, kernel_size, strides=strides, dtype=self.dtype, **options
        )
        return self._apply(block, x)

    def dense(self, x, units, **options):
        """Apply a dense layer, normalisation or bias, and an activation."""
        return self._apply(DenseBlock(units, dtype=self.dtype, **options), x)

    def dropout(self, x, rate):
        """Drop features while training, unless the rate is 0."""
        return Dropout(rate, dtype=self.dtype)(x) if rate else x

    def logits(self, x, n_classes):
        """Apply the output layer, in float32."""
        # Training sets the weights, so random initial values would never be used.
        return super().logits(x, n_classes, kernel_initializer="zeros", dtype="float32")
