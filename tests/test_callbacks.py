"""Keras callbacks, and the printed progress of training."""

import io
import sys

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
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(f"{epoch} {sorted(logs)}\n")

    callbacks = [
        Watch(tmp_path / "log"),
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.ModelCheckpoint(
            tmp_path / "best.weights.h5", save_weights_only=True
        ),
    ]
    clf = quick(callbacks=callbacks, epochs=3).fit(X, y, X_val=X, y_val=y)
    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    names = ["accuracy", "learning_rate", "loss", "val_accuracy", "val_loss"]
    assert lines == [f"{epoch} {names}" for epoch in range(3)]
    assert len((tmp_path / "log.csv").read_text(encoding="utf-8").splitlines()) == 4
    assert (tmp_path / "best.weights.h5").stat().st_size > 100_000
    assert clf.callbacks is callbacks
    assert getattr(callbacks[0], "_model", None) is None  # `fit` uses copies
    np.testing.assert_array_equal(
        clf.predict_proba(X), quick(epochs=3).fit(X, y).predict_proba(X)
    )


def test_callbacks_can_stop_training(images):
    import keras

    X, y = images
    stop = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=1, min_delta=10.0, restore_best_weights=True
    )
    clf = quick(callbacks=stop, epochs=9).fit(X, y, X_val=X, y_val=y)
    assert clf.n_iter_ == 2


def test_callbacks_see_the_evaluation(images):
    import keras

    X, y = images
    seen = []

    class Evaluations(keras.callbacks.Callback):
        def on_test_begin(self, logs=None):
            seen.append("begin")

        def on_test_batch_begin(self, batch, logs=None):
            seen.append(batch)

        def on_test_batch_end(self, batch, logs=None):
            seen.append((batch, logs["loss"] > 0))

        def on_test_end(self, logs=None):
            seen.append(logs["loss"])

        def __deepcopy__(self, memo):
            return self

    many_X, many_y = np.tile(X, (2, 1)), np.tile(y, 2)  # more than one batch
    clf = quick(callbacks=Evaluations()).fit(X, y, X_val=many_X, y_val=many_y)
    batches = [0, (0, True), 1, (1, True)]
    losses = clf.history_["val_loss"]
    assert seen == ["begin", *batches, losses[0], "begin", *batches, losses[1]]


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
    quick(verbose=1).fit(X, y)  # without a terminal there is no bar
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("Epoch 2/2 - loss: ")


class Terminal(io.StringIO):
    """Standard output that shows backspaces and colours."""

    def isatty(self):
        return True


@pytest.mark.parametrize("interactive", [True, False])
def test_bar_on_a_terminal(images, monkeypatch, interactive):
    import keras

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    if not interactive:
        keras.config.disable_interactive_logging()
    try:
        quick(verbose=1).fit(*images)
    finally:
        keras.config.enable_interactive_logging()
    out = terminal.getvalue()
    assert "Epoch 2/2" in out
    assert ("10/10" in out) == interactive
    # The bar shows measured figures only.
    assert ("learning_rate" in out) != interactive


@pytest.mark.parametrize("monitor", ["val_accuracy", "accuracy", "val_loss", "loss"])
def test_the_direction_of_a_monitored_figure_is_known(images, tmp_path, monitor):
    import keras

    X, y = images
    callbacks = [
        keras.callbacks.EarlyStopping(monitor=monitor, patience=2),
        keras.callbacks.ReduceLROnPlateau(monitor=monitor),
        keras.callbacks.ModelCheckpoint(
            tmp_path / "best.keras", monitor=monitor, save_best_only=True
        ),
    ]
    clf = quick(callbacks=callbacks, epochs=3).fit(X, y, X_val=X, y_val=y)
    assert clf.n_iter_ == 3  # the network learns
    assert callbacks[0].mode == "auto"  # the user's callback is unchanged
    best = keras.models.load_model(tmp_path / "best.keras")
    np.testing.assert_allclose(
        best.predict(X.reshape(-1, 28, 28, 1), verbose=0),
        clf.predict_proba(X),
        atol=1e-5,
    )


def test_a_stop_before_the_first_epoch_stops_after_it(images):
    """Training stops after this epoch, as in Keras."""
    import keras

    class Stop(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.model.stop_training = True

    assert quick(callbacks=Stop(), epochs=4).fit(*images).n_iter_ == 1


def test_a_callback_that_freezes_layers_concerns_its_own_fit_only(images):
    import keras

    class Freeze(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            for layer in self.model.layers:
                layer.trainable = False

    X, y = images
    floats = X.astype(np.float32)  # another trace of the same graph
    expected = quick(filters=6).fit(floats, y)
    quick(filters=6, callbacks=Freeze()).fit(X, y)
    again = quick(filters=6).fit(floats, y)
    np.testing.assert_array_equal(again.predict_proba(X), expected.predict_proba(X))
