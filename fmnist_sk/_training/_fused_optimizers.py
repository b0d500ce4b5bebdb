"""Keras's Adam and SGD, with the update of a weight in one operation.

Keras composes an update from a dozen elementwise operations. Each operation reads and
writes all weights, which takes a fifth of the training time of a network with a dense
layer and batches of 64. TensorFlow has single operations for the same formulas.
"""

import keras
import tensorflow as tf


class FusedAdamW(keras.optimizers.AdamW):
    """AdamW, which is Adam if the weight decay is 0."""

    def apply(self, grads, trainable_variables=None):
        """Update all variables."""
        step = tf.cast(self.iterations + 1, tf.float32)
        self._powers = tf.pow(self.beta_1, step), tf.pow(self.beta_2, step)
        super().apply(grads, trainable_variables)

    def update_step(self, gradient, variable, learning_rate):
        """Update a `tf.Variable` and its two moments."""
        i = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[i].value.handle,
            v=self._velocities[i].value.handle,
            beta1_power=self._powers[0],
            beta2_power=self._powers[1],
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


class FusedSGD(keras.optimizers.SGD):
    """SGD, with or without momentum."""

    def update_step(self, gradient, variable, learning_rate):
        """Update a `tf.Variable` and its momentum."""
        rate = tf.cast(learning_rate, tf.float32)
        if not self.momentum:
            tf.raw_ops.ResourceApplyGradientDescent(
                var=variable.handle, alpha=rate, delta=gradient
            )
            return
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=self.momentums[self._get_variable_index(variable)].value.handle,
            lr=rate,
            grad=gradient,
            momentum=self.momentum,
            use_nesterov=self.nesterov,
        )


FUSED = {"adamw": FusedAdamW, "adam": FusedAdamW, "sgd": FusedSGD}
