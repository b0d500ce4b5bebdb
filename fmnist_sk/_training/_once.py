"""Trainings kept on disk, so that none is done twice."""

from dataclasses import dataclass, replace
from typing import Any

from sklearn.utils.validation import check_memory

from .. import __version__


# joblib writes down the `repr` of what it is given, which takes longer for arrays than
# a short training.
@dataclass(frozen=True, repr=False)
class _Training:
    """All that a training's result depends on."""

    version: str
    arguments: tuple
    how: dict[str, Any]


def train_once(memory, train, *arguments, task, fitted, verbose, **how):
    """Train, unless the same training was done before.

    Parameters
    ----------
    memory : str or object with the interface of joblib.Memory
        Where trainings are kept.
    train : callable
        The function `train`.
    *arguments : tuple
        Its arguments: network, images, labels and run.
    task, fitted, verbose : object
        Those of its keyword arguments that do not change the result.
    **how : dict
        The others.

    Returns
    -------
    result : TrainingResult
        Without the optimizer's state, which is twice as large as all else.
    """
    kept = check_memory(memory).cache(_train, ignore=["train", "about"])
    about = {"task": task, "fitted": fitted, "verbose": verbose}
    return kept(_Training(__version__, arguments, how), train, about)


def _train(training, train, about):
    result = train(*training.arguments, **training.how, **about)
    return replace(result, optimizer_state=None)
