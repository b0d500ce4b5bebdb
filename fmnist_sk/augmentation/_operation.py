"""Description of an augmentation operation, and the registered operations.

The file of an operation ends with a call of :func:`register`. `_operations` imports
these files.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from .._compat import Interval, Options


@dataclass(frozen=True)
class Setting:
    """Setting of an operation, a number in a specification.

    Attributes
    ----------
    values : Interval or Options
        Valid values, as in the parameter constraints of scikit-learn.
    description : str
        Sentences for the documentation, without the default.
    default : float, default=None
        Value of a detail, a setting that only matters while the operation is on. None
        marks a setting that turns the operation on unless it is zero.
    """

    values: Interval | Options
    description: str
    default: float | None = None

    @property
    def is_detail(self) -> bool:
        """Whether the setting only matters while its operation is on."""
        return self.default is not None


@dataclass(frozen=True)
class Operation:
    """Random change to each image of a stack by itself.

    Attributes
    ----------
    name : str
        Name of the operation, for error messages.
    settings : dict of str to Setting
        Settings by name. Names are unique among all operations.
    function : callable
        Function that is called as `function(images, settings, rng)` if one of the
        settings is on. `images` is an ndarray of shape (n_images, height, width,
        channels) and of any real dtype, which must not be changed. `settings` is a dict
        of floats with all checked settings that are not zero. `rng` is the
        :class:`numpy.random.Generator` for all random numbers. The function returns an
        array of the same shape and dtype.
    reference : str, default=None
        Publication that describes the operation.
    takes_turns : bool, default=False
        Whether the function has a fourth parameter: the `turns` of
        :func:`augment_images`.
    mirrors : bool, default=False
        Whether the operation mirrors images left to right. A network that was trained
        on mirror images can also use them at test time.
    """

    name: str
    settings: Mapping[str, Setting]
    function: Callable[..., Any]
    reference: str | None = None
    takes_turns: bool = False
    mirrors: bool = False

    def is_on(self, settings: Mapping[str, float]) -> bool:
        """Return whether checked settings turn this operation on."""
        return any(
            name in settings and not setting.is_detail
            for name, setting in self.settings.items()
        )


@dataclass(frozen=True)
class MixingOperation(Operation):
    """Random mixture of pairs of images, and of their labels.

    The setting with the name of the operation is the probability that an image is
    mixed. One uniform random number per image decides which operation mixes it, so no
    image is mixed twice.

    Attributes
    ----------
    function : callable
        Function that is called as `function(images, partners, settings, rng)`, with the
        images to mix and the partner of each image. It returns the mixed images and the
        weights of the images' own labels, an array of shape (n_images,).
    takes_largest : bool, default=False
        Whether the images with the largest random numbers are mixed. Otherwise, the
        remaining images with the smallest random numbers are mixed.
    """

    takes_largest: bool = False


# Operations in the order in which they are applied and draw random numbers.
OPERATIONS: dict[str, Operation] = {}


def register(operation: Operation) -> None:
    """Make an operation available wherever a specification is accepted.

    Parameters
    ----------
    operation : Operation
        Operation, which is applied after all operations registered before.

    Raises
    ------
    ValueError
        If its name or one of its settings is already taken, or if a mixing operation
        has no setting with its own name.
    """
    taken = {*OPERATIONS, *all_settings()} & {operation.name, *operation.settings}
    if taken:
        raise ValueError(
            f"Operation {operation.name!r}: the names {sorted(taken)} are already "
            "registered."
        )
    mixes = isinstance(operation, MixingOperation)
    if mixes and operation.name not in operation.settings:
        raise ValueError(
            f"Operation {operation.name!r} mixes images, so it requires a setting "
            f"{operation.name!r}, the probability that an image is mixed."
        )
    OPERATIONS[operation.name] = operation


def all_settings() -> dict[str, Setting]:
    """Return the settings of all registered operations by name.

    Returns
    -------
    settings : dict of str to Setting
        Settings by name, in the order of the operations.
    """
    return {
        name: setting
        for operation in OPERATIONS.values()
        for name, setting in operation.settings.items()
    }


class _MixingSettings(Set):
    """Names of the settings that mix labels, including those registered later."""

    def __contains__(self, name: object) -> bool:
        return name in list(self)

    def __iter__(self) -> Iterator[str]:
        for operation in OPERATIONS.values():
            if isinstance(operation, MixingOperation):
                yield from operation.settings

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        return repr(set(self))


# These settings need labels, so only a training run can use them.
MIXING = _MixingSettings()
