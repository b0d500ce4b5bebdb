"""Epochs as tasks of scikit-learn's callbacks."""

from functools import partial

import keras


class EpochTasks(keras.callbacks.Callback):
    """Makes a task of each epoch, and stops training where a callback wants it to.

    To the training it is one more Keras callback, which only watches.

    Parameters
    ----------
    task : Task
        What the epochs are parts of.
    rows : ndarray of int
        What is trained on.
    snapshot : callable
        Gives the attributes of the fitted estimator as it is now, from the history
        and the number of epochs.
    """

    def __init__(self, task, rows, snapshot):
        super().__init__()
        self._parent, self._rows, self._snapshot = task, rows, snapshot
        self._history = {}

    def on_epoch_begin(self, epoch, logs=None):
        """Begin a task."""
        self._epoch = self._parent.begin_part(
            "epoch", self._rows, fitted=partial(self._fitted_after, epoch)
        )

    def on_epoch_end(self, epoch, logs=None):
        """End it."""
        for name, value in logs.items():
            self._history.setdefault(name, []).append(value)
        if self._epoch.end(partial(self._fitted_after, epoch + 1)):
            self.model.stop_training = True

    def _fitted_after(self, n_epochs):
        history = {name: list(values) for name, values in self._history.items()}
        return self._snapshot(history, n_epochs)
