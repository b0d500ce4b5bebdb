"""Refits and continued training, also while other threads predict."""

import copy
import threading
import time

import numpy as np
import pytest
from _small import quick, small_cnn
from sklearn.base import clone

from fmnist_sk import load_pretrained


@pytest.fixture(scope="module")
def images(sample):
    """Three hundred real images, read-only."""
    return sample.X_train[:300], sample.y_train[:300]


def answer(clf, X):
    """Return labels and probabilities, or the error message for the images."""
    try:
        return clf.predict(X).tolist(), clf.predict_proba(X).tobytes()
    except ValueError as error:
        return str(error), str(error)


def test_predictions_during_refits_are_the_old_or_the_new_models(images):
    """The refits change the labels, the number of classes and the image shape."""
    X, y = images
    X_test = X[:7]
    tasks = [
        (X, y),
        (X, y + 1),
        (X[y < 3], np.array(["a", "b", "c"])[y[y < 3]]),
        (X.reshape(-1, 28, 28)[:, ::2, ::2], y),
        (X.reshape(-1, 14, 56), y),
    ]
    clf = quick(epochs=1)
    expected = [answer(clone(clf).fit(*task), X_test) for task in tasks]
    labels, probabilities = ({a[i] for a in map(_hashable, expected)} for i in (0, 1))
    assert len(probabilities) == 4  # for the same images, without the labels
    clf.fit(*tasks[0])
    answers, stop = [], threading.Event()

    def predict():
        while not stop.is_set():
            answers.append(answer(clf, X_test))

    threads = [threading.Thread(target=predict) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            for task in tasks:
                clf.fit(*task)
                time.sleep(0.01)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    seen = {_hashable(a) for a in answers}
    assert {a[0] for a in seen} <= labels
    assert {a[1] for a in seen} <= probabilities
    assert len(seen) > 3  # predictions saw refits in progress


def _hashable(answer):
    predicted, probabilities = answer
    return tuple(predicted), probabilities


def test_nothing_changes_on_the_estimator_before_the_end(images):
    import keras

    X, y = images
    clf = quick().fit(X, y)
    before, expected, seen = dict(vars(clf)), clf.predict(X), []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(vars(clf) == before and (clf.predict(X[:5]) == expected[:5]))

        def __deepcopy__(self, memo):
            return self

    before["callbacks"] = watch = Watch()
    clf.set_params(callbacks=watch)
    clf.fit(X[y < 3].reshape(-1, 14, 56), y[y < 3])
    assert len(seen) > 3
    assert np.all(seen)
    assert clf.image_shape_ == (14, 56, 1)
    assert len(clf.classes_) == 3


def test_a_fit_that_fails_undoes_nothing_of_other_threads(images):
    import keras

    X, y = images
    clf = quick(epochs=1)

    class Fail(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            other = threading.Thread(
                target=lambda: clf.set_params(callbacks=None, tol=0.5).fit(X, y)
            )
            other.start()
            other.join()
            raise RuntimeError("failed")

        def __deepcopy__(self, memo):
            return self

    with pytest.raises(RuntimeError, match="failed"):
        clf.set_params(callbacks=Fail()).fit(X[:50], y[:50])
    assert clf.tol == 0.5
    np.testing.assert_array_equal(
        clf.predict_proba(X), quick(epochs=1).fit(X, y).predict_proba(X)
    )


def test_names_of_columns_go_with_the_frame(images):
    import pandas as pd

    X, y = images
    frame = pd.DataFrame(X).rename(columns="pixel_{}".format)
    clf = quick(epochs=1).fit(frame, y)
    assert clf.feature_names_in_[0] == "pixel_0"
    clf.fit(X, y)
    assert not hasattr(clf, "feature_names_in_")
    clf.predict(X[:2])


CHANGES = {
    "architecture": "standard",
    "augmentation": "strong",
    "batch_norm": False,
    "dropout": 0.9,
    "epochs": 1,
    "filters": 5,
    "image_shape": (14, 56),
    "label_smoothing": 0.5,
    "learning_rate": 9.0,
    "precision": "float32",
    "random_state": 7,
    "temperature": 9.0,
    "warm_start": True,
}


@pytest.mark.parametrize("architecture", ["compact", "vgg"])
def test_parameters_changed_after_fit_change_no_prediction(images, architecture):
    X, y = images
    clf = quick(architecture=architecture, filters=4, epochs=1).fit(X[:60], y[:60])
    expected, of_keras = clf.predict_proba(X), clf.to_keras().get_weights()
    for name, value in CHANGES.items():
        changed = copy.copy(clf).set_params(**{name: value})
        np.testing.assert_array_equal(changed.predict_proba(X), expected)
    invalid = copy.copy(clf).set_params(augmentation="no such preset", activation="?")
    np.testing.assert_array_equal(invalid.predict_proba(X), expected)
    for a, b in zip(invalid.to_keras().get_weights(), of_keras, strict=True):
        np.testing.assert_array_equal(a, b)


# -- Continuing ----------------------------------------------------------------------


def moving_statistics(clf):
    return [w for w in clf._fitted.weights if w.ndim == 1]


@pytest.mark.parametrize("architecture", ["standard", "compact", "resnet"])
@pytest.mark.parametrize("how", ["partial_fit", "warm_start"])
def test_continuing_keeps_the_moving_statistics(sample, architecture, how):
    X, y = sample.X_train, sample.y_train
    clf = small_cnn(architecture=architecture, filters=8, learning_rate=1e-9)
    clf.fit(X[:600], y[:600])
    before, expected = moving_statistics(clf), clf.predict_proba(sample.X_test)
    if how == "partial_fit":
        clf.partial_fit(X[:2], y[:2])
    else:
        clf.set_params(warm_start=True, epochs=1, batch_size=2).fit(X[:2], y[:2])
    for old, new in zip(before, moving_statistics(clf), strict=True):
        assert np.abs(new - old).max() <= 0.2 * np.abs(old).max() + 1e-3
    assert np.abs(clf.predict_proba(sample.X_test) - expected).mean() < 0.01


def test_single_images_spoil_nothing(sample):
    clf = small_cnn(epochs=6).fit(sample.X_train, sample.y_train)
    score = clf.score(sample.X_test, sample.y_test)
    for _ in range(30):
        clf.partial_fit(sample.X_train[:1], sample.y_train[:1])
    assert clf.score(sample.X_test, sample.y_test) > score - 0.03


def test_pretrained_networks_keep_their_statistics(sample):
    clf = load_pretrained("fashion-mnist-compact").set_params(learning_rate=1e-9)
    score = clf.score(sample.X_test, sample.y_test)
    clf.partial_fit(sample.X_train[:64], sample.y_train[:64])
    assert clf.score(sample.X_test, sample.y_test) > score - 0.01


def test_an_image_counts_as_much_in_small_batches_as_in_large_ones(images):
    """The moving statistics of a new network are means over all images."""
    X, y = images
    clf = quick(learning_rate=1e-9, lr_schedule="constant", augmentation=None)
    whole = clone(clf).set_params(epochs=1, batch_size=50).fit(X, y)
    parts = clone(clf)
    for first in range(0, 300, 50):
        rows = slice(first, first + 50)
        parts.partial_fit(X[rows], y[rows], classes=np.arange(10))
    for a, b in zip(moving_statistics(parts), moving_statistics(whole), strict=True):
        np.testing.assert_allclose(a, b, atol=0.1 * np.abs(b).max() + 1e-3)
