"""Random horizontal flip of images."""

from numbers import Real

from .._compat import Interval
from ._operation import Operation, Setting, register
from ._pixels import mirror


def flip(images, settings, rng):
    """Mirror each image left to right with the given probability."""
    return mirror(images, rng.random(len(images)) < settings["horizontal_flip"])


register(
    Operation(
        name="horizontal_flip",
        settings={
            "horizontal_flip": Setting(
                Interval(Real, 0, 1, closed="both"),
                "Probability, 0 to 1, that an image is mirrored left to right.",
            ),
        },
        function=flip,
        mirrors=True,
    )
)
