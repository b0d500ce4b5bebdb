"""Definition of an architecture, and the registry of all architectures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

#: Parameters of a network. None stands for the architecture's own value.
NETWORK_PARAMETERS = (
    "filters",
    "kernel_size",
    "dense_units",
    "dropout",
    "activation",
    "batch_norm",
)


@dataclass(frozen=True)
class Recipe:
    """Default settings for training an architecture.

    The values were chosen on images held out from Fashion-MNIST's 60,000 training
    images; `docs/recipes.md` has the ablations.

    Attributes
    ----------
    epochs : int
        Number of passes over a large data set.
    rate : float
        Peak of a decaying learning rate, as a multiple of the optimizer's constant
        rate.
    augmentation : str, dict or None
        Augmentation of the training images. Strips of height 1 are never augmented by
        default.
    tta : {"flip", "shift", "flip_shift"} or None
        Views that predictions average, as far as training mirrored and shifted images.
    label_smoothing : float
        Share of the target that is spread over all classes.
    """

    epochs: int = 5
    rate: float = 3.0
    augmentation: str | dict | None = None
    tta: str | None = None
    label_smoothing: float = 0.0


@dataclass(frozen=True, eq=False)
class Architecture:
    """Layers of a network and the settings that train them.

    Attributes
    ----------
    name : str
        Value of the parameter `architecture` that selects it.
    defaults : mapping of str to object
        Value of each network parameter that is None. `filters` has one number per
        stage. An integer given by the user is the number of the first stage and scales
        the others.
    recipe : Recipe
        Default settings for training.
    features : callable
        Function `(x, blocks, parameters, options)` that stacks blocks on images `x` of
        shape `(n, height, width, channels)` and returns features of shape
        `(n, n_features)`. `parameters` holds every resolved network parameter,
        `options` the arguments `batch_norm` and `activation` of a block.
    """

    name: str
    defaults: Mapping[str, Any]
    recipe: Recipe
    features: Callable[[Any, Any, Mapping[str, Any], Mapping[str, Any]], Any]

    def logits(
        self, x: Any, n_classes: int, blocks: Any, parameters: Mapping[str, Any]
    ) -> Any:
        """Stack the features, the dense layers and the output on images.

        Parameters
        ----------
        x : tensor of shape (n, height, width, channels)
            Normalised images.
        n_classes : int
            Number of logits.
        blocks : Blocks
            Blocks that the layers are made of.
        parameters : mapping of str to object
            Resolved value of every network parameter.

        Returns
        -------
        logits : tensor of shape (n, n_classes)
            Logits of each image.
        """
        options = {name: parameters[name] for name in ("batch_norm", "activation")}
        x = self.features(x, blocks, parameters, options)
        rate = parameters["dropout"]
        if not parameters["dense_units"]:
            x = blocks.dropout(x, rate)
        for units in parameters["dense_units"]:
            x = blocks.dense(x, units, **options)
            x = blocks.dropout(x, rate)
        return blocks.logits(x, n_classes)


_REGISTRY: dict[str, Architecture] = {}

#: All architectures by name.
ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType(_REGISTRY)


def register(architecture: Architecture) -> Architecture:
    """Add an architecture to the registry.

    Parameters
    ----------
    architecture : Architecture
        Architecture with a new name and a default for every network parameter.

    Returns
    -------
    architecture : Architecture
        Same architecture.

    Raises
    ------
    ValueError
        If the name is already taken or the defaults are incomplete.
    """
    name = architecture.name
    if name in _REGISTRY:
        raise ValueError(f"An architecture named {name!r} is already registered.")
    if set(architecture.defaults) != set(NETWORK_PARAMETERS):
        raise ValueError(
            f"The defaults of the architecture {name!r} must have the keys "
            f"{sorted(NETWORK_PARAMETERS)}. Got {sorted(architecture.defaults)} "
            "instead."
        )
    _REGISTRY[name] = architecture
    return architecture


def find_architecture(name: str) -> Architecture:
    """Return the architecture of a name, or raise a ValueError that lists the names."""
    try:
        return ARCHITECTURES[name]
    except KeyError:
        raise ValueError(
            f"Unknown architecture {name!r}. Valid names are: "
            f"{', '.join(sorted(ARCHITECTURES))}."
        ) from None
