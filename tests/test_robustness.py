"""Interruptions, divergence and extreme data: no lost models, no silent errors."""

import _thread
import threading

import numpy as np
import pytest
from _processes import run_python
from _small import quick
from joblib import Parallel, delayed


@pytest.fixture(scope="module")
def images(sample):
    """Three hundred real images, read-only."""
    return sample.X_train[:300], sample.y_train[:300]


def test_a_diverged_loss_raises_and_loses_nothing(images):
    X, y = images
    clf = quick().fit(X, y)
    expected = clf.predict_proba(X)
    clf.set_params(learning_rate=1e30, optimizer="sgd", lr_schedule="constant")
    with pytest.raises(ValueError, match="Training diverged"):
        clf.fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X), expected)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_loses_nothing(images):
    X, y = images
    clf = quick().fit(X, y)
    before, expected = dict(vars(clf)), clf.predict_proba(X)
    clf.set_params(epochs=100_000)
    before["epochs"] = 100_000
    timer = threading.Timer(1.0, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    timer.join()
    assert vars(clf) == before
    np.testing.assert_array_equal(clf.predict_proba(X), expected)
    again = quick().fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), expected)


def test_a_prediction_during_a_refit_that_fails_poisons_nothing(images):
    import keras

    X, y = images
    clf = quick().fit(X, y)
    expected = clf.predict_proba(X)

    class Meddle(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            clf.predict_proba(X)
            raise KeyboardInterrupt

        def __deepcopy__(self, memo):
            return self

    clf.set_params(callbacks=[Meddle()])
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X * np.float32(1000) + 5, y)
    np.testing.assert_array_equal(clf.predict_proba(X), expected)


def test_fits_in_threads_without_a_seed_differ(images):
    X, y = images
    models = Parallel(4, backend="threading")(
        delayed(quick(random_state=None, epochs=1).fit)(X[:32], y[:32])
        for _ in range(12)
    )
    assert len({model._training_state.seed for model in models}) == 12


def test_divergence_in_the_last_step_raises(images):
    X, y = images
    clf = quick(
        optimizer="sgd", learning_rate=1e38, lr_schedule="constant", epochs=1
    ).set_params(batch_size=1000, precision="float32")
    with pytest.raises(ValueError, match="Training diverged"):
        clf.fit(X, y)


@pytest.fixture
def built(monkeypatch):
    """Training graphs that are built during a test."""
    from fmnist_sk._training._graph import TrainingGraph

    graphs, build = [], TrainingGraph.__init__

    def counting(self, *args, **kwargs):
        graphs.append(self)
        build(self, *args, **kwargs)

    monkeypatch.setattr(TrainingGraph, "__init__", counting)
    return graphs


def test_rates_share_a_graph(images, built):
    X, y = images
    rates = {
        "dropout": [0.2, 0.3],
        "weight_decay": [0.0, 0.1],
        "label_smoothing": [0.0, 0.2],
        "learning_rate": [1e-3, 1e-2],
    }
    # A size that no other test uses, so that no graph can be reused yet.
    quick(dropout=0.1, filters=7).fit(X, y)
    assert len(built) == 1
    for name, values in rates.items():
        first, second = (
            quick(**{"dropout": 0.1, "filters": 7, "epochs": 4, name: value}).fit(X, y)
            for value in values
        )
        assert abs(first.predict_proba(X) - second.predict_proba(X)).max() > 1e-3
    assert len(built) == 1
    quick(dropout=0.1, filters=6).fit(X, y)
    assert len(built) == 2  # another graph is counted


def test_class_weights_of_parts_of_the_data(images):
    X, y = images
    clf = quick(class_weight={0: 3.0})
    some = y > 0
    clf.fit(X, y, X_val=X[some], y_val=y[some])
    clf.partial_fit(X[some], y[some])
    with pytest.raises(ValueError, match="balanced"):
        clf.set_params(class_weight="balanced").partial_fit(X, y)


def test_tiny_weights_of_a_hold_out(images):
    X, y = images
    clf = quick(early_stopping=True).fit(X, y, sample_weight=np.full(300, 1e-50))
    assert np.isfinite(clf.history_["val_loss"]).all()


@pytest.mark.parametrize("factor", [1e-16, 1e-9, 1e9, 1e30])
def test_pixels_of_any_magnitude(images, factor):
    X, y = images
    plain = quick(precision="float32").fit(X / 255.0, y)
    scaled = quick(precision="float32").fit(X / 255.0 * factor, y)
    probabilities = scaled.predict_proba(X / 255.0 * factor)
    np.testing.assert_allclose(probabilities, plain.predict_proba(X / 255.0), atol=0.01)
    pixels = (X / 255.0 * factor).reshape(-1, 28, 28, 1)
    np.testing.assert_allclose(
        scaled.to_keras().predict(pixels, verbose=0), probabilities, atol=1e-3
    )


def test_pixels_too_large_are_refused(images):
    X, y = images
    clf = quick(epochs=1).fit(X, y)
    for predict_or_fit in clf.predict_proba, lambda X: quick().fit(X, y):
        with pytest.raises(ValueError, match=r"too large for dtype\('float32'\)"):
            predict_or_fit(X * 1e300)
    with pytest.raises(ValueError, match=r"too large for dtype\('float32'\)"):
        quick().fit(X, y, X_val=X * 1e300, y_val=y)


def test_going_on_with_another_network_is_refused(images):
    X, y = images
    clf = quick(warm_start=True, dropout=0.1).fit(X, y)
    clf.set_params(dropout=0.3).fit(X, y)  # the network is the same
    with pytest.raises(ValueError, match="cannot continue"):
        clf.set_params(filters=8).fit(X, y)
    with pytest.raises(ValueError, match="cannot continue"):
        clf.partial_fit(X, y)
    with pytest.raises(ValueError, match="image_shape"):
        clf.set_params(filters=None, image_shape=(14, 56)).fit(X, y)


def test_a_learning_rate_of_zero(images):
    import keras

    X, y = images
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 0.0)
    clf = quick(callbacks=schedule, lr_schedule="constant").fit(X, y)
    assert clf.history_["learning_rate"] == [0.0, 0.0]


REPEATED_FITS = """
import json
import psutil
from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample

X, y = load_fashion_mnist_sample(return_X_y=True)
clf = FashionCNNClassifier(
    architecture="three_conv", dense_units=(256, 64), epochs=1, random_state=0
)
process, sizes = psutil.Process(), []
for _ in range(5):
    clf.fit(X[:40], y[:40])
    sizes.append(process.memory_info().rss)
print(json.dumps([4 * clf.n_parameters_, sizes]))
"""


def test_large_networks_do_not_leak():
    # In a new process: the allocator of one that has run many tests returns less memory
    # to the system.
    parameters, sizes = run_python(REPEATED_FITS)
    assert parameters > 50e6
    assert sizes[-1] - sizes[1] < parameters
