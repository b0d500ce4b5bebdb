"""Blocks that count parameters and outputs, without allocating anything."""

import math
from typing import NamedTuple

from ._blocks import Blocks

# Largest size of a network's weights, and of all outputs of its layers for one image.
# The default network has 3.6 MB of weights. Training takes four times the memory of the
# weights, and the outputs of all images of a batch.
_MAX_BYTES = 2**31
_BYTES_PER_VALUE = 4


class _Stack(NamedTuple):
    """Stand-in for a stack of images, maps or features."""

    shape: tuple[int | None, ...]


class SizeBlocks(Blocks):
    """Blocks that count.

    Attributes
    ----------
    n_parameters : int
        Number of parameters, including moving statistics.
    n_outputs : int
        Number of values that all layers together return for one image.
    """

    def __init__(self):
        self.n_parameters = self.n_outputs = 0

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
        """Count a convolution and its bias or batch normalisation."""
        *sizes, channels = x.shape[1:]
        if padding == "valid":
            sizes = [s - k + 1 for s, k in zip(sizes, kernel_size, strict=True)]
        sizes = [-(-size // strides) for size in sizes]
        self.n_outputs += math.prod(sizes) * filters
        pooled = (s // pool for s, pool in zip(sizes, pool_size, strict=True))
        self._count(math.prod(kernel_size) * channels, filters, batch_norm)
        return _Stack((None, *pooled, filters))

    def dense(self, x, units, *, batch_norm, activation):
        """Count a dense layer and its bias or batch normalisation."""
        self._count(x.shape[1], units, batch_norm)
        self.n_outputs += units
        return _Stack((None, units))

    def dropout(self, x, rate):
        """Return the stack, because dropout has no parameters."""
        return x

    def flatten(self, x):
        """Return the features of maps."""
        return _Stack((None, math.prod(x.shape[1:])))

    def global_average_pool(self, x):
        """Return one feature per map."""
        return _Stack((None, x.shape[-1]))

    def activated_sum(self, x, shortcut, activation):
        """Return maps of the same shape."""
        return x

    def logits(self, x, n_classes):
        """Count the output layer."""
        return self.dense(x, n_classes, batch_norm=False, activation="linear")

    def average(self, logits):
        """Return the logits of one network."""
        return logits[0]

    def _count(self, n_inputs, n_outputs, batch_norm):
        # Instead of a bias, batch normalisation has an offset, a mean and a variance.
        self.n_parameters += n_outputs * (n_inputs + (3 if batch_norm else 1))


def check_size(description):
    """Reject a named architecture that would not fit in memory.

    Parameters
    ----------
    description : NetworkDescription
        Description of the network.

    Raises
    ------
    ValueError
        If the weights, or the outputs of the layers for an image, exceed 2 GiB.
    """
    blocks = SizeBlocks()
    description.logits(_Stack((None, *description.image_shape)), blocks)
    for number, name in (
        (blocks.n_parameters, "parameters"),
        (blocks.n_outputs, "outputs of layers for each image"),
    ):
        if number * _BYTES_PER_VALUE > _MAX_BYTES:
            raise ValueError(
                f"The network would have {number:,} {name}, but at most "
                f"{_MAX_BYTES // _BYTES_PER_VALUE:,} (2 GiB) are supported. Decrease "
                "filters, kernel_size or dense_units, or use smaller images."
            )
