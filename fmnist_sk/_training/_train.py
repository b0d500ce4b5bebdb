"""Training run, from its plan to its result."""

from dataclasses import replace
from functools import partial

import numpy as np

from .. import _engine
from ._data import LabelledImages
from ._fit_tasks import FitTask
from ._normalisation import Normalisation
from ._plan import Plan
from ._state import StartingPoint, TrainingResult

# Products of weights overflow in float32 beyond this.
_LARGEST_WEIGHT = 1e15


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
        Name of the run in a backup. None stands for no backup.

    Returns
    -------
    result : TrainingResult
        Weights and history of the run.

    Raises
    ------
    ValueError
        If training diverges.
    """
    _engine.start()
    # These modules import TensorFlow, Keras and SciKeras.
    from ..architectures import build_network, initial_weights
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
    # A graph is reused for other learning rates, weight decays and dropout rates.
    shared = plan.description.with_dropout(0.5 if plan.description.dropout else 0.0)

    def new_graph():
        return TrainingGraph(build_network(shared, dtype))

    with borrow((shared, dtype, plan.optimizer), new_graph) as graph:
        normalisation, weights = start.normalisation, start.weights
        if normalisation is None:
            normalisation = Normalisation.learn(
                training.images, training.rows, training.image_shape
            )
        if weights is None:
            weights = initial_weights(shared, graph.network, plan.seed)
        start = replace(start, normalisation=normalisation, weights=weights)
        run = Run(graph, plan, start, normalisation, plan.first_epoch)
        best = BestEpoch(graph.network, plan.patience, plan.tol)
        observers = [Progress(plan.verbose), *callbacks]
        if task.watched:
            observers.append(EpochTasks(task, training, run))
        observers.append(best)
        if name is not None:
            data = training.content, held_out and held_out.content, start
            observers += [Backup(b, run, best, callbacks, data, name) for b in backups]
        fit = partial(run_epochs, run, training, held_out)
        drive(graph, training, plan.optimizer, observers, fit)
        result = run.result(best.epoch)
    # The loss of a step is computed before the update, so the weights after the last
    # step are checked separately.
    if not all((np.abs(w) < _LARGEST_WEIGHT).all() for w in result.weights):
        raise ValueError(
            "Training diverged: weights are NaN, infinite or so large that predictions "
            "would overflow. Decrease learning_rate, or check X for extreme values."
        )
    return result
