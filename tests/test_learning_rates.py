"""Learning rate: schedules, and Keras callbacks that change the rate."""

import numpy as np
import pytest
from _small import quick

from fmnist_sk._training._learning_rate import learning_rates


@pytest.fixture(scope="module")
def images(sample):
    """Three hundred real images, read-only: ten steps per epoch."""
    return sample.X_train[:300], sample.y_train[:300]


def rates_used(images, *callbacks, epochs=3, lr_schedule="constant", **parameters):
    """Fit, and return the learning rate of every step, by epoch."""
    import keras

    used = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            used.append([])

        def on_train_batch_end(self, batch, logs=None):
            used[-1].append(float(self.model.optimizer.learning_rate.numpy()))

        def __deepcopy__(self, memo):
            return self

    # First in the list, to see the rate before other callbacks change it.
    clf = quick(
        callbacks=[Watch(), *callbacks],
        epochs=epochs,
        lr_schedule=lr_schedule,
        **parameters,
    ).fit(*images)
    assert clf.history_["learning_rate"] == [epoch[-1] for epoch in used]
    return np.array(used)


def scheduler(function):
    import keras

    return keras.callbacks.LearningRateScheduler(function)


def test_schedules():
    one_cycle = learning_rates("one_cycle", 0.4, 100)
    assert one_cycle.argmax() == 25
    assert one_cycle.max() == pytest.approx(0.4)
    assert one_cycle[0] == pytest.approx(0.04)
    assert one_cycle[-1] < 0.001
    assert (np.diff(learning_rates("cosine", 0.4, 100)) < 0).all()
    np.testing.assert_array_equal(learning_rates("constant", 0.5, 3), [0.5] * 3)
    for schedule in ("one_cycle", "cosine", "constant"):
        assert learning_rates(schedule, 0.5, 1).shape == (1,)


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine", "constant"])
def test_without_changes_the_schedule_is_followed(images, schedule):
    used = rates_used(images, lr_schedule=schedule, learning_rate=0.01)
    planned = learning_rates(schedule, 0.01, 30)
    np.testing.assert_array_equal(used.ravel().astype(np.float32), planned)
    same = scheduler(lambda epoch, rate: rate)
    again = rates_used(images, same, lr_schedule=schedule, learning_rate=0.01)
    np.testing.assert_array_equal(again, used)


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine", "constant"])
@pytest.mark.parametrize(
    "by_epoch", [[1e-3, 1e-3, 1e-3], [0.0, 1e-3, 2e-3], [0.01, 0.0, 0.005]], ids=str
)
def test_a_rate_set_for_an_epoch_holds_for_all_of_it(images, schedule, by_epoch):
    """Even if the rate equals the first rate of the one-cycle schedule, 1e-3."""
    used = rates_used(
        images,
        scheduler(lambda epoch: by_epoch[epoch]),
        lr_schedule=schedule,
        learning_rate=0.01,
    )
    np.testing.assert_allclose(used, np.repeat(by_epoch, 10).reshape(3, 10), rtol=1e-6)


def test_a_schedule_that_starts_at_zero_trains(images):
    clf = quick(epochs=6, callbacks=scheduler(lambda epoch: 2e-3 * epoch)).fit(*images)
    assert clf.history_["loss"][-1] < clf.history_["loss"][1]
    assert clf.score(*images) > 0.3


def test_after_an_epoch_of_its_own_the_schedule_is_scaled(images):
    import keras

    class Once(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                self.model.optimizer.learning_rate.assign(1e-4)

    used = rates_used(images, Once(), learning_rate=0.01)
    np.testing.assert_allclose(used[:, 0], [0.01, 1e-4, 1e-4], rtol=1e-6)


def test_a_rate_reduced_at_the_end_of_an_epoch_scales_the_rest(images):
    import keras

    def reduce():
        return keras.callbacks.ReduceLROnPlateau(
            monitor="loss", factor=0.5, patience=1, min_delta=10.0
        )

    used = rates_used(images, reduce(), epochs=4, learning_rate=0.008)
    np.testing.assert_allclose(used[:, 0], [0.008, 0.008, 0.004, 0.002], rtol=1e-6)
    how = {"epochs": 4, "learning_rate": 0.008, "lr_schedule": "cosine"}
    plain = rates_used(images, **how)
    reduced = rates_used(images, reduce(), **how)
    factors = np.array([1, 1, 0.5, 0.25])[:, None]
    np.testing.assert_allclose(reduced, plain * factors, rtol=1e-5)


def test_rates_set_for_batches(images):
    import keras

    class Warmup(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.model.optimizer.learning_rate.assign(1e-4 * (batch + 1))

    used = rates_used(images, Warmup())
    np.testing.assert_allclose(
        used, np.tile(1e-4 * np.arange(1, 11), (3, 1)), rtol=1e-6
    )

    class Finder(keras.callbacks.Callback):
        """Callback that increases the learning rate after each batch."""

        def on_train_batch_end(self, batch, logs=None):
            rate = self.model.optimizer.learning_rate
            rate.assign(rate * 1.1)

    used = rates_used(images, Finder(), learning_rate=1e-4)
    np.testing.assert_allclose(used.ravel(), 1e-4 * 1.1 ** np.arange(30), rtol=1e-4)


def test_a_rate_set_before_the_first_epoch_scales_the_schedule(images):
    import keras

    class Lower(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.model.optimizer.learning_rate = 1e-4

    used = rates_used(images, Lower(), learning_rate=0.01)
    np.testing.assert_allclose(used, 1e-4, rtol=1e-6)
    plain = rates_used(images, lr_schedule="cosine", learning_rate=0.01)
    used = rates_used(images, Lower(), lr_schedule="cosine", learning_rate=0.01)
    np.testing.assert_allclose(used, plain / 100, rtol=1e-5)


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one_cycle"])
def test_a_rate_beyond_float32_is_infinite_without_a_warning(schedule):
    assert np.isinf(learning_rates(schedule, 1e300, 8)).all()
