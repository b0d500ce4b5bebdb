"""Rotation, zoom, shear and shift of images.

These are four settings of one operation, so that an image is warped and blurred only
once.
"""

from numbers import Real

import numpy as np

from .._compat import Interval
from .._images import inverse_affine, translate, warp
from ._operation import Operation, Setting, register


def move(images, settings, rng):
    """Move the pixels of each image, without blurring where whole pixels suffice."""
    n_images, height, width, _ = images.shape
    angle, zoom = np.zeros(n_images), np.ones(n_images)
    shear, down = np.zeros(n_images), np.zeros(n_images, dtype=int)
    right = down
    if rotation := np.deg2rad(settings.get("rotation", 0.0)):
        angle = rng.uniform(-rotation, rotation, n_images)
    if change := settings.get("zoom", 0.0):
        zoom = rng.uniform(1 - change, 1 + change, n_images)
    if shift := settings.get("shift", 0.0):
        most_down, most_right = round(shift * height), round(shift * width)
        down = rng.integers(-most_down, most_down, n_images, endpoint=True)
        right = rng.integers(-most_right, most_right, n_images, endpoint=True)
    if leaning := np.deg2rad(settings.get("shear", 0.0)):
        shear = rng.uniform(-leaning, leaning, n_images)
    if rotation or change or leaning:
        return warp(
            images, inverse_affine(angle, zoom, down, right, height, width, shear)
        )
    if down.any() or right.any():
        return translate(images, down, right)
    return images


register(
    Operation(
        name="move",
        settings={
            "rotation": Setting(
                Interval(Real, 0, 180, closed="both"),
                "Largest angle in degrees, 0 to 180. Angles are uniform in both "
                "directions.",
            ),
            "zoom": Setting(
                Interval(Real, 0, 1, closed="left"),
                "Largest change of size as a fraction below 1. Sizes are uniform "
                "between `1 - zoom` and `1 + zoom` times the original.",
            ),
            "shift": Setting(
                Interval(Real, 0, 1, closed="left"),
                "Largest shift as a fraction, below 1, of the height and of the width, "
                "rounded to whole pixels. Shifts are uniform over whole pixels in both "
                "directions.",
            ),
            "shear": Setting(
                Interval(Real, 0, 90, closed="left"),
                "Largest angle in degrees, below 90, by which vertical lines lean. "
                "Angles are uniform in both directions.",
            ),
        },
        function=move,
    )
)
