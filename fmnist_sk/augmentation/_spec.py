"""What an augmentation may be: its settings, their ranges, and the presets."""

from collections.abc import Mapping
from numbers import Real

import numpy as np
from sklearn.utils._param_validation import (
    Interval,
    InvalidParameterError,
    Options,
)

# What a specification may hold; each setting is off at zero, and so are its details.
RANGES = {
    "horizontal_flip": Interval(Real, 0, 1, closed="both"),
    "alternating_flip": Options(Real, {0, 1}),
    "rotation": Interval(Real, 0, 180, closed="both"),
    "zoom": Interval(Real, 0, 1, closed="left"),
    "shift": Interval(Real, 0, 1, closed="left"),
    "shear": Interval(Real, 0, 90, closed="left"),
    "brightness": Interval(Real, 0, 1, closed="both"),
    "contrast": Interval(Real, 0, 1, closed="both"),
    "erasing": Interval(Real, 0, 1, closed="both"),
    "erasing_size": Interval(Real, 0, 1, closed="right"),
    "mixup": Interval(Real, 0, 1, closed="both"),
    "mixup_alpha": Interval(Real, 0, None, closed="neither"),
    "cutmix": Interval(Real, 0, 1, closed="both"),
    "cutmix_alpha": Interval(Real, 0, None, closed="neither"),
}
# What mixes the labels, too, and so can be done while training only.
MIXING = ("mixup", "mixup_alpha", "cutmix", "cutmix_alpha")
# Settings of settings, with what they are by default.
_DETAILS = {
    "erasing": ("erasing_size", 0.33),
    "mixup": ("mixup_alpha", 0.2),
    "cutmix": ("cutmix_alpha", 1.0),
}
ERASING_SIZE = _DETAILS["erasing"][1]

# For clothes of 28 × 28 pixels, where a shift of 0.04 is one pixel.
PRESETS = {
    "light": {"horizontal_flip": 0.5, "shift": 0.04},
    "standard": {"horizontal_flip": 0.5, "rotation": 5.0, "zoom": 0.05, "shift": 0.04},
    "strong": {"horizontal_flip": 0.5, "rotation": 15.0, "zoom": 0.15, "shift": 0.1},
}


def check_augmentation(spec: str | Mapping[str, float] | None) -> dict[str, float]:
    """Check an augmentation and give it as a dict of settings.

    Parameters
    ----------
    spec : None, {"light", "standard", "strong"} or dict
        The augmentation. A dict has any of these settings:

        - `horizontal_flip`: the probability, 0 to 1, that an image is mirrored;
        - `alternating_flip`: 1 mirrors half of the images in one epoch and the other
          half in the next [1]_; outside of a training half of them at random;
        - `rotation`: the largest angle in degrees, 0 to 180, either way;
        - `zoom`: the largest change of size as a fraction, at least 0 and below 1,
          either way;
        - `shift`: the largest shift as a fraction of height and of width, at least
          0 and below 1, either way;
        - `shear`: the largest angle by which verticals lean, in degrees, below 90,
          either way;
        - `brightness`: the largest amount added to all pixels, 0 to 1, as a fraction of
          the range of the image's pixels, either way;
        - `contrast`: the largest change of the pixels' distance from the image's mean
          as a fraction, 0 to 1, either way;
        - `erasing`: the probability, 0 to 1, that a rectangle is erased [2]_;
        - `erasing_size`: its height and width as a fraction of those of the image,
          above 0 and at most 1, by default 0.33;
        - `mixup`: the probability, 0 to 1, that an image and its label are averaged
          with another's [3]_;
        - `mixup_alpha`: above 0; the weights are drawn from Beta(`mixup_alpha`,
          `mixup_alpha`), by default 0.2;
        - `cutmix`: the probability, 0 to 1, that a rectangle is replaced by that of
          another image and the labels are averaged by area [4]_;
        - `cutmix_alpha`: the same for the area that is kept, by default 1.

        The last four are for `FashionCNNClassifier(augmentation=...)` alone, as labels
        are mixed, too.

    Returns
    -------
    settings : dict of str to float
        The settings that are not zero; empty if nothing is to be done.

    Raises
    ------
    ValueError
        If the name or a setting is unknown or a value is out of its range. It is
        scikit-learn's `InvalidParameterError`, which is a TypeError as well.

    References
    ----------
    .. [1] K. Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU",
       arXiv:2404.00498, section 3.6.
    .. [2] T. DeVries and G. W. Taylor, "Improved regularization of convolutional neural
       networks with cutout", arXiv:1708.04552, section 3.2.
    .. [3] H. Zhang et al., "mixup: beyond empirical risk minimization",
       arXiv:1710.09412, section 2.
    .. [4] S. Yun et al., "CutMix: regularization strategy to train strong classifiers
       with localizable features", arXiv:1905.04899, section 3.1.

    Examples
    --------
    >>> from fmnist_sk.augmentation import check_augmentation
    >>> check_augmentation("light")
    {'horizontal_flip': 0.5, 'shift': 0.04}
    >>> check_augmentation({"rotation": 10, "zoom": 0})
    {'rotation': 10.0}
    >>> check_augmentation(None)
    {}
    """
    if spec is None:
        return {}
    if isinstance(spec, str) and spec in PRESETS:
        return dict(PRESETS[spec])
    if not isinstance(spec, Mapping):
        raise InvalidParameterError(
            f"The augmentation must be None, a str among {sorted(PRESETS)} or a dict. "
            f"Got {spec!r} instead."
        )
    if unknown := [key for key in spec if key not in RANGES]:
        raise InvalidParameterError(
            f"Unknown augmentation settings {unknown}. Known are {list(RANGES)}."
        )
    for name, value in spec.items():
        # True is a Real, but whoever writes horizontal_flip=True hardly means that
        # every single image be mirrored.
        if isinstance(value, (bool, np.bool_)) or not RANGES[name].is_satisfied_by(
            value
        ):
            raise InvalidParameterError(
                f"The augmentation setting {name!r} must be {RANGES[name]}. "
                f"Got {value!r} instead."
            )
    settings = {name: float(spec[name]) for name in RANGES if spec.get(name)}
    for name, (detail, default) in _DETAILS.items():
        if name in settings:
            settings.setdefault(detail, default)
        else:
            settings.pop(detail, None)
    return settings
