"""Image augmentation: one specification, used in training, pipelines and prediction.

A specification is None, the name of a preset or a dict of settings, so that a
grid search can vary it. :func:`augment_images` applies it afresh to a stack of
images, :class:`ImageAugmenter` is the same as a pipeline step and
:func:`tta_views` gives the fixed views that are averaged at test time.
"""

from ._augmenter import ImageAugmenter
from ._operations import augment_images, mix_images
from ._over_sampler import AugmentedOverSampler
from ._spec import MIXING, PRESETS, check_augmentation
from ._views import tta_views

__all__ = [
    "MIXING",
    "PRESETS",
    "AugmentedOverSampler",
    "ImageAugmenter",
    "augment_images",
    "check_augmentation",
    "mix_images",
    "tta_views",
]
