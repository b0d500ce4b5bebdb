"""NetworkDescription: the specification of a network, with resolved parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from numbers import Integral
from typing import Any

from .. import _engine
from ._architecture import Recipe, find_architecture
from ._ensemble import Ensemble, ensemble_logits, hashable
from ._shape_blocks import check_size

# Largest difference between two responses of the same network, as a fraction of the
# largest output. Processors round differently, and a user's network may compute in
# bfloat16.
_SAME_RESPONSE = 0.02


@dataclass(frozen=True, eq=False)
class NetworkDescription:
    """Specification of a network, hashable and picklable.

    Descriptions are equal if they describe the same network. If the architecture is a
    function, comparing the functions is not enough, because a function can read globals
    and closures. The fingerprint and the response distinguish two networks of the same
    function.

    Attributes
    ----------
    architecture : str, Ensemble or callable
        Name in the registry, several names, or a function that builds a network.
    image_shape : tuple of int
        Shape of one image, `(height, width, channels)`.
    n_classes : int
        Number of logits.
    parameters : tuple of (str, object)
        Resolved network parameters. For an ensemble these are `dropout`, `batch_norm`
        and `members`, which holds the parameters of each member.
    fingerprint : str
        SHA-256 of the layers that a function built. It is empty for a named
        architecture.
    response : tuple of float
        Some outputs of the network that a function built, for fixed images and fixed
        weights. It is empty for a named architecture and for a network that is random.
    """

    architecture: str | Ensemble | Callable[..., Any]
    image_shape: tuple[int, int, int]
    n_classes: int
    parameters: tuple[tuple[str, Any], ...]
    fingerprint: str = ""
    response: tuple[float, ...] = field(default=(), repr=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NetworkDescription):
            return NotImplemented
        return self._key == other._key and self.responds_like(other)

    def __hash__(self) -> int:
        # The response is left out, because it is compared with a tolerance.
        return hash(self._key)

    @property
    def _key(self):
        return (
            self.architecture,
            self.image_shape,
            self.n_classes,
            self.parameters,
            self.fingerprint,
        )

    def responds_like(self, other: NetworkDescription) -> bool:
        """Return whether both networks have the same response, within a tolerance."""
        if len(self.response) != len(other.response):
            return False
        largest = max(map(abs, (*self.response, *other.response)), default=0.0)
        return all(
            abs(one - another) <= _SAME_RESPONSE * largest
            for one, another in zip(self.response, other.response, strict=True)
        )

    @property
    def dropout(self) -> float:
        """Dropout rate of a named architecture."""
        return 0.0 if callable(self.architecture) else dict(self.parameters)["dropout"]

    def with_dropout(self, rate: float) -> NetworkDescription:
        """Describe the same network with another dropout rate.

        The description of a function is returned unchanged, because only the function
        knows the meaning of its parameter.
        """
        if callable(self.architecture):
            return self
        parameters = {**dict(self.parameters), "dropout": rate}
        return replace(self, parameters=tuple(sorted(parameters.items())))

    def logits(self, x: Any, blocks: Any) -> Any:
        """Stack the layers of a named architecture, or of an ensemble, on images.

        Parameters
        ----------
        x : tensor of shape (n, height, width, channels)
            Normalised images.
        blocks : Blocks
            Blocks that the layers are made of.

        Returns
        -------
        logits : tensor of shape (n, n_classes)
            Logits of each image.
        """
        parameters = dict(self.parameters)
        if isinstance(self.architecture, Ensemble):
            return ensemble_logits(x, self.n_classes, blocks, parameters)
        assert isinstance(self.architecture, str)
        architecture = find_architecture(self.architecture)
        return architecture.logits(x, self.n_classes, blocks, parameters)


def describe_network(
    architecture: str | Ensemble | Callable[..., Any],
    image_shape: tuple[int, int, int],
    n_classes: int,
    parameters: Mapping[str, Any],
) -> NetworkDescription:
    """Describe the network that the parameters of an estimator stand for.

    A function as architecture is called, because only its result shows which network it
    builds now. This starts TensorFlow.

    Parameters
    ----------
    architecture : str, Ensemble or callable
        Name in the registry, several names, or a function that builds a network.
    image_shape : tuple of int
        Shape of one image, `(height, width, channels)`.
    n_classes : int
        Number of logits.
    parameters : dict
        Values, or None, of `NETWORK_PARAMETERS`.

    Returns
    -------
    description : NetworkDescription
        Description with every parameter resolved.

    Raises
    ------
    ValueError
        If a size is invalid, the number of filters does not fit the architecture, the
        network would not fit in memory, or the network of a function does not fit the
        images and classes.
    TypeError
        If a function does not take a parameter that was set or returns no network.
    """
    try:
        hash(architecture)
    except TypeError:
        raise TypeError(
            "The 'architecture' parameter must be hashable, such as a function. Got "
            f"{architecture!r} instead."
        ) from None
    resolved = resolve_parameters(architecture, parameters)
    description = NetworkDescription(
        architecture, image_shape, n_classes, tuple(sorted(resolved.items()))
    )
    if not callable(architecture):
        check_size(description)
        return description
    _engine.start()
    from ._own_network import identify

    return identify(description)


def recipe_of(description: NetworkDescription) -> Recipe:
    """Return the recipe of a network.

    Parameters
    ----------
    description : NetworkDescription
        Description of the network.

    Returns
    -------
    recipe : Recipe
        Recipe of the architecture or, for an ensemble, of the first member. The network
        of a function has the default recipe. Networks without their batch normalisation
        do not get the higher learning rates, which need it.
    """
    architecture = description.architecture
    if callable(architecture):
        return Recipe()
    if isinstance(architecture, Ensemble):
        architecture = architecture.members[0][0]
    recipe = find_architecture(architecture).recipe
    if dict(description.parameters)["batch_norm"]:
        return recipe
    return replace(recipe, rate=Recipe().rate)


def resolve_parameters(
    architecture: str | Ensemble | Callable[..., Any], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Replace every None by the architecture's default.

    Parameters
    ----------
    architecture : str, Ensemble or callable
        Name in the registry, several names, or a function that builds a network.
    parameters : dict
        Values, or None, of `NETWORK_PARAMETERS`.

    Returns
    -------
    parameters : dict
        Resolved parameters. For a named architecture these are all parameters, with
        `filters` and `dense_units` as tuples. For a function these are the parameters
        that are not None.
    """
    given = hashable(parameters)
    _check_sizes(given)
    if callable(architecture):
        return _parameters_of_function(architecture, given)
    if isinstance(architecture, Ensemble):
        return _parameters_of_ensemble(architecture, given)
    defaults = find_architecture(architecture).defaults
    resolved = {**defaults, **given}
    resolved["filters"] = _scale_filters(resolved["filters"], defaults["filters"])
    resolved["kernel_size"] = _as_pair(resolved["kernel_size"])
    units = resolved["dense_units"]
    if not isinstance(units, tuple):
        units = (units,) * max(1, len(defaults["dense_units"]))
    resolved["dense_units"] = tuple(int(u) for u in units if u)
    resolved["dropout"] = float(resolved["dropout"])
    resolved["batch_norm"] = bool(resolved["batch_norm"])
    return resolved


def _parameters_of_ensemble(ensemble, given):
    resolved = [
        (name, resolve_parameters(name, given | dict(own)))
        for name, own in ensemble.members
    ]
    # All members share one rate, so that it can change without another graph.
    rates = [parameters.pop("dropout") for _, parameters in resolved]
    return {
        "members": tuple((name, tuple(sorted(p.items()))) for name, p in resolved),
        "dropout": rates[0],
        "batch_norm": all(parameters["batch_norm"] for _, parameters in resolved),
    }


def _parameters_of_function(function, given):
    accepted = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in accepted):
        return given
    unknown = sorted(set(given) - {p.name for p in accepted})
    if unknown:
        raise TypeError(
            f"The architecture {function!r} got an unexpected parameter: "
            f"{', '.join(unknown)}. Add the parameter to the function, or set it to "
            "None in the estimator."
        )
    return given


def _check_sizes(given):
    for name, smallest in ("filters", 1), ("kernel_size", 1), ("dense_units", 0):
        sizes = given.get(name)
        if not isinstance(sizes, tuple):
            continue  # an integer, which the estimator has checked
        if not all(isinstance(n, Integral) and n >= smallest for n in sizes):
            raise ValueError(
                f"The '{name}' parameter must contain integers of at least "
                f"{smallest}. Got {sizes!r} instead."
            )
        if name == "kernel_size" and len(sizes) != 2:
            raise ValueError(
                "The 'kernel_size' parameter must be an int or (height, width). Got "
                f"{sizes!r} instead."
            )


def _as_pair(kernel_size):
    if not isinstance(kernel_size, tuple):
        kernel_size = kernel_size, kernel_size
    return tuple(int(size) for size in kernel_size)


def _scale_filters(filters, default):
    if isinstance(filters, tuple):
        if len(filters) != len(default):
            raise ValueError(
                f"filters={filters} has {len(filters)} values, but the architecture "
                f"has {len(default)} stages of convolutions. Pass {len(default)} "
                "values, or one int for the first stage."
            )
        return tuple(int(f) for f in filters)
    return tuple(max(1, round(filters * f / default[0])) for f in default)
