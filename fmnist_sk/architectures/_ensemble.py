"""Ensemble: several networks trained as one, with averaged logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._architecture import ARCHITECTURES, NETWORK_PARAMETERS, find_architecture


class Ensemble:
    """Several networks that are trained as one and whose logits are averaged.

    Pass it to `FashionCNNClassifier` as the parameter `architecture`. The networks can
    have one architecture or different ones. They start from different weights and
    therefore make different mistakes, some of which cancel in the average. Training and
    prediction take the time and the memory of all networks together. Every `"auto"`
    follows the first network's recipe, and all networks share one dropout rate.

    Parameters
    ----------
    *members : str or (str, dict)
        Names of at least two architectures. A dict holds the network parameters that
        differ from those of the classifier. `dropout` cannot differ.

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
                    "A member of an Ensemble must be the name of an architecture, "
                    f"{sorted(ARCHITECTURES)}, or a tuple of a name and a dict of "
                    "network parameters other than dropout. Got "
                    f"{(name, dict(parameters))!r} instead."
                )
        if len(pairs) < 2:
            raise ValueError(
                f"Ensemble requires at least 2 members. Got {len(members)} instead."
            )
        self.members = tuple(
            (name, tuple(sorted(hashable(parameters).items())))
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


def ensemble_logits(x, n_classes, blocks, parameters):
    """Stack every member on the same images and average their logits.

    Parameters
    ----------
    x : tensor of shape (n, height, width, channels)
        Normalised images.
    n_classes : int
        Number of logits.
    blocks : Blocks
        Blocks that the layers are made of.
    parameters : mapping of str to object
        Resolved parameters of an ensemble: `dropout`, and in `members` the name and
        the parameters of each member.

    Returns
    -------
    logits : tensor of shape (n, n_classes)
        Averaged logits of each image.
    """
    dropout = {"dropout": parameters["dropout"]}
    return blocks.average(
        [
            find_architecture(name).logits(x, n_classes, blocks, dict(member) | dropout)
            for name, member in parameters["members"]
        ]
    )


def hashable(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that are not None, with tuples in place of lists."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in parameters.items()
        if value is not None
    }
