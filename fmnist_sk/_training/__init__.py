"""Training: schedules, the compiled training graph, the SciKeras adapter."""

from dataclasses import dataclass

import numpy as np

from .. import _engine
from ._data import Normalisation, Run, Validation
from ._schedules import SCHEDULES

# What "auto" aims at.
MIN_STEPS, MAX_STEPS, STEPS_PER_EPOCH = 300, 1000, 64
MIN_BATCH, MAX_BATCH = 16, 128
MIN_EPOCHS = 5

# Products of weights overflow in float32 beyond this.
_LARGEST_WEIGHT = 1e15

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "Normalisation",
    "Run",
    "TrainingResult",
    "Validation",
    "resolve_learning_rate",
    "resolve_length",
    "resolve_precision",
    "train",
]

#: The optimizers: what Keras calls them, and the constant learning rate that
#: `learning_rate=None` stands for. A schedule that decays starts three times higher.
OPTIMIZERS = {
    "adamw": {"name": "adamw", "learning_rate": 1e-3},
    "adam": {"name": "adam", "learning_rate": 1e-3},
    "nadam": {"name": "nadam", "learning_rate": 1e-3},
    "rmsprop": {"name": "rmsprop", "learning_rate": 1e-3},
    "lion": {"name": "lion", "learning_rate": 1e-4},
    "sgd": {"name": "sgd", "learning_rate": 3e-2},
    "nesterov": {
        "name": "sgd",
        "learning_rate": 2e-2,
        "momentum": 0.9,
        "nesterov": True,
    },
}


def resolve_learning_rate(optimizer, learning_rate, schedule):
    """Give the largest learning rate.

    Parameters
    ----------
    optimizer : str
        One of `OPTIMIZERS`.
    learning_rate : float or None
        What the user said; None is a rate that suits optimizer and schedule.
    schedule : str
        One of `SCHEDULES`.

    Returns
    -------
    learning_rate : float
        Resolved.
    """
    if learning_rate is not None:
        return float(learning_rate)
    rate = OPTIMIZERS[optimizer]["learning_rate"]
    return rate if schedule == "constant" else 3 * rate


def resolve_length(n_samples, epochs, batch_size):
    """Give the epochs and batch size that "auto" stands for.

    Training needs some number of optimizer steps more than it needs some number of
    epochs: small data get small batches and many epochs.

    Parameters
    ----------
    n_samples : int
        Images to train on.
    epochs, batch_size : int or "auto"
        What the user said.

    Returns
    -------
    epochs, batch_size : int
        Resolved; the batch is no larger than the data.
    """
    if batch_size == "auto":
        batch_size = min(MAX_BATCH, max(MIN_BATCH, n_samples // STEPS_PER_EPOCH))
    batch_size = min(int(batch_size), n_samples)
    if epochs == "auto":
        steps = min(MAX_STEPS, max(MIN_STEPS, n_samples))
        epochs = max(MIN_EPOCHS, round(steps / -(-n_samples // batch_size)))
    return int(epochs), batch_size


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
    best_epoch : int
        Number, from 1, of the epoch the weights are those after.
    normalisation : Normalisation
        The one it was trained with.
    """

    weights: list
    optimizer_state: list
    history: dict
    best_epoch: int
    normalisation: Normalisation


def resolve_precision(precision):
    """Give the number format to train in: "float32" or "bfloat16"."""
    if precision == "auto":
        return "bfloat16" if _engine.has_fast_bfloat16() else "float32"
    return precision


def train(description, X, y, run, *, optimizer, precision, **fit_parameters):
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
    **fit_parameters : dict
        `epochs`, `initial_epoch`, `batch_size`, `callbacks`, `verbose`.

    Returns
    -------
    result : TrainingResult
        All of it NumPy.
    """
    _engine.start()
    # These modules import TensorFlow, Keras and SciKeras.
    from ..architectures._network import build_network, initial_weights
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
        history = train_through_scikeras(
            graph,
            X,
            y,
            run=run,
            optimizer=OPTIMIZERS[optimizer],
            loss=cross_entropy,
            **fit_parameters,
        )
        weights = graph.network.get_weights()
        # The loss of a step is that before it: the last step has to be looked at apart.
        if not all((np.abs(w) < _LARGEST_WEIGHT).all() for w in weights):
            raise ValueError(
                "Training diverged: weights became infinite, NaN or so large that "
                "predictions would be. Lower learning_rate, or look for extreme values "
                "in X."
            )
        return TrainingResult(
            weights,
            graph.optimizer_state(),
            history,
            graph.best_epoch,
            run.normalisation,
        )
