"""Training: schedules, the compiled training graph, the SciKeras adapter."""

from dataclasses import dataclass

import numpy as np

from .. import _engine
from ..architectures import recipe_of
from ._data import Normalisation, Run, Validation
from ._once import train_once
from ._recipes import (
    OPTIMIZERS,
    resolve_augmentation,
    resolve_learning_rate,
    resolve_length,
    resolve_precision,
    resolve_tta,
    resolve_weight_decay,
)
from ._schedules import SCHEDULES
from ._temperature import fit_temperature

# Products of weights overflow in float32 beyond this.
_LARGEST_WEIGHT = 1e15

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "Normalisation",
    "Run",
    "TrainingResult",
    "Validation",
    "fit_temperature",
    "recipe_of",
    "resolve_augmentation",
    "resolve_learning_rate",
    "resolve_length",
    "resolve_tta",
    "resolve_weight_decay",
    "train",
    "train_once",
]


@dataclass(frozen=True)
class TrainingResult:
    """What a training gives.

    Attributes
    ----------
    weights : list of ndarray
        The network's.
    optimizer_state : list of ndarray
        The optimizer's, for training to go on where it stopped.
    history : dict of list
        One value an epoch.
    last_epoch, best_epoch : int
        Numbers, from 1, of the last epoch and of the one the weights are those after.
    normalisation : Normalisation
        The one it was trained with.
    """

    weights: list
    optimizer_state: list
    history: dict
    last_epoch: int
    best_epoch: int
    normalisation: Normalisation


def train(
    description, X, y, run, *, optimizer, precision, task, fitted, **fit_parameters
):
    """Train a network.

    Parameters
    ----------
    description : NetworkDescription
        The network's.
    X : ndarray of shape (n_samples, n_features)
        Images as rows.
    y : ndarray of shape (n_samples,), dtype int32
        Index of the class.
    run : Run
        The rest of what is trained on; without weights, they are drawn from its seed.
    optimizer : str
        One of `OPTIMIZERS`.
    precision : {"auto", "float32", "bfloat16"}
        The number format.
    task : Task
        What the epochs are parts of.
    fitted : callable
        Makes attributes of the estimator of a result.
    **fit_parameters : dict
        `epochs`, `initial_epoch`, `batch_size`, `callbacks`, `verbose`.

    Returns
    -------
    result : TrainingResult
        All of it NumPy.
    """
    _engine.start()
    # These modules import TensorFlow, Keras and SciKeras.
    from ..architectures import build_network, initial_weights
    from ._epochs import EpochTasks
    from ._graph import TrainingGraph
    from ._losses import cross_entropy
    from ._pool import borrow
    from ._scikeras import train as train_through_scikeras

    precision = resolve_precision(precision)
    dtype = "mixed_bfloat16" if precision == "bfloat16" else "float32"

    def new_graph():
        network = build_network(description, dtype)
        return TrainingGraph(network)

    # The rates of learning, decay and dropout may vary without another graph.
    description = description.with_dropout(0.5 if run.dropout else 0.0)
    key = (description, dtype, optimizer)
    with borrow(key, new_graph) as graph:
        if run.weights is None:
            run.weights = initial_weights(description, graph.network, run.seed)

        def result(history, last_epoch, best_epoch):
            return TrainingResult(
                graph.network.get_weights(),
                graph.optimizer_state(),
                history,
                last_epoch,
                best_epoch,
                run.normalisation,
            )

        def snapshot(history, n_epochs):
            return fitted(result(history, n_epochs, n_epochs))

        history = train_through_scikeras(
            graph,
            X,
            y,
            run=run,
            optimizer=OPTIMIZERS[optimizer],
            loss=cross_entropy,
            watchers=[EpochTasks(task, run.rows, snapshot)] if task.watched else [],
            **fit_parameters,
        )
        trained = result(history, graph.last_epoch, graph.best_epoch)
        # The loss of a step is that before it: the last step has to be looked at apart.
        if not all((np.abs(w) < _LARGEST_WEIGHT).all() for w in trained.weights):
            raise ValueError(
                "Training diverged: weights became infinite, NaN or so large that "
                "predictions would be. Lower learning_rate, or look for extreme values "
                "in X."
            )
        return trained
