"""What "auto" and None stand for: how each architecture is trained best.

Everything here was chosen on images held out from Fashion-MNIST's 60,000; the ablations
are in `docs/recipes.md`.
"""

from dataclasses import dataclass, replace

from ..architectures import Ensemble


@dataclass(frozen=True)
class Recipe:
    """How an architecture is trained.

    Attributes
    ----------
    epochs : int
        Passes over large data.
    rate : float
        The peak of a decaying learning rate, as a multiple of the optimizer's constant
        rate.
    augmentation : str, dict or None
        Of images; strips of height 1 are never augmented by default.
    tta : str or None
        Views that predictions average, where the training mirrored images.
    label_smoothing : float
        Share of the target that is given to all classes alike.
    """

    epochs: int = 5
    rate: float = 3.0
    augmentation: str | dict | None = None
    tta: str | None = None
    label_smoothing: float = 0.0


_USUAL = Recipe()
_DEEP_AUGMENTATION = {"horizontal_flip": 0.5, "shift": 0.04, "erasing": 0.5}
RECIPES = {
    # A pixel of 28 is a shift that no small image minds.
    "standard": Recipe(epochs=6, rate=10.0, augmentation={"shift": 0.04}),
    "compact": Recipe(epochs=3, rate=10.0),
    "vgg": Recipe(20, 6.0, _DEEP_AUGMENTATION, tta="flip", label_smoothing=0.05),
    "resnet": Recipe(16, 6.0, _DEEP_AUGMENTATION, tta="flip", label_smoothing=0.05),
}


def recipe_of(network):
    """Give the recipe of a network.

    Parameters
    ----------
    network : NetworkDescription
        The network's.

    Returns
    -------
    recipe : Recipe
        Of its architecture, of an ensemble the first one's. Networks of the user's
        own, and those whose batch normalisation was switched off, do not get the
        higher learning rates.
    """
    name = network.architecture
    if callable(name):
        return _USUAL
    if isinstance(name, Ensemble):
        name = name.members[0][0]
    recipe = RECIPES.get(name, _USUAL)
    if dict(network.parameters)["batch_norm"]:
        return recipe
    return replace(recipe, rate=_USUAL.rate)
