"""Blocks that compute the shapes of weights, without Keras."""

from __future__ import annotations

import math
from typing import NamedTuple

from ._activations import ACTIVATIONS
from ._blocks import Blocks
from ._description import NetworkDescription

_AFTER_KERNEL = {True: 3, False: 1}  # beta, moving mean and variance; or bias


class _Stack(NamedTuple):
    """Images, maps or features, of which only the shape is known."""

    shape: tuple[int | None, ...]


class ShapeBlocks(Blocks):
    """Blocks that only compute shapes.

    Attributes
    ----------
    shapes : list of tuple of int
        Shapes of the weights, in the order of the network's variables.
    """

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def conv(
        self,
        x,
        filters,
        kernel_size,
        *,
        strides=1,
        padding="same",
        pool_size=(1, 1),
        batch_norm,
        activation,
    ):
        """Shape maps that are convolved and pooled."""
        self._add_weights((*kernel_size, x.shape[3], filters), batch_norm, activation)
        lost = [0 if padding == "same" else length - 1 for length in kernel_size]
        sizes = [
            -(-(size - less) // strides) // pooled
            for size, less, pooled in zip(x.shape[1:3], lost, pool_size, strict=True)
        ]
        return _Stack((None, *sizes, filters))

    def dense(self, x, units, *, batch_norm, activation):
        """Shape the features of a dense layer."""
        self._add_weights((x.shape[1], units), batch_norm, activation)
        return _Stack((None, units))

    def dropout(self, x, rate):
        """Return x unchanged."""
        return x

    def flatten(self, x):
        """Shape features, one per pixel and map."""
        return _Stack((None, math.prod(x.shape[1:])))

    def global_average_pool(self, x):
        """Shape features, one per map."""
        return _Stack((None, x.shape[3]))

    def activated_sum(self, x, shortcut, activation):
        """Return x, whose shape is that of the sum."""
        return x

    def logits(self, x, n_classes):
        """Shape the output."""
        return self.dense(x, n_classes, batch_norm=False, activation="linear")

    def average(self, logits):
        """Return the first logits, whose shape is that of the average."""
        return logits[0]

    def _add_weights(self, kernel, batch_norm, activation):
        if activation not in ACTIVATIONS:
            raise ValueError(f"Unknown activation {activation!r}.")
        self.shapes += [kernel, *[kernel[-1:]] * _AFTER_KERNEL[batch_norm]]


def weight_shapes(description: NetworkDescription) -> list[tuple[int, ...]]:
    """Return the shapes of a network's weights, without building the network.

    Parameters
    ----------
    description : NetworkDescription
        Description of a named architecture or of an ensemble.

    Returns
    -------
    shapes : list of tuple of int
        Shapes of the weights, in the order of the network's variables.

    Raises
    ------
    ValueError
        If the description names an unknown architecture or activation.
    """
    blocks = ShapeBlocks()
    description.logits(_Stack((None, *description.image_shape)), blocks)
    return blocks.shapes
