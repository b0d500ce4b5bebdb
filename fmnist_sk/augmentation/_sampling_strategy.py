"""Number of copies per class, by the strategies of imbalanced-learn."""

from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Functions that select the classes to enlarge to the size of the largest class, given a
# label, the smallest class and the largest class. If several classes are equally large,
# the first label counts as the smallest or the largest class.
CLASSES_TO_RESAMPLE: dict[str, Callable[[Any, Any, Any], bool]] = {
    "auto": lambda label, smallest, largest: label != largest,
    "minority": lambda label, smallest, largest: label == smallest,
    "not minority": lambda label, smallest, largest: label != smallest,
    "not majority": lambda label, smallest, largest: label != largest,
    "all": lambda label, smallest, largest: True,
}


def resolve_sampling_strategy(
    strategy: str | float | Mapping[Any, int] | Callable[..., Mapping[Any, int]],
    labels: NDArray[Any],
) -> dict[Any, int]:
    """Return the number of copies per class.

    Parameters
    ----------
    strategy : str, float, dict or callable
        Parameter `sampling_strategy` of :class:`AugmentedOverSampler`.
    labels : ndarray of shape (n,)
        Labels of the images.

    Returns
    -------
    n_copies : dict of label to int
        Number of copies of each class that the strategy names, in the order of the
        labels.

    Raises
    ------
    ValueError
        If the strategy does not fit the labels, or all labels are equal.
    """
    classes, numbers = np.unique(labels, return_counts=True)
    counts = dict(zip(classes.tolist(), numbers.tolist(), strict=True))
    if len(counts) < 2:
        raise ValueError(
            "The target 'y' needs to have more than 1 class. "
            f"Got {len(counts)} class instead."
        )
    if callable(strategy):
        strategy = strategy(labels)
        if not isinstance(strategy, Mapping):
            raise ValueError(
                "The callable 'sampling_strategy' must return a dict of label to "
                f"number of images. Got {strategy!r} instead."
            )
    if isinstance(strategy, Mapping):
        return _by_label(strategy, counts)
    smallest = min(counts, key=counts.__getitem__)
    largest = max(counts, key=counts.__getitem__)
    if isinstance(strategy, str):
        is_resampled = CLASSES_TO_RESAMPLE[strategy]
        return {
            label: counts[largest] - count
            for label, count in counts.items()
            if is_resampled(label, smallest, largest)
        }
    if strategy > 1:
        return {
            label: round(count * float(strategy)) - count
            for label, count in counts.items()
        }
    if len(counts) > 2:
        raise ValueError(
            '"sampling_strategy" can be a float of at most 1 only when the type of '
            "target is binary. For multi-class, use a dict, or a float above 1 to "
            f"enlarge every class. Got {strategy!r} and {len(counts)} classes."
        )
    (label,) = (label for label in counts if label != largest)
    n_copies = int(counts[largest] * strategy - counts[label])
    if n_copies <= 0:
        raise ValueError(
            "The specified ratio required to remove samples from the minority class "
            "while trying to generate new samples. Please increase the ratio. "
            f"Got {strategy!r}; the classes have {counts} images."
        )
    return {label: n_copies}


def _by_label(wanted, counts):
    if absent := [label for label in wanted if label not in counts]:
        raise ValueError(
            f"The {absent} target class is/are not present in the data. The classes "
            f"are {list(counts)}."
        )
    for label, number in wanted.items():
        if not isinstance(number, Integral):
            raise ValueError(
                "The numbers of images in 'sampling_strategy' must be integers. "
                f"Got {number!r} for class {label!r} instead."
            )
        if number < counts[label]:
            raise ValueError(
                "With over-sampling methods, the number of samples in a class should "
                "be greater or equal to the original number of samples. Originally, "
                f"there are {counts[label]} samples of class {label!r} and {number} "
                "samples are asked."
            )
    return {
        label: int(wanted[label]) - count
        for label, count in counts.items()
        if label in wanted
    }
