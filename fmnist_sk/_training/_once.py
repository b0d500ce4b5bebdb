"""Trainings kept on disk, so that none is done twice."""

from dataclasses import replace

from sklearn.utils.validation import check_memory

from .. import __version__


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
    return kept(__version__, arguments, how, train, about)


def _train(version, arguments, how, train, about):
    return replace(train(*arguments, **how, **about), optimizer_state=None)
