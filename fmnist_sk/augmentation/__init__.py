"""Image augmentation for training, pipelines and prediction.

A specification is None, the name of a preset or a dict of settings, so a grid search
can vary it. :func:`augment_images` applies it to a stack of images,
:class:`ImageAugmenter` does the same as a step of a pipeline, and :func:`tta_views`
returns the fixed views that are averaged at test time. Each operation has its own file,
which `_operations` imports.
"""

from ._augment import augment_images, mix_images
from ._augmenter import ImageAugmenter
from ._containers import frame_like, library_of
from ._operation import MIXING
from ._over_sampler import AugmentedOverSampler
from ._presets import PRESETS
from ._spec import check_augmentation, mirrors_images, shifts_images, takes_turns
from ._views import UNSURE_BELOW, VIEWS, tta_views

__all__ = [
    "MIXING",
    "PRESETS",
    "UNSURE_BELOW",
    "VIEWS",
    "AugmentedOverSampler",
    "ImageAugmenter",
    "augment_images",
    "check_augmentation",
    "frame_like",
    "library_of",
    "mirrors_images",
    "mix_images",
    "shifts_images",
    "takes_turns",
    "tta_views",
]
