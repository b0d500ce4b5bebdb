"""What an augmentation may be: its settings, their ranges, and the presets."""

from collections.abc import Mapping
from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval, InvalidParameterError

# What a specification may hold; each setting is off at zero, `erasing_size` if
# `erasing` is.
RANGES = {
    "horizontal_flip": Interval(Real, 0, 1, closed="both"),
    "rotation": Interval(Real, 0, 180, closed="both"),
    "zoom": Interval(Real, 0, 1, closed="left"),
    "shift": Interval(Real, 0, 1, closed="left"),
    "erasing": Interval(Real, 0, 1, closed="both"),
    "erasing_size": Interval(Real, 0, 1, closed="right"),
}
ERASING_SIZE = 0.33

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
        - `rotation`: the largest angle in degrees, 0 to 180, either way;
        - `zoom`: the largest change of size as a fraction, at least 0 and below 1,
          either way;
        - `shift`: the largest shift as a fraction of height and of width, at least
          0 and below 1, either way;
        - `erasing`: the probability, 0 to 1, that a rectangle is erased [1]_;
        - `erasing_size`: its height and width as a fraction of those of the image,
          above 0 and at most 1, by default 0.33.

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
    .. [1] T. DeVries and G. W. Taylor, "Improved regularization of convolutional neural
       networks with cutout", arXiv:1708.04552, section 3.2.

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
    if "erasing" in settings:
        settings.setdefault("erasing_size", ERASING_SIZE)
    else:
        settings.pop("erasing_size", None)
    return settings
