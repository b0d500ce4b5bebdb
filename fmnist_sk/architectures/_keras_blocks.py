"""Base class of the interpretations of the blocks that Keras computes."""

import keras

from ._blocks import Blocks


class KerasBlocks(Blocks):
    """Blocks whose steps without weights are stock Keras layers.

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
