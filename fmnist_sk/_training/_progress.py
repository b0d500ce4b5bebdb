"""Progress of a training run on standard output."""

import keras

_FIGURES = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")


class Progress(keras.callbacks.Callback):
    """Print a bar or a line for each epoch, like Keras's `verbose`.

    Keras's own `ProgbarLogger` prints a bar only.

    Parameters
    ----------
    verbose : {0, 1, 2}
        Verbosity: nothing, a progress bar, or a line for each epoch.
    """

    def __init__(self, verbose):
        super().__init__()
        self.verbose = verbose

    def on_epoch_begin(self, epoch, logs=None):
        """Announce an epoch."""
        self._title = f"Epoch {epoch + 1}/{self.params['epochs']}"
        if self.verbose == 1:
            print(self._title)
            self._bar = keras.utils.Progbar(
                self.params["steps"], stateful_metrics=list(_FIGURES)
            )

    def on_train_batch_end(self, batch, logs=None):
        """Move the bar."""
        if self.verbose == 1:
            self._bar.update(batch + 1, list(logs.items()), finalize=False)

    def on_epoch_end(self, epoch, logs=None):
        """Print the figures of an epoch."""
        # Keras sorts the figures by their names.
        figures = [(name, logs[name]) for name in _FIGURES if name in logs]
        if self.verbose == 1:
            shown = [figure for figure in figures if figure[0] != "learning_rate"]
            self._bar.update(self.params["steps"], shown, finalize=True)
        elif self.verbose == 2:
            values = " - ".join(f"{name}: {value:.4g}" for name, value in figures)
            print(f"{self._title} - {values}")
