"""Progress of a training run on standard output."""

import os
import sys

import keras

_FIGURES = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")


class Progress(keras.callbacks.Callback):
    """Print a bar or a line for each epoch, like Keras's `verbose`.

    Keras's own `ProgbarLogger` prints a bar only, and prints it into log files as well,
    with colours and backspaces.

    Parameters
    ----------
    verbose : {0, 1, 2}
        Verbosity: nothing, a progress bar, or a line for each epoch. The bar needs a
        terminal or a notebook. Any other output gets a line for each epoch.
    """

    def __init__(self, verbose):
        super().__init__()
        self.verbose = verbose

    def on_train_begin(self, logs=None):
        """Choose between the bar and the lines."""
        self._draws_bar = self.verbose == 1 and _can_redraw_lines()

    def on_epoch_begin(self, epoch, logs=None):
        """Announce an epoch."""
        self._title = f"Epoch {epoch + 1}/{self.params['epochs']}"
        if self._draws_bar:
            print(self._title)
            self._bar = keras.utils.Progbar(
                self.params["steps"], stateful_metrics=list(_FIGURES)
            )

    def on_train_batch_end(self, batch, logs=None):
        """Move the bar."""
        if self._draws_bar:
            self._bar.update(batch + 1, list(logs.items()), finalize=False)

    def on_epoch_end(self, epoch, logs=None):
        """Print the figures of an epoch."""
        # Keras sorts the figures by their names.
        figures = [(name, logs[name]) for name in _FIGURES if name in logs]
        if self._draws_bar:
            shown = [figure for figure in figures if figure[0] != "learning_rate"]
            self._bar.update(self.params["steps"], shown, finalize=True)
        elif self.verbose:
            values = " - ".join(f"{name}: {value:.4g}" for name, value in figures)
            # A file or a pipe is buffered: without flush, its reader would see the
            # epochs in blocks, or after the run.
            print(f"{self._title} - {values}", flush=True)


def _can_redraw_lines():
    """Return whether standard output shows backspaces and colours as such.

    `keras.utils.Progbar` does not check this. If the module `posix` is imported, as on
    every Unix, it takes any output for a terminal.
    """
    is_terminal = getattr(sys.stdout, "isatty", bool)()
    return keras.config.is_interactive_logging_enabled() and (
        is_terminal or "ipykernel" in sys.modules or "PYCHARM_HOSTED" in os.environ
    )
