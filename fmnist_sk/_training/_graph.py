"""The compiled training graph: many optimizer steps a call, reused across fits."""

import keras
import numpy as np
import tensorflow as tf

from .. import _engine
from ._progress import Progress
from ._schedules import learning_rates

# Steps a call of the graph. A call costs about a millisecond of Python; the images of
# a call are gathered, and augmented, at once.
_STEPS_PER_CALL = 64
_BYTES_PER_CALL = 16 * 2**20
_ROWS_PER_EVALUATION = 512
# The share of the moving statistics that a step keeps. It starts at 0 and grows, so
# that after k steps they are the mean of k batches: Keras's usual 0.99 from the start
# would still remember the initial values after a short training.
_BATCH_NORM_MOMENTUM = 0.9


class TrainingGraph:
    """A network with its optimizer, compiled once and trained many times.

    It has what SciKeras asks of a Keras model (`compiled`, `compile`, `fit`,
    `optimizer`, `loss`); `fit` replaces Keras's own loop by one that hands the graph
    the images of many steps at a time. All state (weights, slots of the optimizer,
    dropout's seeds) is set when a fit starts, so that nothing carries over from the
    fit before.

    Parameters
    ----------
    network : Network
        What is trained.
    """

    def __init__(self, network):
        self.network = network
        self.model = network.model
        self.compiled = False
        self._functions = {}
        # What a search may vary without another graph.
        self._weight_decay, self._label_smoothing, self._dropout, self._momentum = (
            tf.Variable(0.0, trainable=False) for _ in range(4)
        )

    @property
    def optimizer(self):
        """The Keras optimizer."""
        return self.model.optimizer

    @property
    def loss(self):
        """The loss of each image, of labels and logits."""
        return self._loss

    def compile(self, optimizer, loss, **_):
        """Take optimizer and loss; called by SciKeras once for every graph."""
        self._loss = lambda labels, logits: loss(labels, logits, self._label_smoothing)
        with _engine.building():
            # Shrinking the shifts and scales of a network does not regularise it.
            optimizer.exclude_from_weight_decay(
                [v for v in self.model.trainable_variables if len(v.shape) < 2]
            )
            optimizer.weight_decay = self._weight_decay
            optimizer.build(self.model.trainable_variables)
            self.model.compile(optimizer=optimizer, jit_compile=False)
        self._fresh_optimizer = self.optimizer_state()
        self.network.connect(
            momentum=self._momentum.read_value, dropout=self._dropout.read_value
        )
        in_weights = {id(v) for v in self.model.weights}
        self._seeds = [v for v in self.model.variables if id(v) not in in_weights]
        self.compiled = True

    def fit(
        self, x, y, *, run, epochs, initial_epoch, batch_size, callbacks, verbose, **_
    ):
        """Train; the signature is Keras's as far as SciKeras uses it.

        Parameters
        ----------
        x : ndarray of shape (n_samples, n_features)
            Images as rows.
        y : ndarray of shape (n_samples,), dtype int32
            Index of the class.
        run : Run
            Everything else.
        epochs, initial_epoch : int
            The numbers of the first epoch and of the one not trained any more.
        batch_size : int
            Images a step, at most.
        callbacks : list of keras.callbacks.Callback
            Called as Keras calls them.
        verbose : {0, 1, 2}
            Silent, a progress bar, or a line an epoch.

        Returns
        -------
        history : keras.callbacks.History
            With a dict of lists in `history`.
        """
        self._set_state(run)
        n_steps = -(-len(run.rows) // batch_size)
        rates = learning_rates(
            run.schedule, run.learning_rate, (epochs - initial_epoch) * n_steps
        ).reshape(-1, n_steps)
        hooks = keras.callbacks.CallbackList(
            callbacks, model=self.model, epochs=epochs, steps=n_steps, verbose=0
        )
        self.model.stop_training, self.model._initial_epoch = False, None
        history = keras.callbacks.History()
        history.set_model(self.model)
        history.on_train_begin()
        stopper = _BestEpoch(self.network, run.patience, run.tol)
        progress = Progress(verbose, epochs, n_steps)
        hooks.on_train_begin()
        # BackupAndRestore puts weights and optimizer back, and says here, as to Keras's
        # own loop, where to go on.
        first, logs = self.model._initial_epoch or initial_epoch, {}
        epoch = first - 1
        for epoch in range(first, epochs):
            progress.begin_epoch(epoch)
            logs = self._train_epoch(
                x, y, run, epoch, rates[epoch - initial_epoch], hooks, progress
            )
            if run.validation is not None:
                logs |= self._evaluate(run)
                _check_finite(logs["val_loss"], epoch)
            progress.end_epoch(logs)
            history.on_epoch_end(epoch, logs)
            hooks.on_epoch_end(epoch, logs)
            if stopper.stops(epoch, logs) or self.model.stop_training:
                break
        hooks.on_train_end(logs)
        self.last_epoch, self.best_epoch = epoch + 1, stopper.restore(epoch)
        return history

    def optimizer_state(self):
        """The optimizer's variables now, as arrays of their own."""
        return [v.numpy().copy() for v in self.optimizer.variables]

    def _set_state(self, run):
        self.network.set_weights(run.weights)
        state = run.optimizer_state or self._fresh_optimizer
        for variable, value in zip(self.optimizer.variables, state, strict=True):
            variable.assign(value)
        self._weight_decay.assign(run.weight_decay)
        self._label_smoothing.assign(run.label_smoothing)
        self._dropout.assign(run.dropout)
        self._rate_factor, self._last_rate = 1.0, None

    def _train_epoch(self, x, y, run, epoch, rates, hooks, progress):
        rng = np.random.default_rng([run.seed, epoch])
        for variable in self._seeds:
            variable.assign(rng.integers(2**32, size=variable.shape, dtype=np.uint32))
        order = rng.permutation(run.rows)
        # Batches of almost the same size: a last one of a single image would upset
        # batch normalisation.
        n_steps = len(rates)
        edges = np.linspace(0, len(order), n_steps + 1).astype(np.int32)
        rates = rates * self._begin_epoch(epoch, rates[0], hooks)
        by_batch = any(map(_watches_batches, hooks.callbacks))
        at_once = self._steps_per_call(x, edges[1] + 1)
        totals = np.zeros(3)
        for first in range(0, n_steps, at_once):
            last = min(n_steps, first + at_once)
            rows = order[edges[first] : edges[last]]
            images, *mixed = run.take(x, y, rows, epoch, rng)
            # Callbacks at the batches change how many steps a call takes, and not
            # how the images come: the model is the same with and without.
            for begin in range(first, last, 1 if by_batch else at_once):
                end = begin + 1 if by_batch else last
                batch = slice(*(edges[[begin, end]] - edges[first]))
                if by_batch:
                    hooks.on_train_batch_begin(begin)
                totals += self._call(
                    self._train_steps,
                    run,
                    images[batch],
                    y[rows[batch]],
                    run.sample_weight[rows[batch]],
                    edges[begin : end + 1] - edges[begin],
                    rates[begin:end],
                    *(part[batch] for part in mixed),
                )
                logs = _means(totals)
                _check_finite(logs["loss"], epoch)
                if by_batch:
                    hooks.on_train_batch_end(begin, logs)
                progress.update(end, logs)
        self._last_rate = rates[-1]
        return logs | {"learning_rate": float(rates[-1])}

    def _begin_epoch(self, epoch, planned, hooks):
        """Call `on_epoch_begin`; the factor by which callbacks changed the rate.

        A callback may have changed the optimizer's learning rate at the end of the
        epoch before (ReduceLROnPlateau) or change it now (LearningRateScheduler).
        Either way the rest of the schedule is scaled by as much.
        """
        rate = self.optimizer.learning_rate
        if self._last_rate:
            self._rate_factor *= float(rate) / self._last_rate
        announced = np.float32(planned * self._rate_factor)
        rate.assign(announced)
        hooks.on_epoch_begin(epoch)
        if announced:  # a callback may have set it to zero, and leave it there
            self._rate_factor *= float(self.optimizer.learning_rate) / announced
        return self._rate_factor

    def _evaluate(self, run):
        held_out, totals = run.validation, np.zeros(3)
        for first in range(0, len(held_out.rows), _ROWS_PER_EVALUATION):
            rows = held_out.rows[first : first + _ROWS_PER_EVALUATION]
            totals += self._call(
                self._evaluate_batch,
                run,
                run.normalisation.take(held_out.X, rows, run.image_shape),
                held_out.y[rows],
                held_out.sample_weight[rows],
            )
        return {f"val_{name}": value for name, value in _means(totals).items()}

    def _steps_per_call(self, x, batch_size):
        itemsize = 1 if x.dtype == np.uint8 else 4
        fitting = _BYTES_PER_CALL // (itemsize * x.shape[1] * int(batch_size))
        return max(1, min(_STEPS_PER_CALL, fitting))

    def _call(self, function, run, images, y, sample_weight, *rest):
        """Run a graph, tracing it first for a dtype of images it has not seen."""
        mean, factor = run.normalisation.for_graph(images.dtype)
        arguments = [
            tf.constant(array)
            for array in (images, mean, factor, y, sample_weight, *rest)
        ]
        key = function.__name__, images.dtype, len(arguments)
        if key not in self._functions:
            signature = [
                tf.TensorSpec([None, *a.shape[1:]], a.dtype) for a in arguments
            ]
            with _engine.building():
                # AutoGraph would take longer to rewrite Keras than all else to trace.
                self._functions[key] = tf.function(
                    function, jit_compile=False, autograph=False
                ).get_concrete_function(*signature)
        return self._functions[key](*arguments).numpy()

    def _train_steps(
        self, images, mean, factor, y, sample_weight, edges, rates, others=None, own=1.0
    ):
        """Train on batches; `own` of an image is of class `y`, the rest of `others`."""
        variables = self.model.trainable_variables

        def train_step(step, totals):
            batch = slice(edges[step], edges[step + 1])
            pixels = _normalise(images[batch], mean, factor)
            labels, weight = y[batch], sample_weight[batch]
            done = tf.cast(self.optimizer.iterations, tf.float32)
            self._momentum.assign(tf.minimum(_BATCH_NORM_MOMENTUM, done / (done + 1)))
            with tf.GradientTape() as tape:
                logits = self.network.to_logits(self.model(pixels, training=True))
                loss = self._loss(labels, logits)
                if others is not None:
                    share = own[batch]
                    rest = self._loss(others[batch], logits)
                    loss = share * loss + (1 - share) * rest
                objective = tf.reduce_mean(weight * loss)
                if self.model.losses:  # regularizers of a user's architecture
                    objective += tf.add_n(self.model.losses)
            self.optimizer.learning_rate.assign(rates[step])
            self.optimizer.apply(tape.gradient(objective, variables), variables)
            sums = _sums(labels, logits, loss, weight)
            return step + 1, totals + tf.cast(sums, tf.float64)

        # Exact, so that it does not matter how many steps a call takes.
        nothing = tf.zeros(3, tf.float64)
        _, totals = tf.while_loop(
            lambda step, _: step < tf.size(rates), train_step, (0, nothing)
        )
        return totals

    def _evaluate_batch(self, images, mean, factor, y, sample_weight):
        pixels = _normalise(images, mean, factor)
        logits = self.network.to_logits(self.model(pixels, training=False))
        return _sums(y, logits, self._loss(y, logits), sample_weight)


def _normalise(images, mean, factor):
    pixels = (tf.cast(images, tf.float32) - mean) * factor
    # Where the number of channels is not known, Keras convolves with XLA, which takes
    # three times as long.
    return tf.ensure_shape(pixels, images.shape)


def _watches_batches(callback):
    """Tell whether a callback does anything at the batches of a training."""
    names = (
        "on_batch_begin",
        "on_batch_end",
        "on_train_batch_begin",
        "on_train_batch_end",
    )
    return any(
        getattr(getattr(callback, name), "__func__", None)
        is not getattr(keras.callbacks.Callback, name)
        for name in names
    )


class _BestEpoch:
    """Keeps the weights of the epoch with the lowest validation loss."""

    def __init__(self, network, patience, tol):
        self.network, self.patience, self.tol = network, patience, tol
        self.loss, self.epoch, self.weights = np.inf, None, None

    def stops(self, epoch, logs):
        """Note how an epoch went; tell whether too many went by without progress."""
        if self.patience is None:
            return False
        if self.epoch is None or logs["val_loss"] < self.loss - self.tol:
            self.loss, self.epoch = logs["val_loss"], epoch
            self.weights = self.network.get_weights()
        return epoch - self.epoch >= self.patience

    def restore(self, last_epoch):
        """Put the best weights back; the number of their epoch, from 1."""
        if self.weights is None:
            return last_epoch + 1
        self.network.set_weights(self.weights)
        return self.epoch + 1


def _check_finite(loss, epoch):
    if not np.isfinite(loss):
        raise ValueError(
            f"Training diverged: the loss is {loss} in epoch {epoch + 1}. Lower "
            "learning_rate, or look for extreme values in X."
        )


def _sums(labels, logits, loss, weight):
    """Sums over a batch: of the weighted loss, of the weights of hits, of weights."""
    hits = tf.cast(tf.argmax(logits, axis=1, output_type=labels.dtype) == labels, float)
    return tf.stack(
        [
            tf.reduce_sum(weight * loss),
            tf.reduce_sum(weight * hits),
            tf.reduce_sum(weight),
        ]
    )


def _means(totals):
    return {
        "loss": float(totals[0] / totals[2]),
        "accuracy": float(totals[1] / totals[2]),
    }
