"""What a training run is given, and how its images reach the graph."""

from dataclasses import dataclass

import numpy as np

from .._memory_map import read_rows
from ..augmentation import MIXING, augment_images, mix_images

# Rows are looked at this many at a time, so that a memory-mapped array is never
# copied whole.
_BLOCK_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Normalisation:
    """Mean and scale of the training images, one a channel.

    Attributes
    ----------
    mean : ndarray of shape (channels,), dtype float64
        What is subtracted from a pixel.
    scale : ndarray of shape (channels,), dtype float64
        What it is divided by then; 1 for a channel that never changes.
    """

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def learn(cls, X, rows, image_shape):
        """Compute both from some rows of X."""
        with np.errstate(over="ignore", invalid="ignore"):
            mean, variance = _mean_and_variance(X, rows, image_shape[-1])
        if not np.isfinite(variance).all():
            raise ValueError(
                "X has values too large to be normalised: their variance is not finite."
            )
        scale = np.sqrt(variance)
        scale[scale <= 1e-12 * np.abs(mean)] = 1.0
        return cls(mean, scale)

    def for_graph(self, dtype):
        """Mean and 1 / scale as the graph applies them to images of a dtype."""
        mean, factor = self.mean, 1 / self.scale
        if dtype != np.uint8:  # `take` has done it
            mean, factor = np.zeros_like(mean), np.ones_like(factor)
        return mean.astype(np.float32), factor.astype(np.float32)

    def take(self, X, rows, image_shape):
        """Give some images as the graph takes them: uint8, or normalised float32.

        uint8 goes to the graph as it is, a quarter of the memory. Everything else is
        normalised here, in its own precision or better, so that float64 pixels with a
        large offset lose nothing to float32.
        """
        images = read_rows(X, rows).reshape(-1, *image_shape)
        if images.dtype == np.uint8:
            return np.ascontiguousarray(images)
        if images.dtype.itemsize < 4:
            images = images.astype(np.float32)
        return ((images - self.mean) / self.scale).astype(np.float32)


def _mean_and_variance(X, rows, channels):
    block = max(1, _BLOCK_BYTES // (8 * X.shape[1]))
    count, mean, m2 = 0, np.zeros(channels), np.zeros(channels)
    for first in range(0, len(rows), block):
        part = read_rows(X, rows[first : first + block]).astype(np.float64)
        part = part.reshape(-1, channels)
        # Chan's update of mean and sum of squares: exact whatever the offset.
        part_mean = part.mean(axis=0)
        delta, total = part_mean - mean, count + len(part)
        m2 += ((part - part_mean) ** 2).sum(axis=0)
        m2 += delta**2 * count * len(part) / total
        mean += delta * len(part) / total
        count = total
    return mean, m2 / count


@dataclass
class Validation:
    """Held-out images and what they are compared with.

    Attributes
    ----------
    X : ndarray of shape (n, n_features)
        Images as rows.
    y : ndarray of shape (n,), dtype int32
        Index of the class.
    sample_weight : ndarray of shape (n,), dtype float32
        Weights.
    rows : ndarray of int
        The rows of X that are meant.
    """

    X: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray
    rows: np.ndarray


@dataclass
class Run:
    """One training: everything `TrainingGraph.fit` needs beside X and y.

    Attributes
    ----------
    rows : ndarray of int
        The rows of X to train on.
    sample_weight : ndarray of shape (n_samples,), dtype float32
        Weights of all rows, of mean 1 over `rows`.
    image_shape : tuple of int
        (height, width, channels).
    normalisation : Normalisation
        Of the training images.
    schedule : str
        Name of the learning-rate schedule.
    learning_rate : float
        Its peak.
    seed : int
        What shuffling, dropout and augmentation are drawn from, with the number of
        the epoch: an epoch's randomness does not depend on those before it, so that
        training can be continued anywhere.
    weight_decay : float
        The optimizer's.
    label_smoothing : float
        The loss's.
    dropout : float
        Rate of a named architecture's dropout layers.
    augmentation : dict or None
        Checked augmentation spec.
    validation : Validation or None
        Held-out data.
    patience : int or None
        Epochs without improvement of the validation loss before training stops.
    tol : float
        What counts as improvement.
    weights : list of ndarray
        The weights to start from.
    optimizer_state : list of ndarray or None
        The optimizer's, to continue from.
    """

    rows: np.ndarray
    sample_weight: np.ndarray
    image_shape: tuple
    normalisation: Normalisation
    schedule: str
    learning_rate: float
    seed: int
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    dropout: float = 0.0
    augmentation: dict | None = None
    validation: Validation | None = None
    patience: int | None = None
    tol: float = 0.0
    weights: list | None = None
    optimizer_state: list | None = None

    def take(self, X, y, rows, epoch, rng):
        """Give images as they are trained on, augmented.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Images as rows.
        y : ndarray of shape (n_samples,), dtype int32
            Index of the class.
        rows : ndarray of int
            Which are wanted.
        epoch : int
            Its number.
        rng : numpy.random.Generator
            What is drawn from.

        Returns
        -------
        images : ndarray of shape (len(rows), height, width, channels)
            See `Normalisation.take`.
        others : ndarray of shape (len(rows),), dtype int32
            Where images are mixed: the class of what each is mixed with.
        own : ndarray of shape (len(rows),), dtype float32
            And how much of it is its own.
        """
        images = self.normalisation.take(X, rows, self.image_shape)
        settings = self.augmentation or {}
        moves = {name: value for name, value in settings.items() if name not in MIXING}
        turns = None
        if "alternating_flip" in moves:
            # The same half in every other epoch of a training.
            half = np.random.default_rng(self.seed).integers(2, size=len(X))
            turns = half[rows] + epoch
        images = augment_images(images, moves, rng, turns=turns)
        if moves == settings:
            return (images,)
        images, partners, own = mix_images(images, settings, rng)
        return images, y[rows][partners], own
