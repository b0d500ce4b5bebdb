"""CutMix: a rectangle of another image, and labels weighted by area."""

from numbers import Real

import numpy as np

from .._compat import Interval
from ._operation import MixingOperation, Setting, register
from ._pixels import draw_rectangles


def paste(images, partners, settings, rng):
    """Replace a rectangle of each image by that of its partner."""
    alpha = settings["cutmix_alpha"]
    side = np.sqrt(1 - rng.beta(alpha, alpha, len(images)))
    sizes = [np.rint(side * size).astype(int) for size in images.shape[1:3]]
    inside = draw_rectangles(images, sizes, rng)
    # Pixels are counted, because the border may cut off a rectangle of size `side`.
    shares = 1 - inside.mean(axis=(1, 2))
    return np.where(inside[..., None], partners, images), shares


register(
    MixingOperation(
        name="cutmix",
        settings={
            "cutmix": Setting(
                Interval(Real, 0, 1, closed="both"),
                "Probability, 0 to 1, that a rectangle of an image is replaced by that "
                "of another image. The labels are averaged by area.",
            ),
            "cutmix_alpha": Setting(
                Interval(Real, 0, None, closed="neither"),
                "Positive parameter of the distribution of the area that is kept, "
                "Beta(`cutmix_alpha`, `cutmix_alpha`).",
                default=1.0,
            ),
        },
        function=paste,
        reference=(
            'S. Yun et al., "CutMix: regularization strategy to train strong '
            'classifiers with localizable features", arXiv:1905.04899, section 3.1.'
        ),
        takes_largest=True,
    )
)
