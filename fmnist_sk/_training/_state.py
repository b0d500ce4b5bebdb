"""States of training: the starting point, the result, and the state to continue."""

from dataclasses import dataclass

import numpy as np

from ._normalisation import Normalisation


@dataclass(frozen=True)
class StartingPoint:
    """State from which a training run starts.

    Attributes
    ----------
    weights : list of ndarray or None
        Weights of the network. None stands for random weights, drawn with the seed of
        the plan.
    normalisation : Normalisation or None
        Normalisation of the images. None stands for the statistics of the training
        images.
    optimizer_state : list of ndarray or None
        Variables of the optimizer. None stands for a new optimizer.
    n_images : int
        Number of images that the moving statistics of batch normalisation stand for.
    batch_size : int
        Largest batch size of earlier runs; 0 for the first run.
    """

    weights: list[np.ndarray] | None = None
    normalisation: Normalisation | None = None
    optimizer_state: list[np.ndarray] | None = None
    n_images: int = 0
    batch_size: int = 0


# Compared by identity, because a comparison of arrays returns an array.
@dataclass(frozen=True, eq=False)
class TrainingState:
    """State from which `partial_fit` and `warm_start` continue training.

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
    """Result of a training run, in NumPy.

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
        Metrics of each epoch.
    last_epoch : int
        Number of the last epoch, counted from 1.
    best_epoch : int
        Number of the epoch that the weights belong to.
    """

    weights: list[np.ndarray]
    normalisation: Normalisation
    optimizer_state: list[np.ndarray] | None
    n_images: int
    batch_size: int
    history: dict[str, list[float]]
    last_epoch: int
    best_epoch: int
