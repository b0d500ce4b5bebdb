"""Epochs as tasks of scikit-learn's callbacks."""

import keras


class EpochTasks(keras.callbacks.Callback):
    """Make each epoch a task, and stop training when a callback requests it.

    Parameters
    ----------
    task : FitTask
        Parent task of the epochs.
    data : LabelledImages
        Training images.
    run : Run
        The run.
    """

    def __init__(self, task, data, run):
        super().__init__()
        self._parent, self._data, self._run = task, data, run

    def on_epoch_begin(self, epoch, logs=None):
        """Begin a task."""
        self._epoch = self._parent.begin_part(
            "epoch", self._data, result=self._run.result
        )

    def on_epoch_end(self, epoch, logs=None):
        """End the task."""
        if self._epoch.end(self._run.result):
            self.model.stop_training = True
