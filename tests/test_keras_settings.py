"""Keras's global settings: they do not change results, and stay unchanged."""

import threading

import numpy as np
import pytest
from _small import quick

from fmnist_sk import _engine
from fmnist_sk._inference._predictor import _prediction_graph
from fmnist_sk._training import _graph_pool
from fmnist_sk.architectures import Ensemble, _own_network


def own(image_shape, n_classes):
    """Build a network whose layers set their data format and dtype."""
    import keras

    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Conv2D(4, 3, strides=2),
            keras.layers.BatchNormalization(),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(n_classes, activation="softmax"),
        ]
    )


KINDS = {
    "float32": {"architecture": "compact", "filters": 2, "precision": "float32"},
    "bfloat16": {"architecture": "compact", "filters": 2, "precision": "bfloat16"},
    "ensemble": {"architecture": Ensemble("compact", "compact"), "filters": 2},
    "function": {"architecture": own},
}


def results(kind, X, y):
    """Return all results of a fit that compiles new graphs."""
    _graph_pool._idle.clear()
    _prediction_graph.cache_clear()
    _own_network._known.clear()
    clf = quick(tta="flip_shift", **KINDS[kind]).fit(X, y, X_val=X, y_val=y)
    pixels = X.reshape(-1, 28, 28, 1)
    return [
        *clf.to_keras().get_weights(),
        clf.predict_proba(X),
        clf.predict_proba(X.astype(np.float32)),
        clf.to_keras().predict(pixels, verbose=0),
    ]


@pytest.fixture(scope="module")
def images(sample):
    """Sixty-four real images, read-only."""
    return sample.X_train[:64], sample.y_train[:64]


@pytest.fixture(scope="module")
def expected(images):
    """Results of every kind under Keras's defaults."""
    return {kind: results(kind, *images) for kind in KINDS}


def settings():
    import keras

    config = keras.config
    return config.floatx(), config.dtype_policy().name, config.image_data_format()


def set_all(floatx, policy, data_format):
    import keras

    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)
    keras.config.set_image_data_format(data_format)


@pytest.fixture
def keras_config():
    """Return `keras.config`, and restore the defaults after the test."""
    import keras

    yield keras.config
    set_all("float32", "float32", "channels_last")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "values",
    [
        ("float64", "mixed_float16", "channels_first"),
        ("float16", "mixed_bfloat16", "channels_first"),
        ("float64", "float64", "channels_last"),
    ],
)
def test_results_do_not_depend_on_them(values, kind, images, expected, keras_config):
    set_all(*values)
    found = results(kind, *images)
    assert settings() == values
    for ours, theirs in zip(found, expected[kind], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_graphs_that_run_eagerly_elsewhere_give_the_same(images, expected):
    import tensorflow as tf

    X, y = images
    tf.config.run_functions_eagerly(True)
    try:
        _prediction_graph.cache_clear()
        probabilities = (
            quick(tta="flip_shift", **KINDS["function"]).fit(X, y).predict_proba(X)
        )
    finally:
        tf.config.run_functions_eagerly(False)
    np.testing.assert_array_equal(probabilities, expected["function"][-3])


def test_they_are_restored_after_errors_and_nesting(keras_config):
    values = "float16", "mixed_bfloat16", "channels_first"
    defaults = "float32", "float32", "channels_last"
    set_all(*values)

    def build():
        with _engine.building():
            with _engine.building():
                assert settings() == defaults
                keras_config.set_floatx("float64")
            assert settings() == defaults
            keras_config.set_dtype_policy("mixed_float16")
            raise KeyError

    with pytest.raises(KeyError):
        build()
    assert settings() == values


def test_a_thread_without_policy_still_has_none(keras_config):
    """Its policy still follows `floatx`, as in Keras."""
    names = []

    def run():
        keras_config.set_floatx("float64")
        with _engine.building():
            names.append(keras_config.dtype_policy().name)
        keras_config.set_floatx("float16")
        names.append(keras_config.dtype_policy().name)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert names == ["float32", "float16"]


def test_one_thread_builds_at_a_time():
    inside, most = [], []

    def run():
        for _ in range(50):
            with _engine.building():
                inside.append(None)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}
