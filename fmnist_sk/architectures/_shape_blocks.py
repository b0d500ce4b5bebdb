"""Blocks that compute the shapes of weights and outputs, without Keras."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from ._activations import ACTIVATIONS
from ._blocks import Blocks

if TYPE_CHECKING:
    from ._description import NetworkDescription

# Largest size of a network's weights, and of all outputs of its layers for one image.
# The default network has 3.6 MB of weights. Training takes four times the memory of the
# weights, and the outputs of all images of a batch.
_MAX_BYTES = 2**31
_BYTES_PER_VALUE = 4
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
    n_outputs : int
        Number of values that all layers together return for one image, before pooling.
    """

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.n_outputs = 0

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
            -(-(size - less) // strides)
            for size, less in zip(x.shape[1:3], lost, strict=True)
        ]
        self.n_outputs += math.prod(sizes) * filters
        pooled = (size // pool for size, pool in zip(sizes, pool_size, strict=True))
        return _Stack((None, *pooled, filters))

    def dense(self, x, units, *, batch_norm, activation):
        """Shape the features of a dense layer."""
        self._add_weights((x.shape[1], units), batch_norm, activation)
        self.n_outputs += units
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
    return _apply(description).shapes


def check_size(description: NetworkDescription) -> None:
    """Reject a named architecture that would not fit in memory.

    Parameters
    ----------
    description : NetworkDescription
        Description of a named architecture or of an ensemble.

    Raises
    ------
    ValueError
        If the weights, or the outputs of the layers for an image, exceed 2 GiB.
    """
    blocks = _apply(description)
    for number, name in (
        (sum(map(math.prod, blocks.shapes)), "parameters"),
        (blocks.n_outputs, "outputs of layers for each image"),
    ):
        if number * _BYTES_PER_VALUE > _MAX_BYTES:
            raise ValueError(
                f"The network would have {number:,} {name}, but at most "
                f"{_MAX_BYTES // _BYTES_PER_VALUE:,} (2 GiB) are supported. Decrease "
                "filters, kernel_size or dense_units, or use smaller images."
            )


def _apply(description: NetworkDescription) -> ShapeBlocks:
    blocks = ShapeBlocks()
    description.logits(_Stack((None, *description.image_shape)), blocks)
    return blocks
