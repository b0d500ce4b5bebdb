"""Backups of a training run, from which an interrupted `fit` resumes."""

import copy
import inspect
import io
import json
import zipfile
from collections import defaultdict
from pathlib import Path

import joblib
import keras
import numpy as np

from .. import __version__
from .._saving import write_whole

#: Names of the runs that are backed up.
BACKED_UP = ("training", "refit")


def separate_backups(callbacks):
    """Check the user's Keras callbacks, and copy them for a run.

    Parameters
    ----------
    callbacks : keras.callbacks.Callback, sequence of them, or None
        Callbacks of the estimator.

    Returns
    -------
    others : list of keras.callbacks.Callback
        Copies of all other callbacks.
    backups : list of keras.callbacks.BackupAndRestore
        The `BackupAndRestore` callbacks.

    Raises
    ------
    TypeError
        If a callback is not a Keras callback.
    """
    given = callbacks
    if callbacks is None:
        callbacks = []
    elif isinstance(callbacks, keras.callbacks.Callback):
        callbacks = [callbacks]
    if not isinstance(callbacks, (list, tuple)) or not all(
        isinstance(callback, keras.callbacks.Callback) for callback in callbacks
    ):
        raise TypeError(
            "The 'callbacks' parameter must be a keras.callbacks.Callback or a list of "
            f"Keras callbacks. Got {given!r} instead."
        )
    # Copied together, because callbacks may refer to each other.
    copies = copy.deepcopy(list(callbacks))
    for callback in copies:
        # Keras infers the direction from the metrics of a compiled model, but this
        # model is not compiled.
        monitored = str(getattr(callback, "monitor", ""))
        if getattr(callback, "mode", None) == "auto" and monitored.endswith("accuracy"):
            callback.mode = "max"
    backups = [c for c in copies if isinstance(c, keras.callbacks.BackupAndRestore)]
    return [c for c in copies if c not in backups], backups


class Backup(keras.callbacks.Callback):
    """Write a run to a folder after every epoch, and resume it from there.

    Replaces Keras's `BackupAndRestore`, which saves the weights and the optimizer, but
    not the best epoch, the history and the changes to the learning rate. It would also
    restore the backup of a different run.

    Parameters
    ----------
    original : keras.callbacks.BackupAndRestore
        Callback of the user, with its folder and `delete_checkpoint`.
    run : Run
        The run.
    best : BestEpoch
        Early stopping of the run.
    others : list of keras.callbacks.Callback
        Other callbacks of the user, such as `ReduceLROnPlateau`, whose counters are
        saved.
    data : tuple
        Everything that the run depends on apart from its plan.
    name : str
        Name of the run and of its file.

    Raises
    ------
    ValueError
        If the run has no seed and therefore cannot be resumed.
    """

    def __init__(self, original, run, best, others, data, name):
        super().__init__()
        plan = run.plan
        if not plan.repeatable:
            raise ValueError(
                "BackupAndRestore requires a fit that draws the same random numbers "
                "when it is repeated. Set random_state to an int."
            )
        self._folder = Path(original.backup_dir)
        self._path = self._folder / f"{name}.npz"
        self._deletes = original.delete_checkpoint
        self._run, self._best, self._plan, self._data = run, best, plan, data
        self._others = others
        self._final, self._resumed_at = None, None

    def on_train_begin(self, logs=None):
        """Resume the run if it has a backup."""
        self._fingerprint = _fingerprint(self._plan, self._data)
        self._at_first = [_numbers_of(callback) for callback in self._others]
        if self._path.exists():
            self._restore(*_read(self._path))

    def on_epoch_end(self, epoch, logs=None):
        """Save the state of the run after an epoch."""
        # Callbacks that were called earlier may have changed the learning rate.
        self._run.learning_rate.end_step(-1)
        self._write()

    def on_train_end(self, logs=None):
        """Save the result for the next run, or delete all files."""
        network = self._run.graph.network
        if self._final is not None and self._run.epoch == self._resumed_at:
            network.set_weights(self._final)
        if self._plan.refit or not self._deletes:
            # Callbacks may have changed the weights after the last epoch.
            self._write(final=network.get_weights())
            return
        for name in BACKED_UP:
            (self._folder / f"{name}.npz").unlink(missing_ok=True)
        if self._folder.exists() and not any(self._folder.iterdir()):
            self._folder.rmdir()

    def _write(self, final=()):
        run, best = self._run, self._best
        if not final:
            self._weights = run.graph.network.get_weights()
            self._optimizer = run.graph.optimizer_state()
        about = {
            "fmnist_sk": __version__,
            "fingerprint": self._fingerprint,
            "epoch": run.epoch,
            "history": run.history,
            "factor": run.learning_rate.factor,
            "best_epoch": best.epoch,
            "best_loss": best.loss,
            "stopped": bool(run.stopped or self.model.stop_training),
            "others": self._changes_of_others(),
        }
        arrays = {
            f"other{i}": getattr(callback, "best_weights", None) or ()
            for i, callback in enumerate(self._others)
        }
        _write(
            self._path,
            about,
            weights=self._weights,
            optimizer=self._optimizer,
            best=best.weights or (),
            final=final,
            **arrays,
        )

    def _changes_of_others(self):
        """Return the attributes of other callbacks that training has changed."""
        return [
            {
                name: value
                for name, value in _numbers_of(callback).items()
                if name not in before or before[name] != value
            }
            for callback, before in zip(self._others, self._at_first, strict=True)
        ]

    def _restore(self, about, arrays):
        changed = [
            name
            for name, digest in self._fingerprint.items()
            if about["fingerprint"].get(name) != digest
        ]
        if about["epoch"] > self._plan.epochs:
            changed.append("epochs")
        if changed:
            raise ValueError(
                f"{self._folder} contains the backup of another fit: "
                f"{', '.join(changed)} changed. Fit with the same data and parameters "
                "to resume that fit, or delete the folder."
            )
        run, best = self._run, self._best
        self._weights, self._optimizer = arrays["weights"], arrays["optimizer"]
        run.graph.network.set_weights(self._weights)
        run.graph.set_optimizer_state(self._optimizer)
        run.learning_rate.announce_epoch(0)  # the restored rate is not a change
        run.epoch = self._resumed_at = about["epoch"]
        run.history.update(about["history"])
        run.learning_rate.factor = about["factor"]
        best.epoch, best.loss = about["best_epoch"], about["best_loss"]
        best.weights = arrays["best"] or None
        self._final = arrays["final"] or None
        run.stopped = about["stopped"]
        for i, callback in enumerate(self._others[: len(about["others"])]):
            vars(callback).update(about["others"][i])
            if arrays.get(f"other{i}"):
                callback.best_weights = arrays[f"other{i}"]


def _fingerprint(plan, data):
    """Return a digest of each setting and of the data, by name."""
    settings = plan.outcome_settings
    if plan.lr_schedule == "constant":
        del settings["epochs"]  # training can be extended to more epochs
    digests = {name: _digest(value) for name, value in settings.items()}
    return digests | {"data": joblib.hash(data)}


def _digest(value):
    try:
        return joblib.hash(value)
    except Exception:  # an architecture that cannot be pickled
        function = value.architecture
        name = getattr(function, "__qualname__", type(function).__qualname__)
        return f"{name} {value.image_shape} {value.fingerprint}"


def _numbers_of(callback):
    """Return the numbers and strings among the attributes of a callback.

    Arguments of its constructor are left out, because the user sets them.
    """
    settings = inspect.signature(type(callback)).parameters
    plain = {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in vars(callback).items()
        if name not in settings
    }
    return {
        name: value
        for name, value in plain.items()
        if value is None or isinstance(value, (bool, int, float, str))
    }


def _write(path, about, **lists):
    text = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    arrays = {
        f"{name}_{i:04d}": array
        for name, values in lists.items()
        for i, array in enumerate(values)
    }
    buffer = io.BytesIO()
    np.savez(buffer, about=text, **arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, buffer.getbuffer())


def _read(path):
    lists = defaultdict(list)
    try:
        content = io.BytesIO(path.read_bytes())
        with np.load(content, allow_pickle=False) as archive:
            about = json.loads(archive["about"].tobytes())
            for key in sorted(archive.files):
                name, _, number = key.partition("_")
                if number:
                    lists[name].append(archive[key])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} is a damaged backup ({type(error).__name__}: {error}). Delete the "
            "file to train from the beginning."
        ) from error
    return about, lists
