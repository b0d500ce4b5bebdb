"""Random erasing of a rectangle in an image."""

from numbers import Real

import numpy as np

from .._compat import Interval
from ._operation import Operation, Setting, register
from ._pixels import cast_pixels, draw_rectangles

DEFAULT_SIZE = 0.33


def erase(images, settings, rng):
    """Replace a rectangle of an image by the mean of the image."""
    erased = rng.random(len(images)) < settings["erasing"]
    sizes = [
        max(1, round(settings["erasing_size"] * size)) for size in images.shape[1:3]
    ]
    inside = draw_rectangles(images, sizes, rng) & erased[:, None, None]
    mean = images.mean(axis=(1, 2), dtype=np.float64, keepdims=True)
    return np.where(inside[..., None], cast_pixels(mean, images.dtype), images)


register(
    Operation(
        name="erasing",
        settings={
            "erasing": Setting(
                Interval(Real, 0, 1, closed="both"),
                "Probability, 0 to 1, that a rectangle of an image is replaced by the "
                "image's mean.",
            ),
            "erasing_size": Setting(
                Interval(Real, 0, 1, closed="right"),
                "Height and width of the rectangle as a fraction, above 0 and at most "
                "1, of those of the image.",
                default=DEFAULT_SIZE,
            ),
        },
        function=erase,
        reference=(
            'T. DeVries and G. W. Taylor, "Improved regularization of convolutional '
            'neural networks with cutout", arXiv:1708.04552, section 3.2.'
        ),
    )
)
