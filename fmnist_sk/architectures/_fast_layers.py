"""Layers that train fast on a CPU: one per block with weights, and dropout.

A convolution, max-pooling, batch normalisation or bias, and activation are one layer
here, for two reasons. First, pooling before the elementwise operations leaves them a
quarter of the pixels. Max-pooling commutes with adding a bias and with any monotonic
activation, so the result is that of the textbook order. Second, the fused batch
normalisation of TensorFlow takes bfloat16 images with float32 statistics, whereas
Keras's own layer casts everything to float32 and back.

Batch normalisation has a learned shift, but no learned scale, because the next layer
can scale. Its factors are therefore positive, so it commutes with max-pooling, and for
prediction it folds into the convolution before it.
"""

from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from ._activations import MONOTONIC_ACTIVATIONS
from ._folding import BATCH_NORM_EPSILON

# oneDNN normalises bfloat16 maps in multiples of this number. Other numbers of maps
# take ten times as long, which is three times as long as casting them to float32 and
# back.
_BFLOAT16_LANES = 16


class Block(keras.layers.Layer):
    """Base class of convolutional and dense blocks: bias or norm, and activation."""

    def __init__(self, units, *, batch_norm, activation, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.batch_norm = batch_norm
        self.activation = activation
        # Function that returns the share of the moving statistics that a step keeps.
        # Training sets it, because the share starts at 0 and is not a weight.
        self.momentum = None
        # Statistics of the shards of a batch, while a step collects them.
        self._shards = None

    def _add_weights(self, kernel_shape):
        # The weights are zeros, because training and prediction set them. Random values
        # would advance the global generators and never be used.
        self.kernel = self.add_weight(
            name="kernel", shape=kernel_shape, initializer="zeros"
        )
        shape = (self.units,)
        if not self.batch_norm:
            self.bias = self.add_weight(name="bias", shape=shape, initializer="zeros")
            return
        for name, initializer, trainable in (
            ("beta", "zeros", True),
            ("moving_mean", "zeros", False),
            ("moving_variance", "ones", False),
        ):
            weight = self.add_weight(
                name=name,
                shape=shape,
                initializer=initializer,
                trainable=trainable,
                autocast=False,
            )
            setattr(self, name, weight)

    def _shift(self, x, training):
        """Apply batch normalisation, or add the bias."""
        if not self.batch_norm:
            return x + keras.ops.cast(self.bias, x.dtype)
        if not training:
            scale = keras.ops.rsqrt(self.moving_variance + BATCH_NORM_EPSILON)
            offset = self.beta - self.moving_mean * scale
            return x * keras.ops.cast(scale, x.dtype) + keras.ops.cast(offset, x.dtype)
        rank4 = x if x.shape.rank == 4 else x[:, None, None, :]
        if self.units % _BFLOAT16_LANES:
            rank4 = tf.cast(rank4, tf.float32)
        y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=rank4,
            scale=tf.ones(self.units),
            offset=self.beta.value,
            mean=tf.constant([], tf.float32),
            variance=tf.constant([], tf.float32),
            epsilon=BATCH_NORM_EPSILON,
            is_training=True,
        )
        if self._shards is None:
            self._update_statistics(mean, variance)
        else:
            n_values = tf.cast(tf.size(rank4) // self.units, tf.float32)
            self._shards.append((n_values, mean, variance))
        y = tf.cast(y, x.dtype)
        return y if x.shape.rank == 4 else y[:, 0, 0, :]

    def _update_statistics(self, mean, variance):
        keep = self.momentum() if self.momentum is not None else 0.9
        self.moving_mean.assign(self.moving_mean * keep + mean * (1 - keep))
        self.moving_variance.assign(self.moving_variance * keep + variance * (1 - keep))

    @contextmanager
    def collecting_statistics(self):
        """Update the moving statistics once, by those of all calls in the context.

        The calls get shards of one batch. Each shard is normalised by its own
        statistics, and the moving statistics are updated by those of the whole batch.

        Yields
        ------
        None
            No value.
        """
        self._shards = []
        try:
            yield
            if self._shards:
                self._update_statistics(*_pooled(*zip(*self._shards, strict=True)))
        finally:
            self._shards = None

    def _activate(self, x):
        return keras.activations.get(self.activation)(x)

    def get_config(self):
        """Return the arguments of the constructor, as Keras saves them."""
        return {
            **super().get_config(),
            "units": self.units,
            "batch_norm": self.batch_norm,
            "activation": self.activation,
        }


def _pooled(sizes, means, variances):
    """Return the mean and the unbiased variance of all values of several samples."""
    if len(sizes) == 1:
        return means[0], variances[0]
    n_values = tf.add_n(sizes)
    mean = tf.add_n([n * m for n, m in zip(sizes, means, strict=True)]) / n_values
    squares = [
        (n - 1) * v + n * tf.square(m - mean)
        for n, m, v in zip(sizes, means, variances, strict=True)
    ]
    return mean, tf.add_n(squares) / (n_values - 1)


@keras.saving.register_keras_serializable("fmnist_sk")
class ConvBlock(Block):
    """Convolution, max-pooling, batch normalisation or bias, activation."""

    def __init__(
        self,
        units,
        kernel_size,
        *,
        strides=1,
        padding="same",
        pool_size=(1, 1),
        **kwargs,
    ):
        super().__init__(units, **kwargs)
        self.kernel_size = tuple(kernel_size)
        self.strides = strides
        self.padding = padding
        self.pool_size = tuple(pool_size)

    def build(self, input_shape):
        """Create the weights."""
        self._add_weights((*self.kernel_size, input_shape[-1], self.units))
        rows, columns = (
            _used_taps(*sizes, self.strides, self.padding)
            for sizes in zip(input_shape[1:3], self.kernel_size, strict=True)
        )
        self._used = np.outer(rows, columns)[:, :, None, None]

    def call(self, x, training=False):
        """Apply the block to images `(n, height, width, channels)`."""
        kernel = self.kernel
        if not self._used.all():
            # The gradient of the other taps is 0. In bfloat16, oneDNN returns arbitrary
            # values from memory instead.
            kernel = keras.ops.where(self._used, kernel, keras.ops.zeros_like(kernel))
        # A callback can call the network while Keras's global data format differs.
        x = keras.ops.conv(
            x,
            kernel,
            strides=self.strides,
            padding=self.padding,
            data_format="channels_last",
        )
        pool_first = self.batch_norm or self.activation in MONOTONIC_ACTIVATIONS
        if pool_first:
            x = self._max_pool(x)
        x = self._activate(self._shift(x, training))
        return x if pool_first else self._max_pool(x)

    def _max_pool(self, x):
        if self.pool_size == (1, 1):
            return x
        return keras.ops.max_pool(
            x,
            self.pool_size,
            strides=self.pool_size,
            padding="valid",
            data_format="channels_last",
        )

    def get_config(self):
        """Return the arguments of the constructor, as Keras saves them."""
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "pool_size": self.pool_size,
        }


def _used_taps(size, kernel, stride, padding):
    """Return, for each row of a kernel, whether it ever meets a pixel of the image."""
    if padding == "valid":
        return [True] * kernel
    n_outputs = -(-size // stride)
    before = max((n_outputs - 1) * stride + kernel - size, 0) // 2
    return [
        any(0 <= i * stride + tap - before < size for i in range(n_outputs))
        for tap in range(kernel)
    ]


@keras.saving.register_keras_serializable("fmnist_sk")
class DenseBlock(Block):
    """Dense layer, batch normalisation or bias, activation."""

    def build(self, input_shape):
        """Create the weights."""
        self._add_weights((input_shape[-1], self.units))

    def call(self, x, training=False):
        """Apply the block to features `(n, n_features)`."""
        return self._activate(self._shift(keras.ops.matmul(x, self.kernel), training))


@keras.saving.register_keras_serializable("fmnist_sk")
class Dropout(keras.layers.Layer):
    """Dropout whose rate training can set, so that all rates share a graph."""

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.current_rate = None
        self.seed_generator = keras.random.SeedGenerator(0)
        self.built = True

    def call(self, x, training=False):
        """Drop features of `x` while training."""
        if not training:
            return x
        rate = self.rate if self.current_rate is None else self.current_rate()
        return tf.nn.experimental.stateless_dropout(
            x,
            rate=tf.cast(rate, x.dtype),
            seed=tf.cast(self.seed_generator.next(), tf.int32),
            rng_alg="philox",
        )

    def get_config(self):
        """Return the arguments of the constructor, as Keras saves them."""
        return {**super().get_config(), "rate": self.rate}
