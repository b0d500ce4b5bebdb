"""MixUp: the weighted mean of two images and of their labels."""

from numbers import Real

import numpy as np

from .._compat import Interval
from ._operation import MixingOperation, Setting, register
from ._pixels import cast_pixels


def blend(images, partners, settings, rng):
    """Average each image with its partner."""
    alpha = settings["mixup_alpha"]
    shares = rng.beta(alpha, alpha, len(images)).astype(np.float32)
    own = shares[:, None, None, None]
    return cast_pixels(own * images + (1 - own) * partners, images.dtype), shares


register(
    MixingOperation(
        name="mixup",
        settings={
            "mixup": Setting(
                Interval(Real, 0, 1, closed="both"),
                "Probability, 0 to 1, that an image and its label are averaged with "
                "another image and its label.",
            ),
            "mixup_alpha": Setting(
                Interval(Real, 0, None, closed="neither"),
                "Positive parameter of the distribution of the weights, "
                "Beta(`mixup_alpha`, `mixup_alpha`).",
                default=0.2,
            ),
        },
        function=blend,
        reference=(
            'H. Zhang et al., "mixup: beyond empirical risk minimization", '
            "arXiv:1710.09412, section 2."
        ),
    )
)
