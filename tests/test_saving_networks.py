"""Models that Keras callbacks save during training."""

import warnings

import numpy as np
from _processes import run_python

from fmnist_sk import _engine
from fmnist_sk._training import Normalisation
from fmnist_sk.architectures import describe_network

_engine.start()
from fmnist_sk.architectures import (  # noqa: E402
    build_network,
    initial_weights,
    to_keras,
)

SHAPE = (28, 28, 1)


def describe(architecture, **parameters):
    return describe_network(architecture, SHAPE, 10, parameters)


LOAD = """
import json, sys
import keras, numpy as np
images, found = np.load(f"{sys.argv[1]}/images.npy"), []
for i in range(2):
    model = keras.models.load_model(f"{sys.argv[1]}/{i}.keras")
    assert not model.compiled
    found.append(model.predict(images, verbose=0).tolist())
assert not any(name.startswith("fmnist_sk") for name in sys.modules)
print(json.dumps(found))
"""


def function_of_a_dense_layer(image_shape, n_classes):
    import keras

    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(n_classes, kernel_initializer="glorot_uniform"),
        ]
    )


def test_a_network_in_training_is_saved_as_an_ordinary_model(tmp_path):
    import keras

    network, stock = (
        build_network(describe("resnet", filters=4), stock=stock)
        for stock in (False, True)
    )
    weights = initial_weights(describe("resnet", filters=4), network, 0)
    rng = np.random.default_rng(0)
    weights = [w + rng.uniform(0, 0.1, w.shape).astype(np.float32) for w in weights]
    for each in network, stock:
        each.set_weights(weights)
    network.model.compile("adam", "mse")
    images = rng.integers(256, size=(3, *SHAPE)).astype(np.float32)
    checkpoint = keras.callbacks.ModelCheckpoint(str(tmp_path / "model.keras"))
    checkpoint.set_model(network.model)
    checkpoint.on_epoch_end(0, {})
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        loaded.predict(images, verbose=0), stock.model.predict(images, verbose=0)
    )
    assert not loaded.compiled


def test_the_hook_says_what_is_saved(tmp_path):
    """This includes the network of a function, whose model belongs to the user."""
    import keras

    normalisation = Normalisation(np.array([90.0]), np.array([70.0]))
    images = np.random.default_rng(0).uniform(0, 255, (2, *SHAPE)).astype(np.float32)
    np.save(tmp_path / "images.npy", images)
    expected = []
    for architecture in "compact", function_of_a_dense_layer:
        description = describe(architecture)
        network = build_network(description)
        network.set_weights(initial_weights(description, network, 0))
        network.model.compile("adam", "mse")

        def fitted_model(description=description, network=network):
            return to_keras(
                description,
                network.get_weights(),
                normalisation,
                tta="flip_shift",
                temperature=2.0,
            )

        network.save_as(fitted_model)
        file = tmp_path / f"{len(expected)}.keras"
        checkpoint = keras.callbacks.ModelCheckpoint(str(file))
        checkpoint.set_model(network.model)
        checkpoint.on_epoch_end(0, {})
        expected.append(fitted_model().predict(images, verbose=0))
        network.model.save_weights(tmp_path / "model.weights.h5")
        network.model.load_weights(tmp_path / "model.weights.h5")
    found = run_python(LOAD, tmp_path)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_litert_predicts_the_same():
    """The recipe of the page on deployment."""
    import tensorflow as tf

    description = describe("compact", filters=4)
    network = build_network(description)
    weights = initial_weights(description, network, seed=0)
    normalisation = Normalisation(np.array([70.0]), np.array([90.0]))
    model = to_keras(description, weights, normalisation, tta="flip", temperature=1.5)
    content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    images = np.random.default_rng(0).integers(256, size=(1, *SHAPE)).astype("float32")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # LiteRT's own package will replace tf.lite
        interpreter = tf.lite.Interpreter(model_content=content)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], images)
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(found, model.predict(images, verbose=0), atol=1e-5)
