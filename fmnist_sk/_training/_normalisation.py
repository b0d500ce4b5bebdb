"""Standardisation of images: learnt once, applied in NumPy and in compiled graphs."""

from dataclasses import dataclass

import numpy as np

from .._images import read_rows
from .._validation import check_single_precision

# Rows are read in blocks of this size, so that a memory-mapped array is never copied
# whole.
_BLOCK_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Normalisation:
    """Mean and scale of the training images, per channel.

    Attributes
    ----------
    mean : ndarray of shape (channels,), dtype float64
        Mean, subtracted from each pixel.
    scale : ndarray of shape (channels,), dtype float64
        Standard deviation, by which the difference is divided; 1 for a constant
        channel.
    """

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def learn(cls, X, rows, image_shape):
        """Compute mean and scale from some rows of X."""
        with np.errstate(over="ignore", invalid="ignore"):
            mean, variance = _mean_and_variance(X, rows, image_shape[-1])
        if not np.isfinite(variance).all():
            raise ValueError(
                "Input X contains values that are too large: their variance is not "
                "finite."
            )
        scale = np.sqrt(variance)
        scale[scale <= 1e-12 * np.abs(mean)] = 1.0
        return cls(mean, scale)

    def take(self, X, rows, image_shape):
        """Return some images as graphs take them: uint8, or normalised float32.

        uint8 images are handed over as they are, in a quarter of the memory. All other
        images are normalised here, in their own precision or better, so that float64
        pixels with a large offset lose nothing to float32.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Images as rows.
        rows : slice or ndarray of int
            Rows to return.
        image_shape : tuple of int
            `(height, width, channels)`.

        Returns
        -------
        images : ndarray of shape (n_rows, height, width, channels)
            Images, uint8 or float32.

        Raises
        ------
        ValueError
            If a value overflows.
        """
        images = read_rows(X, rows).reshape(-1, *image_shape)
        if images.dtype == np.uint8:
            return np.ascontiguousarray(images)
        if images.dtype.itemsize < 4:
            images = images.astype(np.float32)
        with np.errstate(over="ignore"):
            normalised = ((images - self.mean) / self.scale).astype(np.float32)
        # A value far from those of the training images may overflow only now.
        check_single_precision(normalised)
        return normalised

    def constants(self, dtype):
        """Return mean and 1 / scale for `in_graph`, for images of a dtype."""
        mean, factor = self.mean, 1 / self.scale
        if dtype != np.uint8:  # `take` has normalised them already
            mean, factor = np.zeros_like(mean), np.ones_like(factor)
        return mean.astype(np.float32), factor.astype(np.float32)

    @staticmethod
    def in_graph(images, mean, factor):
        """Normalise the images of `take` inside a TensorFlow graph."""
        import tensorflow as tf

        pixels = (tf.cast(images, tf.float32) - mean) * factor
        # Keras convolves images of an unknown number of channels with XLA, which takes
        # three times as long.
        return tf.ensure_shape(pixels, images.shape)


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
