"""Fitted state of a network classifier."""

from dataclasses import dataclass

import numpy as np

from .._training import Normalisation
from ..architectures import NetworkDescription


# Compared and hashed by identity, because a predictor belongs to one fit.
@dataclass(frozen=True, eq=False)
class FittedNetwork:
    """Immutable state that prediction needs, in NumPy.

    The classifier applies temperature and labels to the logits.

    Attributes
    ----------
    description : NetworkDescription
        Description of the network.
    weights : list of ndarray
        Weights, in the order of the network's variables.
    normalisation : Normalisation
        Normalisation of the images.
    tta : {None, "flip", "shift", "flip_shift"}
        Test-time views that `tta="auto"` stands for.
    """

    description: NetworkDescription
    weights: list[np.ndarray]
    normalisation: Normalisation
    tta: str | None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        return self.description.image_shape

    @property
    def n_parameters(self) -> int:
        """Number of parameters, including moving statistics."""
        return sum(weight.size for weight in self.weights)
