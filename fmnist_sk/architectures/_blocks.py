"""Base class of the three interpretations of the blocks in Keras."""

import keras


class Blocks:
    """Steps that an architecture is composed of.

    `FastBlocks`, `StockBlocks` and `FoldedBlocks` interpret them for training, for
    ordinary Keras models and for prediction. A subclass adds the steps with weights,
    and dropout:

    - `conv(x, filters, kernel_size, *, strides=1, padding="same", pool_size=(1, 1),
      batch_norm, activation)`: convolution, max-pooling, batch normalisation or bias,
      activation;
    - `dense(x, units, *, batch_norm, activation)`: dense layer, batch normalisation or
      bias, activation;
    - `dropout(x, rate)`: dropout, unless the rate is 0;
    - `logits(x, n_classes)`: the output, in float32 in every interpretation.

    Attributes
    ----------
    dtype : {"float32", "mixed_bfloat16"}
        Number format or Keras's policy of the steps.
    """

    dtype = "float32"

    def flatten(self, x):
        """Turn maps into features, one per pixel and map."""
        return keras.layers.Flatten()(x)

    def global_average_pool(self, x):
        """Turn maps into features, one per map."""
        return keras.layers.GlobalAveragePooling2D(dtype=self.dtype)(x)

    def activated_sum(self, x, shortcut, activation):
        """Add two stacks of maps of the same shape and apply an activation."""
        x = keras.layers.Add(dtype=self.dtype)([x, shortcut])
        return self._activation_of_sum(x, activation)

    def average(self, logits):
        """Average the logits of several networks."""
        return keras.layers.Average(dtype="float32")(logits)

    def _activation_of_sum(self, x, activation):
        return keras.layers.Activation(activation, dtype=self.dtype)(x)

    def _take_pixels(self, x, kernel_size, strides):
        """Replace the strides of a convolution of single pixels by taking pixels.

        The result is the same. In TensorFlow 2.21, the gradient of the strided
        convolution writes beyond its memory for some numbers of filters and images (8
        filters, 15 images).
        """
        if kernel_size != (1, 1) or strides == 1:
            return x, strides
        pixels = keras.layers.MaxPooling2D(
            1, strides=strides, padding="same", dtype=self.dtype
        )
        return pixels(x), 1


def split_mish(x):
    """Compute mish in a form that TensorFlow's graph optimizer leaves alone.

    The optimizer recognises softplus, tanh and product as one operation. It then fuses
    this operation with a convolution, its bias and a sum before it. A CPU has no
    implementation of the result: "Fusion is not implemented: [BiasAdd,Add,Mish]"
    (TensorFlow 2.21). Tanh is odd, so the two signs cancel.
    """
    return -x * keras.ops.tanh(-keras.ops.softplus(x))
