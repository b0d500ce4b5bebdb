"""Check of a specification: settings of the registered operations, or a preset."""

import textwrap
from collections.abc import Mapping

import numpy as np

from .._compat import InvalidParameterError
from . import _operations as _operations
from ._operation import MIXING, OPERATIONS, MixingOperation, all_settings
from ._presets import PRESETS


def _list_settings(function):
    """Insert the registered settings and their references into a docstring."""
    items, references = [], []
    for operation in OPERATIONS.values():
        mark = ""
        if operation.reference:
            references.append(operation.reference)
            mark = f" [{len(references)}]_"
        for name, setting in operation.settings.items():
            text = setting.description.removesuffix(".") + f"{mark}."
            mark = ""
            if setting.is_detail:
                text += f" The default is {setting.default:g}."
            if isinstance(operation, MixingOperation) and not setting.is_detail:
                text += " Only in `FashionCNNClassifier(augmentation=...)`."
            items.append(textwrap.fill(f"- `{name}`: {text}", 80, **_HANGING))
    notes = [
        textwrap.fill(f".. [{i}] {text}", 84, subsequent_indent=" " * 3)
        for i, text in enumerate(references, start=1)
    ]
    if function.__doc__:  # None with python -OO
        for place, lines in ("<settings>", items), ("<references>", notes):
            before, _, after = function.__doc__.partition(place)
            # Python 3.13 removes the indentation of docstrings, so it is copied here.
            indent = before.rpartition("\n")[2]
            text = "\n".join(lines).replace("\n", "\n" + indent)
            function.__doc__ = before + text + after
    return function


_HANGING = {"subsequent_indent": "  ", "break_long_words": False}


@_list_settings
def check_augmentation(spec: str | Mapping[str, float] | None) -> dict[str, float]:
    """Check an augmentation and return it as a dict of settings.

    Parameters
    ----------
    spec : None, {"light", "standard", "strong"} or dict
        Specification of the augmentation: None for no augmentation, the name of a
        preset, or a dict with any of these settings. A setting of 0 is off.

        <settings>

    Returns
    -------
    settings : dict of str to float
        Settings that are on, with the details of their operations. The dict is empty if
        no setting is on.

    Raises
    ------
    ValueError
        If the name of the preset or of a setting is unknown, or a value is out of its
        range. The exception is scikit-learn's `InvalidParameterError`, which is also a
        TypeError.

    References
    ----------
    <references>

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
            f"The 'augmentation' parameter must be a str among {sorted(PRESETS)}, a "
            f"dict or None. Got {spec!r} instead."
        )
    known = all_settings()
    if unknown := [name for name in spec if name not in known]:
        raise InvalidParameterError(
            f"Unknown augmentation settings {unknown}. Valid settings are "
            f"{list(known)}."
        )
    for name, value in spec.items():
        # True is a Real, but horizontal_flip=True hardly means a probability of 1.
        is_bool = isinstance(value, (bool, np.bool_))
        if is_bool or not known[name].values.is_satisfied_by(value):
            raise InvalidParameterError(
                f"The augmentation setting {name!r} must be {known[name].values}. "
                f"Got {value!r} instead."
            )
    settings = {name: float(spec[name]) for name in known if spec.get(name)}
    for operation in OPERATIONS.values():
        is_on = operation.is_on(settings)
        for name, setting in operation.settings.items():
            if setting.default is not None and not is_on:
                settings.pop(name, None)
            elif setting.default is not None:
                settings.setdefault(name, float(setting.default))
    return settings


def check_image_settings(spec: str | Mapping[str, float] | None) -> dict[str, float]:
    """Check an augmentation that is applied to images without labels.

    Parameters
    ----------
    spec : None, str or dict
        Specification; see :func:`check_augmentation`.

    Returns
    -------
    settings : dict of str to float
        Settings that are on.

    Raises
    ------
    ValueError
        If `spec` is invalid or mixes images.
    """
    settings = check_augmentation(spec)
    if mixing := [name for name in settings if name in MIXING]:
        raise ValueError(
            f"The augmentation settings {mixing} also mix labels. Use these settings "
            "in FashionCNNClassifier(augmentation=...) only."
        )
    return settings


def mirrors_images(spec: str | Mapping[str, float] | None) -> bool:
    """Return whether an augmentation mirrors images left to right.

    Parameters
    ----------
    spec : None, str or dict
        Specification; see :func:`check_augmentation`.

    Returns
    -------
    mirrors : bool
        Whether an operation that is on mirrors images.

    Raises
    ------
    ValueError
        If `spec` is invalid.
    """
    settings = check_augmentation(spec)
    return any(
        operation.mirrors and operation.is_on(settings)
        for operation in OPERATIONS.values()
    )


def shifts_images(
    spec: str | Mapping[str, float] | None, image_shape: tuple[int, int, int]
) -> bool:
    """Return whether an augmentation shifts images by a pixel or more both ways.

    Parameters
    ----------
    spec : None, str or dict
        Specification; see :func:`check_augmentation`.
    image_shape : tuple of int
        `(height, width, channels)`.

    Returns
    -------
    shifts : bool
        Whether the largest shifts along the height and the width are not zero.

    Raises
    ------
    ValueError
        If `spec` is invalid.
    """
    shift = check_augmentation(spec).get("shift", 0.0)
    return all(round(shift * size) > 0 for size in image_shape[:2])


def takes_turns(spec: str | Mapping[str, float] | None) -> bool:
    """Return whether an augmentation treats images differently in every other epoch.

    Parameters
    ----------
    spec : None, str or dict
        Specification; see :func:`check_augmentation`.

    Returns
    -------
    takes_turns : bool
        Whether an operation that is on needs the `turns` of :func:`augment_images`.

    Raises
    ------
    ValueError
        If `spec` is invalid.
    """
    settings = check_augmentation(spec)
    return any(
        operation.takes_turns and operation.is_on(settings)
        for operation in OPERATIONS.values()
    )
