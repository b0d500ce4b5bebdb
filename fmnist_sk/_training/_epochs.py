"""Loop over the epochs of a training run."""

from dataclasses import dataclass, field

import keras
import numpy as np

from .._batches import side_by_side
from ._graph import TrainingGraph
from ._learning_rate import LearningRate, learning_rates
from ._normalisation import Normalisation
from ._plan import Plan
from ._state import StartingPoint, TrainingResult

# Largest number of steps per call of the graph. A call costs about a millisecond of
# Python. The images of a call are gathered and augmented together.
_STEPS_PER_CALL = 64
_BYTES_PER_CALL = 16 * 2**20


@dataclass
class Run:
    """State of a training run, which its callbacks read and change.

    Attributes
    ----------
    graph : TrainingGraph
        Graph with the weights and the optimizer.
    plan : Plan
        Plan of the run.
    start : StartingPoint
        State from which the run starts, with weights and normalisation.
    normalisation : Normalisation
        Normalisation of the images.
    epoch : int
        Number of epochs trained so far, including earlier runs of the estimator.
    history : dict of list
        Metrics of each epoch.
    stopped : bool
        Whether a callback has stopped the run.
    learning_rate : LearningRate
        Schedule of the learning rate, set when the run begins.
    """

    graph: TrainingGraph
    plan: Plan
    start: StartingPoint
    normalisation: Normalisation
    epoch: int
    history: dict[str, list[float]] = field(default_factory=dict)
    stopped: bool = False
    learning_rate: LearningRate = field(init=False)

    def result(self, best_epoch: int | None = None) -> TrainingResult:
        """Return the result of the run at its present state.

        Parameters
        ----------
        best_epoch : int, default=None
            Number of the epoch that the weights belong to. None stands for the last
            epoch.

        Returns
        -------
        result : TrainingResult
            Copies of weights, optimizer state and history.
        """
        graph, start, plan = self.graph, self.start, self.plan
        return TrainingResult(
            graph.network.get_weights(),
            self.normalisation,
            graph.optimizer_state(),
            start.n_images + graph.n_steps() * plan.batch_size,
            max(start.batch_size, plan.batch_size),
            {name: list(values) for name, values in self.history.items()},
            last_epoch=self.epoch,
            best_epoch=best_epoch or self.epoch,
        )


def run_epochs(run, training, held_out, *, callbacks, **_):
    """Train for the epochs of a plan; SciKeras calls this as a Keras model's `fit`.

    Parameters
    ----------
    run : Run
        The run.
    training : LabelledImages
        Images to train on.
    held_out : LabelledImages or None
        Held-out images, evaluated after each epoch.
    callbacks : list of keras.callbacks.Callback
        Callbacks, called in the same order as in Keras. They may stop the run, and
        change the weights and the learning rate.
    **_ : dict
        Other arguments of a Keras model's `fit`, which are not used.

    Returns
    -------
    run : Run
        The same run.
    """
    plan, model, logs = run.plan, run.graph.model, {}
    run.graph.set_state(plan, run.start)
    n_steps, n_epochs = _steps_per_epoch(training, plan), plan.epochs - plan.first_epoch
    planned = learning_rates(plan.lr_schedule, plan.learning_rate, n_epochs * n_steps)
    run.learning_rate = LearningRate(
        run.graph.optimizer.learning_rate, planned.reshape(n_epochs, n_steps)
    )
    hooks = keras.callbacks.CallbackList(
        callbacks, model=model, epochs=plan.epochs, steps=n_steps, verbose=plan.verbose
    )
    model.stop_training = False
    run.learning_rate.announce_epoch(0)
    hooks.on_train_begin()
    run.learning_rate.begin_run()
    while run.epoch < plan.epochs and not run.stopped:
        run.learning_rate.announce_epoch(run.epoch - plan.first_epoch)
        hooks.on_epoch_begin(run.epoch)
        logs = _train_epoch(run, training, hooks)
        if held_out is not None:
            logs |= _evaluate(run, held_out, hooks)
            _check_finite(logs["val_loss"], run.epoch, " on the held-out images")
        run.epoch += 1
        for name, value in logs.items():
            run.history.setdefault(name, []).append(value)
        hooks.on_epoch_end(run.epoch - 1, logs)
        run.learning_rate.end_step(-1)
        run.stopped = model.stop_training
    hooks.on_train_end(logs)
    return run


def _steps_per_epoch(training, plan):
    return -(-len(training) // plan.batch_size)


def _train_epoch(run, training, hooks):
    plan, normalisation = run.plan, run.normalisation
    rng = np.random.default_rng([plan.seed, run.epoch])
    run.graph.set_seeds(rng)
    learning_rate = run.learning_rate
    learning_rate.begin_epoch()
    order = rng.permutation(training.rows)
    # All batches have almost the same size. A last batch of one image would distort the
    # statistics of batch normalisation.
    n_steps = _steps_per_epoch(training, plan)
    edges = np.linspace(0, len(order), n_steps + 1).astype(np.int32)
    by_step = any(map(_watches_batches, hooks.callbacks))
    at_once = _steps_per_call(training.images, edges[1] + 1)
    n_shards = run.graph.n_shards(len(order) // n_steps)
    totals = np.zeros(3)
    for first in range(0, n_steps, at_once):
        last = min(n_steps, first + at_once)
        rows = order[edges[first] : edges[last]]
        images, *labels = training.augmented(rows, plan, normalisation, run.epoch, rng)
        constants = normalisation.constants(images.dtype)
        # If callbacks watch batches, each call takes one step. The images of each step
        # do not change, so the model is the same with and without such callbacks.
        for begin in range(first, last, 1 if by_step else at_once):
            end = begin + 1 if by_step else last
            if by_step:
                learning_rate.announce_step(begin)
            hooks.on_train_batch_begin(begin)
            if by_step:
                learning_rate.begin_step(begin)
            batch = slice(*(edges[[begin, end]] - edges[first]))
            totals += run.graph.train_steps(
                images[batch],
                *constants,
                edges[begin : end + 1] - edges[begin],
                learning_rate.rates[begin:end],
                *(part[batch] for part in labels),
                n_shards=n_shards,
            )
            logs = _means(totals)
            _check_finite(logs["loss"], run.epoch)
            used = float(learning_rate.rates[end - 1])
            hooks.on_train_batch_end(end - 1, logs)
            learning_rate.end_step(end - 1)
    return logs | {"learning_rate": used}


def _evaluate(run, held_out, hooks):
    normalisation = run.normalisation
    evaluate, rows, totals = run.graph.evaluate_batch, held_out.rows, np.zeros(3)

    def arrays(part):
        images = normalisation.take(held_out.images, part, held_out.image_shape)
        labels = held_out.codes[part], held_out.sample_weight[part]
        return images, *normalisation.constants(images.dtype), *labels

    def sums(part):
        return evaluate(*arrays(rows[part]))

    hooks.on_test_begin()
    n_bytes = evaluate.activation_bytes(*arrays(rows[:1]))
    for batch, (_, part) in enumerate(side_by_side(sums, len(rows), n_bytes)):
        hooks.on_test_batch_begin(batch)
        totals += part
        logs = _means(totals)
        hooks.on_test_batch_end(batch, logs)
    hooks.on_test_end(logs)
    return {f"val_{name}": value for name, value in logs.items()}


def _steps_per_call(images, batch_size):
    itemsize = 1 if images.dtype == np.uint8 else 4
    fitting = _BYTES_PER_CALL // (itemsize * images.shape[1] * int(batch_size))
    return max(1, min(_STEPS_PER_CALL, fitting))


def _watches_batches(callback):
    """Return whether a callback of another package acts on training batches."""
    if type(callback).__module__.startswith(__package__):
        return False
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


def _check_finite(loss, epoch, where=""):
    if not np.isfinite(loss):
        raise ValueError(
            f"Training diverged: the loss{where} is {loss} in epoch {epoch + 1}. "
            "Decrease learning_rate, or check X and X_val for extreme values."
        )


def _means(totals):
    # The weights of some batches may all round to 0 beside the largest weight.
    total = totals[2] or 1.0
    return {"loss": float(totals[0] / total), "accuracy": float(totals[1] / total)}
