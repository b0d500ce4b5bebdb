"""A training run, from its plan to its result."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import _engine
from ._data import LabelledImages
from ._fit_tasks import FitTask
from ._normalisation import Normalisation
from ._plan import Plan

# Products of weights overflow in float32 beyond this.
_LARGEST_WEIGHT = 1e15


@dataclass(frozen=True)
class StartingPoint:
    """State from which a training run starts.

    Attributes
    ----------
    weights : list of ndarray or None
        Weights of the network; None draws them from the seed of the plan.
    normalisation : Normalisation or None
        Normalisation of the images; None learns it from the training images.
    optimizer_state : list of ndarray or None
        Variables of the optimizer; None starts a new optimizer.
    n_images : int
        Number of images that the moving statistics of batch normalisation stand for.
    batch_size : int
        Largest batch size of the runs before; 0 if there are none.
    """

    weights: list[np.ndarray] | None = None
    normalisation: Normalisation | None = None
    optimizer_state: list[np.ndarray] | None = None
    n_images: int = 0
    batch_size: int = 0


# Compared by identity, as arrays cannot be compared at once.
@dataclass(frozen=True, eq=False)
class TrainingState:
    """What `partial_fit` and `warm_start` need beside the fitted network.

    Attributes
    ----------
    seed : int
        Seed of the run.
    n_images : int
        Number of images that the moving statistics of batch normalisation stand for.
    batch_size : int
        Largest batch size so far.
    optimizer : str
        Key of `OPTIMIZERS`.
    optimizer_state : list of ndarray or None
        Variables of the optimizer, kept between calls of `partial_fit` only.
    """

    seed: int
    n_images: int
    batch_size: int
    optimizer: str
    optimizer_state: list[np.ndarray] | None


@dataclass(frozen=True)
class TrainingResult:
    """Result of a training run; all of it NumPy.

    Attributes
    ----------
    weights : list of ndarray
        Weights of the network.
    normalisation : Normalisation
        Normalisation of the images.
    optimizer_state : list of ndarray or None
        Variables of the optimizer.
    n_images : int
        Number of images that the moving statistics of batch normalisation stand for.
    batch_size : int
        Largest batch size so far.
    history : dict of list of float
        Figures of each epoch.
    last_epoch : int
        Number of the last epoch, from 1.
    best_epoch : int
        Number of the epoch after which the weights are those of the result.
    """

    weights: list[np.ndarray]
    normalisation: Normalisation
    optimizer_state: list[np.ndarray] | None
    n_images: int
    batch_size: int
    history: dict[str, list[float]]
    last_epoch: int
    best_epoch: int


def train(
    training: LabelledImages,
    held_out: LabelledImages | None,
    plan: Plan,
    start: StartingPoint,
    task: FitTask,
    *,
    name: str | None = None,
) -> TrainingResult:
    """Train a network.

    Parameters
    ----------
    training : LabelledImages
        Images to train on.
    held_out : LabelledImages or None
        Held-out images, evaluated after each epoch.
    plan : Plan
        Plan of the run.
    start : StartingPoint
        State from which the run starts.
    task : FitTask
        Parent task of the epochs.
    name : str, default=None
        Name of the run in a backup; None makes no backup.

    Returns
    -------
    result : TrainingResult
        What was learnt.

    Raises
    ------
    ValueError
        If training diverges.
    """
    _engine.start()
    # These modules import TensorFlow, Keras and SciKeras.
    from ..architectures import build_network, initial_weights, to_keras
    from ._backup import Backup, separate_backups
    from ._best_epoch import BestEpoch
    from ._epoch_tasks import EpochTasks
    from ._epochs import Run, run_epochs
    from ._graph import TrainingGraph
    from ._graph_pool import borrow
    from ._progress import Progress
    from ._scikeras import drive

    callbacks, backups = separate_backups(plan.callbacks)
    dtype = "mixed_bfloat16" if plan.precision == "bfloat16" else "float32"
    # The rates of learning, decay and dropout may vary without another graph.
    shared = plan.description.with_dropout(0.5 if plan.description.dropout else 0.0)

    def new_graph():
        return TrainingGraph(build_network(shared, dtype))

    with borrow((shared, dtype, plan.optimizer), new_graph) as graph:
        start = _complete(start, training, plan, shared, graph, initial_weights)
        best = BestEpoch(graph.network, plan.patience, plan.tol)
        run = Run(graph, plan.first_epoch)

        def as_keras_model():
            return to_keras(
                plan.description,
                graph.network.get_weights(),
                start.normalisation,
                tta=plan.views,
                temperature=1.0 if plan.temperature == "auto" else plan.temperature,
            )

        def train_graph(checked_callbacks):
            graph.set_state(plan, start)
            graph.network.save_as(as_keras_model)  # for ModelCheckpoint
            run_epochs(
                run, training, held_out, plan, start.normalisation, checked_callbacks
            )
            return run.history

        def result_after(n_epochs, best_epoch=None):
            return TrainingResult(
                graph.network.get_weights(),
                start.normalisation,
                graph.optimizer_state(),
                start.n_images + graph.n_steps() * plan.batch_size,
                max(start.batch_size, plan.batch_size),
                {key: list(values) for key, values in run.history.items()},
                last_epoch=n_epochs,
                best_epoch=best_epoch or n_epochs,
            )

        observers = [Progress(plan.verbose), *callbacks]
        if task.watched:
            observers.append(EpochTasks(task, training, result_after))
        data = training.content, held_out and held_out.content, start
        observers.append(best)
        if name is not None:
            observers += [Backup(b, run, best, data, plan, name) for b in backups]
        drive(graph, training, plan, observers, train_graph)
        result = result_after(run.epoch, best.epoch)
    # The loss of a step is that before it: the weights after the last step have to be
    # checked apart.
    if not all((np.abs(w) < _LARGEST_WEIGHT).all() for w in result.weights):
        raise ValueError(
            "Training diverged: weights became infinite, NaN or so large that "
            "predictions would be. Lower learning_rate, or look for extreme values in "
            "X."
        )
    return result


def _complete(start, training, plan, description, graph, initial_weights):
    """Return a starting point with weights and normalisation."""
    found: dict[str, Any] = {}
    if start.normalisation is None:
        found["normalisation"] = Normalisation.learn(
            training.images, training.rows, training.image_shape
        )
    if start.weights is None:
        found["weights"] = initial_weights(description, graph.network, plan.seed)
    return replace(start, **found)
