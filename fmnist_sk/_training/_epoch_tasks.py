"""Epochs as tasks of scikit-learn's callbacks."""

from functools import partial

import keras


class EpochTasks(keras.callbacks.Callback):
    """Make each epoch a task, and stop training where a callback asks for it.

    Parameters
    ----------
    task : FitTask
        Parent task of the epochs.
    data : LabelledImages
        Images that are trained on.
    result : callable
        Result of a run that would end after a number of epochs, which is its argument.
    """

    def __init__(self, task, data, result):
        super().__init__()
        self._parent, self._data, self._result = task, data, result

    def on_epoch_begin(self, epoch, logs=None):
        """Begin a task."""
        self._epoch = self._parent.begin_part(
            "epoch", self._data, result=partial(self._result, epoch)
        )

    def on_epoch_end(self, epoch, logs=None):
        """End the task."""
        if self._epoch.end(partial(self._result, epoch + 1)):
            self.model.stop_training = True
