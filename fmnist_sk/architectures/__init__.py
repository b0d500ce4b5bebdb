"""A registry of network architectures; knows nothing of scikit-learn.

Each architecture is written once, as a function that stacks blocks on an image
tensor (`_builders`). The blocks come in two forms with the same weights in the
same order: the ones that train fast on a CPU (`_layers`) and stock Keras layers
for `to_keras`. Nothing here imports Keras before a network is built.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from numbers import Integral
from types import MappingProxyType
from typing import Any

#: Parameters of a network that may be left to the architecture with None.
NETWORK_PARAMETERS = (
    "filters",
    "kernel_size",
    "dense_units",
    "dropout",
    "activation",
    "batch_norm",
)

# What None stands for. `filters` are those of the first convolution, an integer that
# the deeper ones multiply, or one number a convolution.
_REGISTRY: dict[str, dict[str, Any]] = {
    "standard": {
        "filters": (32, 64),
        "kernel_size": 3,
        "dense_units": (128,),
        "dropout": 0.1,
        "activation": "relu",
        "batch_norm": True,
    },
    "compact": {
        "filters": (16, 32, 48),
        "kernel_size": 3,
        "dense_units": (),
        "dropout": 0.0,
        "activation": "relu",
        "batch_norm": True,
    },
    "two_conv": {
        "filters": (32, 64),
        "kernel_size": 3,
        "dense_units": (128,),
        "dropout": 0.0,
        "activation": "relu",
        "batch_norm": False,
    },
    "three_conv": {
        "filters": (32, 64, 128),
        "kernel_size": 3,
        "dense_units": (512, 512),
        "dropout": 0.2,
        "activation": "relu",
        "batch_norm": False,
    },
    "vgg": {
        "filters": (32, 64, 128),
        "kernel_size": 3,
        "dense_units": (),
        "dropout": 0.3,
        "activation": "relu",
        "batch_norm": True,
    },
    "resnet": {
        "filters": (32, 48, 96),
        "kernel_size": 3,
        "dense_units": (),
        "dropout": 0.3,
        "activation": "relu",
        "batch_norm": True,
    },
}
ARCHITECTURES = MappingProxyType(_REGISTRY)

#: Activations a block may have, by Keras's names. For those of the first group
#: max-pooling may come before the activation, which is cheaper and changes nothing.
MONOTONIC_ACTIVATIONS = frozenset(
    {"relu", "elu", "selu", "leaky_relu", "tanh", "sigmoid", "softplus", "linear"}
)
ACTIVATIONS = MONOTONIC_ACTIVATIONS | {"gelu", "silu", "swish", "mish"}


class Ensemble:
    """Networks side by side, whose logits are averaged.

    For the parameter `architecture` of `FashionCNNClassifier`: several networks, of one
    architecture or of different ones, that are trained, kept and asked as one. They
    start from different weights and so make different mistakes, of which the average
    makes fewer. It takes the time and the memory of all of them. What is `"auto"`
    follows the first one's recipe, and dropout has one rate for all.

    Parameters
    ----------
    *members : str or (str, dict)
        At least two names of architectures; with network parameters that differ from
        those given to the classifier.

    Examples
    --------
    >>> from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample
    >>> from fmnist_sk.architectures import Ensemble
    >>> both = Ensemble("compact", ("resnet", {"filters": (8, 8, 16)}))
    >>> clf = FashionCNNClassifier(architecture=both, epochs=2, random_state=0)
    >>> X, y = load_fashion_mnist_sample(return_X_y=True)
    >>> clf.fit(X[:500], y[:500]).predict_proba(X[:3]).shape
    (3, 10)
    """

    def __init__(self, *members: str | tuple[str, Mapping[str, Any]]):
        pairs = [(m, {}) if isinstance(m, str) else m for m in members]
        for name, parameters in pairs:
            allowed = {*NETWORK_PARAMETERS} - {"dropout"}
            if name not in ARCHITECTURES or not allowed.issuperset(parameters):
                raise ValueError(
                    f"A member of an Ensemble must be one of {sorted(ARCHITECTURES)}, "
                    "with network parameters other than dropout. Got "
                    f"{(name, dict(parameters))!r} instead."
                )
        if len(pairs) < 2:
            raise ValueError("An Ensemble needs at least two members.")
        self.members = tuple(
            (name, tuple(sorted(_hashable(parameters).items())))
            for name, parameters in pairs
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ensemble) and self.members == other.members

    def __hash__(self) -> int:
        return hash(self.members)

    def __repr__(self) -> str:
        shown = [
            repr((name, dict(parameters)) if parameters else name)
            for name, parameters in self.members
        ]
        return f"Ensemble({', '.join(shown)})"


@dataclass(frozen=True)
class NetworkDescription:
    """What a network is built from; hashable and picklable.

    Attributes
    ----------
    architecture : str, Ensemble or callable
        Name in the registry, several of them, or a function that builds a network.
    image_shape : tuple of int
        `(height, width, channels)`.
    n_classes : int
        Number of logits.
    parameters : tuple of (str, object)
        Resolved network parameters; of an ensemble `dropout`, `batch_norm` and
        `members`, which holds those of each.
    """

    architecture: str | Ensemble | Callable[..., Any]
    image_shape: tuple[int, int, int]
    n_classes: int
    parameters: tuple[tuple[str, Any], ...]

    @property
    def dropout(self) -> float:
        """The dropout rate of a named architecture."""
        return 0.0 if callable(self.architecture) else dict(self.parameters)["dropout"]

    def with_dropout(self, rate: float) -> NetworkDescription:
        """Describe the same network with another dropout rate.

        A callable architecture is left as it is: only it knows what its parameter
        does.
        """
        if callable(self.architecture):
            return self
        parameters = {**dict(self.parameters), "dropout": rate}
        return replace(self, parameters=tuple(sorted(parameters.items())))


def describe_network(
    architecture: str | Ensemble | Callable[..., Any],
    image_shape: tuple[int, int, int],
    n_classes: int,
    parameters: Mapping[str, Any],
) -> NetworkDescription:
    """Describe a network from the parameters of an estimator.

    Parameters
    ----------
    architecture : str, Ensemble or callable
        Name in the registry, several of them, or a function that builds a network.
    image_shape : tuple of int
        `(height, width, channels)`.
    n_classes : int
        Number of logits.
    parameters : dict
        Values, or None, of `NETWORK_PARAMETERS`.

    Returns
    -------
    description : NetworkDescription
        With every parameter resolved.
    """
    try:
        hash(architecture)
    except TypeError:
        raise TypeError(
            "architecture must be hashable: a function, or an object with a hash. Got "
            f"{architecture!r} instead."
        ) from None
    resolved = resolve_parameters(architecture, parameters)
    return NetworkDescription(
        architecture, image_shape, n_classes, tuple(sorted(resolved.items()))
    )


def resolve_parameters(
    architecture: str | Ensemble | Callable[..., Any], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Fill in what None leaves to the architecture.

    Parameters
    ----------
    architecture : str, Ensemble or callable
        Name in the registry, several of them, or a function that builds a network.
    parameters : dict
        Values, or None, of `NETWORK_PARAMETERS`.

    Returns
    -------
    parameters : dict
        For a named architecture all of them, with `filters` and `dense_units` as
        tuples; for a callable those that are not None.

    Raises
    ------
    ValueError
        If a size is no size, or the number of filters does not fit the architecture.
    TypeError
        If the callable does not take a parameter that was set.
    """
    given = _hashable(parameters)
    _check_sizes(given)
    if callable(architecture):
        return _parameters_of_callable(architecture, given)
    if isinstance(architecture, Ensemble):
        return _parameters_of_ensemble(architecture, given)
    defaults = ARCHITECTURES[architecture]
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


def _hashable(parameters):
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in parameters.items()
        if value is not None
    }


def _parameters_of_ensemble(ensemble, given):
    resolved = [
        (name, resolve_parameters(name, given | dict(own)))
        for name, own in ensemble.members
    ]
    # One rate for all, which can be changed without another graph.
    rates = [parameters.pop("dropout") for _, parameters in resolved]
    return {
        "members": tuple((name, tuple(sorted(p.items()))) for name, p in resolved),
        "dropout": rates[0],
        "batch_norm": all(parameters["batch_norm"] for _, parameters in resolved),
    }


def _check_sizes(given):
    for name, smallest in ("filters", 1), ("kernel_size", 1), ("dense_units", 0):
        sizes = given.get(name)
        if not isinstance(sizes, tuple):
            continue  # an integer, which the estimator has checked
        if not all(isinstance(n, Integral) and n >= smallest for n in sizes):
            raise ValueError(
                f"{name} must hold integers of at least {smallest}. Got {sizes!r} "
                "instead."
            )
        if name == "kernel_size" and len(sizes) != 2:
            raise ValueError(
                f"kernel_size must be an integer or (height, width). Got {sizes!r} "
                "instead."
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
                f"has {len(default)} stages of convolutions. Give {len(default)} "
                "values, or one integer for the first stage."
            )
        return tuple(int(f) for f in filters)
    return tuple(max(1, round(filters * f / default[0])) for f in default)


def _parameters_of_callable(architecture, given):
    accepted = inspect.signature(architecture).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in accepted):
        return given
    unknown = sorted(set(given) - {p.name for p in accepted})
    if unknown:
        raise TypeError(
            f"The architecture {architecture!r} does not take {', '.join(unknown)}. "
            "Add the parameter to the function, or leave it None."
        )
    return given


def __getattr__(name):
    if name in (
        "build_network",
        "initial_weights",
        "prediction_function",
        "prediction_weights",
        "to_keras",
    ):
        from . import _network

        return getattr(_network, name)
    raise AttributeError(name)
