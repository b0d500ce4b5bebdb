"""Bitwise resumption of an interrupted fit with Keras's BackupAndRestore."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest
from _small import quick
from sklearn.base import clone

STOPPING = {
    "early_stopping": True,
    "n_iter_no_change": 4,
    "learning_rate": 0.02,
    "lr_schedule": "constant",
    "epochs": 30,
}


@pytest.fixture(scope="module")
def images(sample):
    """Three hundred real images, read-only."""
    return sample.X_train[:300], sample.y_train[:300]


def interrupted(clf, data, folder, after, *, keep=False, others=()):
    """Fit with a backup, and interrupt the fit after some epochs."""
    import keras

    class Interrupt(keras.callbacks.Callback):
        left = after

        def on_epoch_begin(self, epoch, logs=None):
            if not Interrupt.left:
                raise KeyboardInterrupt
            Interrupt.left -= 1

    backup = keras.callbacks.BackupAndRestore(folder, delete_checkpoint=not keep)
    clf = clone(clf).set_params(callbacks=[backup, *others, Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        clf.fit(*data)
    return clf.set_params(callbacks=[backup, *others])


def assert_same_fit(one, other, X):
    np.testing.assert_array_equal(one.decision_function(X), other.decision_function(X))
    assert one.history_ == other.history_
    assert (one.n_iter_, one.best_epoch_) == (other.n_iter_, other.best_epoch_)
    assert one.temperature_ == other.temperature_


@pytest.mark.parametrize(
    "how",
    [
        {"epochs": 5, "augmentation": "light", "dropout": 0.2},
        {"epochs": 5, "lr_schedule": "constant", "optimizer": "nesterov"},
        STOPPING,
        {**STOPPING, "refit": True, "temperature": "auto"},
    ],
    ids=["schedule", "constant", "early stopping", "refit"],
)
@pytest.mark.parametrize("after", [1, 4])
def test_resumed_is_as_undisturbed(images, tmp_path, how, after):
    X, y = images
    whole = quick(**how).fit(X, y)
    resumed = interrupted(quick(**how), (X, y), tmp_path / "backup", after).fit(X, y)
    assert_same_fit(resumed, whole, X)
    assert not (tmp_path / "backup").exists()
    # The next run of the same graph starts from the beginning.
    assert quick(**how).fit(X, y).history_ == whole.history_


@pytest.mark.parametrize("in_refit", [1, 2])
def test_the_refit_is_resumed_too(images, tmp_path, in_refit):
    import keras

    X, y = images
    how = {**STOPPING, "refit": True}
    whole = quick(**how).fit(X, y)
    n_search = len(whole.history_["loss"])
    clf = interrupted(quick(**how), (X, y), tmp_path, n_search + in_refit)

    epochs = []

    class Count(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            epochs.append(epoch)

        def __deepcopy__(self, memo):
            return self

    clf.set_params(callbacks=[*clf.callbacks, Count()]).fit(X, y)
    assert_same_fit(clf, whole, X)
    assert epochs == list(range(in_refit, whole.n_iter_))  # no epoch is repeated


def test_a_finished_backup_that_was_kept_is_not_trained_again(images, tmp_path):
    X, y = images
    whole = quick(**STOPPING).fit(X, y)
    clf = interrupted(quick(**STOPPING), (X, y), tmp_path, 2, keep=True)
    for _ in range(3):
        assert_same_fit(clf.fit(X, y), whole, X)


def test_more_epochs_go_on_from_a_kept_backup(images, tmp_path):
    import keras

    X, y = images
    how = {"lr_schedule": "constant"}
    backup = keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    quick(epochs=2, callbacks=backup, **how).fit(X, y)
    more = quick(epochs=4, callbacks=backup, **how).fit(X, y)
    assert_same_fit(more, quick(epochs=4, **how).fit(X, y), X)
    with pytest.raises(ValueError, match="backup of another fit"):
        quick(epochs=6, callbacks=backup, lr_schedule="cosine").fit(X, y)
    with pytest.raises(ValueError, match="backup of another fit: epochs"):
        quick(epochs=3, callbacks=backup, **how).fit(X, y)


def test_rates_changed_by_callbacks_are_resumed(images, tmp_path):
    import keras

    class Halve(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            rate = self.model.optimizer.learning_rate
            rate.assign(rate * 0.5)

    X, y = images
    how = {"epochs": 5, "lr_schedule": "cosine"}
    whole = quick(callbacks=Halve(), **how).fit(X, y)
    clf = interrupted(quick(**how), (X, y), tmp_path, 3, others=[Halve()])
    assert_same_fit(clf.fit(X, y), whole, X)


@pytest.mark.parametrize(
    "changed",
    [
        {"learning_rate": 0.02},
        {"dropout": 0.3},
        {"filters": 8},
        {"random_state": 1},
        {"augmentation": "light"},
        {"optimizer": "adam"},
        {"label_smoothing": 0.1},
        {"epochs": 9},
        {"early_stopping": True},
    ],
    ids=str,
)
def test_the_backup_of_another_fit_is_refused(images, tmp_path, changed):
    X, y = images
    clf = interrupted(quick(), (X, y), tmp_path, 1)
    with pytest.raises(ValueError, match="backup of another fit"):
        clone(clf).set_params(**changed, callbacks=clf.callbacks).fit(X, y)
    clf.fit(X, y)  # the backup is still there
    np.testing.assert_array_equal(
        clf.predict_proba(X), quick().fit(X, y).predict_proba(X)
    )


def test_the_backup_of_other_data_is_refused(images, tmp_path):
    X, y = images
    clf = interrupted(quick(), (X, y), tmp_path, 1)
    weight = np.arange(300) + 1
    for data, how in (
        ((X[::-1], y[::-1]), {}),
        ((X, (y + 1) % 10), {}),
        ((X, y, weight), {}),
        ((X, y), {"X_val": X, "y_val": y}),
    ):
        with pytest.raises(ValueError, match="backup of another fit: data"):
            clf.fit(*data, **how)


def test_what_cannot_be_resumed_is_refused(images, tmp_path):
    import keras

    X, y = images
    backup = keras.callbacks.BackupAndRestore(tmp_path)
    with pytest.raises(ValueError, match="random_state"):
        quick(random_state=None, callbacks=backup).fit(X, y)
    clf = interrupted(quick(), (X, y), tmp_path, 1)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="damaged backup"):
        clf.fit(X, y)


def test_partial_fit_needs_no_backup(images, tmp_path):
    import keras

    X, y = images
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    clf, plain = quick(callbacks=backup), quick()
    for _ in range(2):
        clf.partial_fit(X, y, classes=range(10))
        plain.partial_fit(X, y, classes=range(10))
    assert_same_fit(clf, plain, X)
    assert not (tmp_path / "backup").exists()


def plateau():
    import keras

    return keras.callbacks.ReduceLROnPlateau(
        monitor="loss", patience=2, min_delta=5.0, factor=0.1
    )


def stopping(restore):
    import keras

    return keras.callbacks.EarlyStopping(
        monitor="loss", patience=4, min_delta=50, restore_best_weights=restore
    )


@pytest.mark.parametrize(
    "make",
    [plateau, lambda: stopping(False), lambda: stopping(True)],
    ids=["plateau", "stopping", "best weights"],
)
def test_counters_of_other_callbacks_are_resumed(images, tmp_path, make):
    X, y = images
    how = {"epochs": 8, "lr_schedule": "constant"}
    whole = quick(callbacks=make(), **how).fit(X, y)
    clf = interrupted(quick(**how), (X, y), tmp_path, 3, others=[make()])
    assert_same_fit(clf.fit(X, y), whole, X)


def test_backups_take_only_their_own_files_away(images, tmp_path):
    import keras

    np.savez(tmp_path / "mine.npz", a=1)
    backups = [keras.callbacks.BackupAndRestore(tmp_path) for _ in range(2)]
    quick(callbacks=backups).fit(*images)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.npz"]


FIT = """
import sys
import keras
import numpy as np
from fmnist_sk import FashionCNNClassifier

data = np.load(sys.argv[1])
backup = keras.callbacks.BackupAndRestore(sys.argv[2])
clf = FashionCNNClassifier(
    architecture="compact", epochs=int(sys.argv[3]), batch_size=32, random_state=0,
    callbacks=backup, lr_schedule="constant", early_stopping=True, n_iter_no_change=99,
).fit(data["X"], data["y"])
np.save(sys.argv[4], clf.decision_function(data["X"]))
"""


def test_a_killed_process_is_resumed_by_another(images, tmp_path, monkeypatch):
    X, y = images
    np.savez(tmp_path / "data.npz", X=X, y=y)
    folder = tmp_path / "backup"
    data = str(tmp_path / "data.npz")
    arguments = FIT, data, str(folder), "100000", str(tmp_path / "none.npy")
    process = subprocess.Popen([sys.executable, "-c", *arguments])
    deadline = time.monotonic() + 100
    while not (folder / "training.npz").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.2)
    process.kill()
    process.wait()
    with np.load(folder / "training.npz") as archive:
        epochs = json.loads(archive["about"].tobytes())["epoch"]
    results = []
    for backup in folder, tmp_path / "other":
        path = tmp_path / f"{backup.name}.npy"
        # This process is another one, in which TensorFlow runs already.
        monkeypatch.setattr(
            sys, "argv", ["-c", data, str(backup), str(epochs + 2), str(path)]
        )
        exec(FIT, {})
        results.append(np.load(path))
    np.testing.assert_array_equal(*results)
