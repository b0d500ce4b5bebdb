"""Changes of brightness and contrast."""

from numbers import Real

import numpy as np

from .._compat import Interval
from ._operation import Operation, Setting, register
from ._pixels import cast_pixels


def shade(images, settings, rng):
    """Change brightness and contrast within the range of each image."""
    shape = (len(images), 1, 1, 1)
    low, high = (f(images, axis=(1, 2, 3), keepdims=True) for f in (np.min, np.max))
    factor, offset = np.ones(shape, np.float32), np.zeros(shape, np.float32)
    if most := settings.get("brightness", 0.0):
        spread = high.astype(np.float32) - low.astype(np.float32)
        offset = spread * rng.uniform(-most, most, shape).astype(np.float32)
    if most := settings.get("contrast", 0.0):
        factor = rng.uniform(1 - most, 1 + most, shape).astype(np.float32)
    mean = images.mean(axis=(1, 2, 3), dtype=np.float64, keepdims=True)
    mean = mean.astype(np.float32)
    shaded = images.astype(np.float32)
    shaded -= mean
    shaded *= factor
    shaded += mean + offset
    np.clip(shaded, low, high, out=shaded)
    return cast_pixels(shaded, images.dtype)


register(
    Operation(
        name="shade",
        settings={
            "brightness": Setting(
                Interval(Real, 0, 1, closed="both"),
                "Largest amount, 0 to 1, added to or subtracted from all pixels, as a "
                "fraction of the range of the image's pixels.",
            ),
            "contrast": Setting(
                Interval(Real, 0, 1, closed="both"),
                "Largest change, 0 to 1, of the pixels' distance from the image's mean "
                "as a fraction. Pixels stay within the range of the image.",
            ),
        },
        function=shade,
    )
)
