"""Compiled training graph: many optimizer steps per call, reused across fits."""

from functools import partial

import numpy as np
import tensorflow as tf

from .. import _engine
from .._batches import activation_bytes
from ..architectures import to_keras
from ._normalisation import Normalisation

# Largest momentum of the moving statistics. The momentum starts at 0 and grows, so that
# the statistics after k steps are the mean of k batches. With Keras's usual 0.99 from
# the start, the initial values would still count after a short training run.
_BATCH_NORM_MOMENTUM = 0.9

# A batch is divided into two shards, which keep two cores busy, and a large batch into
# more, which also keep more cores busy. Batch normalisation needs shards that are not
# too small. The graph grows with their number.
_SMALLEST_SHARD, _LARGE_SHARD, _MAX_SHARDS = 16, 64, 8


class TrainingGraph:
    """A network with its optimizer, compiled once and trained many times.

    All state (weights, optimizer variables, seeds of dropout) is set when a run starts,
    so that nothing carries over from the previous run.

    Parameters
    ----------
    network : Network
        Network to train.
    """

    def __init__(self, network):
        self.network = network
        self.model = network.model
        self.compiled = False
        self.train_steps = CompiledFunction(self._train_steps)
        self.evaluate_batch = CompiledFunction(self._evaluate_batch)
        # Variables, so that a search can vary them without compiling another graph.
        (
            self._weight_decay,
            self._label_smoothing,
            self._dropout,
            self._momentum,
            self._largest_momentum,
            self._steps_before,
        ) = (tf.Variable(0.0, trainable=False) for _ in range(6))

    @property
    def optimizer(self):
        """The Keras optimizer."""
        return self.model.optimizer

    @property
    def loss(self):
        """Function from labels and logits to the loss of each image."""
        return self._loss

    def compile(self, optimizer, loss, **_):
        """Set the optimizer and the loss. SciKeras calls this once per graph."""
        self._loss = lambda labels, logits: loss(labels, logits, self._label_smoothing)
        with _engine.building():
            # Weight decay on biases, shifts and scales does not regularise a network.
            optimizer.exclude_from_weight_decay(
                [v for v in self.model.trainable_variables if len(v.shape) < 2]
            )
            optimizer.weight_decay = self._weight_decay
            optimizer.build(self.model.trainable_variables)
        self.model.optimizer = optimizer  # callbacks read it there
        self._fresh_optimizer = self.optimizer_state()
        self.network.connect(
            momentum=self._momentum.read_value, dropout=self._dropout.read_value
        )
        self._trainable = list(self.model.trainable_variables)
        in_weights = {id(v) for v in self.model.weights}
        self._seeds = [v for v in self.model.variables if id(v) not in in_weights]
        self.compiled = True

    @property
    def reusable(self):
        """Whether another run can use the graph. Not after a callback froze layers."""
        now = self.model.trainable_variables
        return self.compiled and list(map(id, now)) == list(map(id, self._trainable))

    def set_state(self, plan, start):
        """Set the whole state that a run starts from.

        Parameters
        ----------
        plan : Plan
            Plan of the run.
        start : StartingPoint
            Weights, optimizer state and moving statistics, all resolved.
        """
        self.network.set_weights(start.weights)
        self.set_optimizer_state(start.optimizer_state or self._fresh_optimizer)
        self._weight_decay.assign(plan.weight_decay)
        self._label_smoothing.assign(plan.label_smoothing)
        self._dropout.assign(plan.description.dropout)
        # A batch that is smaller than earlier batches counts less in the statistics.
        relative = min(1.0, plan.batch_size / max(1, start.batch_size))
        keep = _BATCH_NORM_MOMENTUM
        self._largest_momentum.assign(
            keep if relative == 1 else 1 - (1 - keep) * relative
        )
        self._iterations_before = int(self.optimizer.iterations.numpy())
        self._steps_before.assign(
            start.n_images / plan.batch_size - self._iterations_before
        )
        # ModelCheckpoint saves this model.
        self.network.save_as(partial(self._as_keras_model, plan, start.normalisation))

    def n_shards(self, batch_size):
        """Return the number of shards of batches of at least so many images.

        The number depends on the network and the batch alone, so that the result of
        training does not depend on the machine.
        """
        if not self.network.can_be_sharded:
            return 1
        few, many = batch_size // _SMALLEST_SHARD, batch_size // _LARGE_SHARD
        return max(1, min(2, few), min(_MAX_SHARDS, many))

    def optimizer_state(self):
        """Return copies of the optimizer's variables as arrays."""
        return [v.numpy().copy() for v in self.optimizer.variables]

    def set_optimizer_state(self, state):
        """Set the optimizer's variables."""
        for variable, value in zip(self.optimizer.variables, state, strict=True):
            variable.assign(value)

    def n_steps(self):
        """Return the number of steps since `set_state`."""
        return int(self.optimizer.iterations.numpy()) - self._iterations_before

    def _as_keras_model(self, plan, normalisation):
        """Return the present network as `to_keras` of the estimator does."""
        return to_keras(
            plan.description,
            self.network.get_weights(),
            normalisation,
            tta=plan.views,
            temperature=1.0 if plan.temperature == "auto" else plan.temperature,
        )

    def set_seeds(self, rng):
        """Draw the seeds of dropout for an epoch."""
        for variable in self._seeds:
            variable.assign(rng.integers(2**32, size=variable.shape, dtype=np.uint32))

    def _train_steps(self, images, mean, factor, edges, rates, *labels, n_shards):
        """Train on batches; see `LabelledImages.augmented`.

        The shards of a batch pass through the network independently of each other, so
        that TensorFlow runs them side by side. Their number does not depend on the
        number of threads, and neither do the bits of the result.
        """
        variables = self._trainable

        def train_step(step, totals):
            first, size = edges[step], edges[step + 1] - edges[step]
            cuts = [first + size * k // n_shards for k in range(n_shards + 1)]
            done = tf.cast(self.optimizer.iterations, tf.float32) + self._steps_before
            self._momentum.assign(tf.minimum(self._largest_momentum, done / (done + 1)))
            with tf.GradientTape() as tape, self.network.collecting_statistics():
                sums = []
                for shard in map(slice, cuts, cuts[1:]):
                    pixels = Normalisation.in_graph(images[shard], mean, factor)
                    logits = self.network.to_logits(self.model(pixels, training=True))
                    sums.append(self._sums(logits, *(part[shard] for part in labels)))
                sums = tf.add_n(sums)
                objective = sums[0] / tf.cast(size, tf.float32)
                if self.model.losses:  # regularizers of a user's architecture
                    objective += tf.add_n(self.model.losses)
            self.optimizer.learning_rate.assign(rates[step])
            self.optimizer.apply(tape.gradient(objective, variables), variables)
            return step + 1, totals + tf.cast(sums, tf.float64)

        # Exact, so that the number of steps per call has no effect.
        nothing = tf.zeros(3, tf.float64)
        _, totals = tf.while_loop(
            lambda step, _: step < tf.size(rates), train_step, (0, nothing)
        )
        return totals

    def _evaluate_batch(self, images, mean, factor, codes, weights):
        pixels = Normalisation.in_graph(images, mean, factor)
        logits = self.network.to_logits(self.model(pixels, training=False))
        return self._sums(logits, codes, weights)

    def _sums(
        self,
        logits,
        codes,
        weights,
        partner_codes=None,
        partner_weights=None,
        shares=None,
    ):
        """Return the sums of weighted losses, correct predictions and weights."""
        if partner_codes is not None:
            return self._sums(logits, codes, shares * weights) + self._sums(
                logits, partner_codes, (1 - shares) * partner_weights
            )
        predicted = tf.argmax(logits, axis=1, output_type=codes.dtype)
        hits = tf.cast(predicted == codes, tf.float32)
        values = self._loss(codes, logits), hits, tf.ones_like(hits)
        return tf.stack([tf.reduce_sum(weights * v) for v in values])


class CompiledFunction:
    """A function of arrays, traced once for each dtype of images and each option.

    Parameters
    ----------
    function : callable
        Function of tensors and options. The first tensor is a batch of images.
    """

    def __init__(self, function):
        self._function, self.traces = function, {}

    def __call__(self, *arrays, **options):
        """Call the traced function with NumPy arrays."""
        tensors = [tf.constant(array) for array in arrays]
        return self._trace(tensors, options)(*tensors).numpy()

    def activation_bytes(self, *arrays):
        """Estimate the bytes of activations per image for arrays of this form."""
        return activation_bytes(self._trace([tf.constant(a) for a in arrays], {}))

    def _trace(self, tensors, options):
        key = tensors[0].dtype, len(tensors), *options.items()
        if key not in self.traces:
            signature = [tf.TensorSpec([None, *t.shape[1:]], t.dtype) for t in tensors]
            with _engine.building():
                # AutoGraph would take longer to rewrite Keras than tracing takes.
                self.traces[key] = tf.function(
                    partial(self._function, **options),
                    jit_compile=False,
                    autograph=False,
                ).get_concrete_function(*signature)
        return self.traces[key]
