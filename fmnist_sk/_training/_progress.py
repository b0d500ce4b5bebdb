"""What a training shows while it runs."""

import keras


class Progress:
    """Nothing, a bar an epoch, or a line an epoch, as Keras's `verbose` has it."""

    def __init__(self, verbose, epochs, n_steps):
        self.verbose, self.epochs, self.n_steps = verbose, epochs, n_steps

    def begin_epoch(self, epoch):
        """Announce an epoch."""
        self.epoch = epoch
        if self.verbose == 1:
            print(f"Epoch {epoch + 1}/{self.epochs}")
            self.bar = keras.utils.Progbar(
                self.n_steps,
                stateful_metrics=["loss", "accuracy", "val_loss", "val_accuracy"],
            )

    def update(self, step, logs):
        """Show how far the epoch is."""
        if self.verbose == 1:
            self.bar.update(step, list(logs.items()), finalize=False)

    def end_epoch(self, logs):
        """Show how it went."""
        if self.verbose == 1:
            shown = [(key, logs[key]) for key in logs if key != "learning_rate"]
            self.bar.update(self.n_steps, shown, finalize=True)
        elif self.verbose == 2:
            values = " - ".join(f"{key}: {value:.4g}" for key, value in logs.items())
            print(f"Epoch {self.epoch + 1}/{self.epochs} - {values}")
