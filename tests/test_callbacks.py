"""Keras callbacks, and what training prints."""

import numpy as np
import pytest
from _small import quick


@pytest.fixture(scope="module")
def images(sample):
    """Three hundred real images, read-only."""
    return sample.X_train[:300], sample.y_train[:300]


def test_keras_callbacks(images, tmp_path):
    import keras

    X, y = images

    class Watch(keras.callbacks.Callback):
        def __init__(self, path):
            super().__init__()
            self.path = path

        def on_epoch_end(self, epoch, logs=None):
            with open(self.path, "a") as file:
                file.write(f"{epoch} {sorted(logs)}\n")

    callbacks = [
        Watch(tmp_path / "log"),
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.ModelCheckpoint(
            tmp_path / "best.weights.h5", save_weights_only=True
        ),
    ]
    clf = quick(callbacks=callbacks, epochs=3).fit(X, y, X_val=X, y_val=y)
    lines = (tmp_path / "log").read_text().splitlines()
    names = ["accuracy", "learning_rate", "loss", "val_accuracy", "val_loss"]
    assert lines == [f"{epoch} {names}" for epoch in range(3)]
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 4
    assert (tmp_path / "best.weights.h5").stat().st_size > 100_000
    assert clf.callbacks is callbacks
    assert getattr(callbacks[0], "_model", None) is None  # copied, not used
    np.testing.assert_array_equal(
        clf.predict_proba(X), quick(epochs=3).fit(X, y).predict_proba(X)
    )


def test_callbacks_can_stop_training_and_set_the_learning_rate(images):
    import keras

    X, y = images
    stop = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=1, min_delta=10.0, restore_best_weights=True
    )
    clf = quick(callbacks=stop, epochs=9).fit(X, y, X_val=X, y_val=y)
    assert clf.n_iter_ == 2
    rates = [0.01, 0.002, 0.005]
    scheduled = keras.callbacks.LearningRateScheduler(lambda epoch: rates[epoch])
    clf = quick(callbacks=[scheduled], epochs=3, lr_schedule="constant").fit(X, y)
    np.testing.assert_allclose(clf.history_["learning_rate"], rates, rtol=1e-6)
    reduce = keras.callbacks.ReduceLROnPlateau(
        monitor="loss", factor=0.5, patience=1, min_delta=10.0
    )
    clf = quick(
        callbacks=[reduce], epochs=4, lr_schedule="constant", learning_rate=0.008
    ).fit(X, y)
    np.testing.assert_allclose(
        clf.history_["learning_rate"], [0.008, 0.008, 0.004, 0.002], rtol=1e-6
    )


def test_an_interrupted_training_goes_on_bitwise(images, tmp_path):
    import keras

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    X, y = images
    how = {"epochs": 4, "augmentation": "light", "dropout": 0.2}
    whole = quick(**how).fit(X, y)
    backup = keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    with pytest.raises(KeyboardInterrupt):
        quick(callbacks=[backup, Interrupt()], **how).fit(X, y)
    continued = quick(callbacks=backup, **how)
    for epochs_left in 2, 0:
        continued.fit(X, y)
        assert continued.n_iter_ == continued.best_epoch_ == 4
        assert len(continued.history_.get("loss", [])) == epochs_left
        np.testing.assert_array_equal(
            continued.decision_function(X), whole.decision_function(X)
        )
    # The next training of the same graph starts at the beginning again.
    assert quick(**how).fit(X, y).history_ == whole.history_


def test_callbacks_see_every_batch(images):
    import keras

    X, y = images
    seen = []

    class Batches(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((batch, logs["loss"] > 0))

        def __deepcopy__(self, memo):
            return Batches()

    quick(callbacks=[Batches()]).fit(X, y)
    assert seen == [(batch, True) for batch in range(10)] * 2


@pytest.mark.parametrize("callbacks", ["early", [print], 3])
def test_what_is_no_callback_is_refused(images, callbacks):
    with pytest.raises(TypeError, match="callbacks"):
        quick(callbacks=callbacks).fit(*images)


def test_verbose(images, capsys):
    X, y = images
    quick().fit(X, y)
    assert capsys.readouterr().out == ""
    quick(verbose=2).fit(X, y, X_val=X, y_val=y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("Epoch 2/2 - loss: ")
    assert "val_accuracy" in lines[1]
    quick(verbose=1).fit(X, y)
    out = capsys.readouterr().out
    assert "Epoch 2/2" in out
    assert "10/10" in out
