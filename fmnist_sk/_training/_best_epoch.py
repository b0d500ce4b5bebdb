"""Early stopping that restores the best epoch."""

import keras
import numpy as np


class BestEpoch(keras.callbacks.Callback):
    """Stop when the validation loss stops falling, and restore the best weights.

    Keras's `EarlyStopping` restores the weights in Keras's order of variables, and
    forgets the best epoch when a run is resumed.

    Parameters
    ----------
    network : Network
        Network that is trained.
    patience : int or None
        Epochs without improvement before training stops; None never stops.
    tol : float
        Smallest decrease of the validation loss that counts as improvement.

    Attributes
    ----------
    epoch : int or None
        Number of the best epoch, counted from 1; None before the first epoch.
    loss : float
        Validation loss of the best epoch.
    weights : list of ndarray or None
        Weights after the best epoch.
    """

    def __init__(self, network, patience, tol):
        super().__init__()
        self.network, self.patience, self.tol = network, patience, tol
        self.epoch, self.loss, self.weights = None, np.inf, None

    def on_epoch_end(self, epoch, logs=None):
        """Keep the best weights, and stop after epochs without improvement."""
        if self.patience is None:
            return
        if self.epoch is None or logs["val_loss"] < self.loss - self.tol:
            self.epoch, self.loss = epoch + 1, logs["val_loss"]
            self.weights = self.network.get_weights()
        if epoch + 1 - self.epoch >= self.patience:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        """Restore the weights of the best epoch."""
        if self.weights is not None:
            self.network.set_weights(self.weights)
