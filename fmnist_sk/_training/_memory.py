"""Cache of training runs on disk, so that no run is repeated."""

import contextlib
import os
import pickle
import re
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sklearn.utils.validation import check_memory

from .. import __version__, _engine

# joblib writes `output.pkl` and `metadata.json` under longer names, and renames them
# when they are complete. It does not delete what a killed process leaves behind.
_PART = re.compile(r"(output\.pkl|metadata\.json)\..+")
_SECONDS_TO_WRITE = 3600


# joblib stores the `repr` of the arguments. For arrays, computing the `repr` takes
# longer than a short training run.
@dataclass(frozen=True, repr=False)
class _Key:
    """Everything that the result of a training run depends on."""

    versions: dict[str, Any]
    settings: dict[str, Any]
    data: tuple
    start: Any


def remembered(train, plan, task):
    """Return a function that trains unless the run is cached in a folder.

    Parameters
    ----------
    train : callable
        The function `train`.
    plan : Plan
        Plan of the run, with the folder as `memory`. Runs without a fixed seed and runs
        with callbacks are not cached.
    task : FitTask
        Task of the run.

    Returns
    -------
    train : callable
        Function with the signature of `train`. Its results have no optimizer state,
        which would triple the size of the files.
    """
    kept = plan.repeatable and plan.callbacks is None and not task.watched
    if plan.memory is None or not kept:
        return train
    return partial(_train_or_recall, check_memory(plan.memory), train)


def _train_or_recall(memory, train, training, held_out, plan, start, task, *, name):
    if callable(plan.description.architecture) and start.weights is None:
        # A function may return pretrained weights, which are not part of its name.
        start = replace(start, weights=_first_weights(plan))
    key = _Key(
        {"fmnist_sk": __version__} | _engine.training_environment(),
        plan.outcome_settings,
        (training.content, held_out and held_out.content),
        start,
    )
    try:
        pickle.dumps(plan.description)
    except Exception as error:
        raise TypeError(
            "The 'memory' parameter requires an architecture that can be pickled. Got "
            f"architecture={plan.description.architecture!r} instead. Define the "
            "function at the top level of a module, or set memory=None."
        ) from error
    kept = memory.cache(_train, ignore=["train"])

    def train_and_clean():
        _delete_abandoned(memory)
        return train(training, held_out, plan, start, task, name=name)

    return kept(key, train_and_clean)


def _first_weights(plan):
    _engine.start()
    from ..architectures import build_network, initial_weights

    network = build_network(plan.description)
    return initial_weights(plan.description, network, plan.seed)


def _train(key, train):
    return replace(train(), optimizer_state=None)


def _delete_abandoned(memory):
    """Delete incomplete files, which no process can still be writing."""
    folder = getattr(getattr(memory, "store_backend", None), "location", None)
    if not isinstance(folder, str):  # another kind of store
        return
    function = Path(folder, *_train.__module__.split("."), _train.__name__)
    with contextlib.suppress(OSError):  # another process may delete the same files
        for path in function.glob("*/*"):
            if _PART.fullmatch(path.name):
                since = time.time() - path.stat().st_mtime
                if since > _SECONDS_TO_WRITE:
                    os.unlink(path)
