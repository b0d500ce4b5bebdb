"""Flip that alternates from epoch to epoch between two halves of the images."""

from numbers import Real

from .._compat import Options
from ._operation import Operation, Setting, register
from ._pixels import mirror


def alternate(images, settings, rng, turns):
    """Mirror the images whose turn is odd."""
    if turns is None:
        turns = rng.integers(2, size=len(images))
    return mirror(images, turns % 2 == 1)


register(
    Operation(
        name="alternating_flip",
        settings={
            "alternating_flip": Setting(
                Options(Real, {0, 1}),
                "1 mirrors half of the images in one epoch and the other half in the "
                "next one. Outside of training, a random half is mirrored.",
            ),
        },
        function=alternate,
        reference=(
            'K. Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", '
            "arXiv:2404.00498, section 3.6."
        ),
        takes_turns=True,
        mirrors=True,
    )
)
