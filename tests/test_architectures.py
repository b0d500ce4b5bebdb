"""Networks: their layers, and equal results of all forms of a network."""

import numpy as np
import pytest

from fmnist_sk import FashionCNNClassifier, _engine
from fmnist_sk.architectures import (
    ACTIVATIONS,
    ARCHITECTURES,
    Ensemble,
    describe_network,
    weight_shapes,
)

_engine.start()
from fmnist_sk.architectures import (  # noqa: E402
    build_network,
    initial_weights,
    prediction_function,
    prediction_weights,
)

SHAPE = (28, 28, 1)


def describe(architecture, image_shape=SHAPE, n_classes=10, **parameters):
    return describe_network(architecture, image_shape, n_classes, parameters)


@pytest.fixture(scope="module")
def images(sample):
    return sample.X_train[:200], sample.y_train[:200]


def layers_of(architecture, **parameters):
    """Return the stock layers as (class, size) pairs."""
    network = build_network(describe(architecture, **parameters), stock=True)
    sizes = ("filters", "units", "rate", "pool_size")
    return [
        (type(layer).__name__, *[getattr(layer, s) for s in sizes if hasattr(layer, s)])
        for layer in network.model.layers[1:]
    ], network.model


def test_two_conv_is_the_textbook_network():
    layers, model = layers_of("two_conv")
    assert layers == [
        ("Conv2D", 32),
        ("MaxPooling2D", (2, 2)),
        ("Conv2D", 64),
        ("MaxPooling2D", (2, 2)),
        ("Flatten",),
        ("Dense", 128),
        ("Dense", 10),
    ]
    assert [tuple(layer.output.shape[1:]) for layer in model.layers[1:5]] == [
        (26, 26, 32),
        (13, 13, 32),
        (11, 11, 64),
        (5, 5, 64),
    ]
    assert model.layers[-1].activation.__name__ == "linear"
    assert model.count_params() == 225_034


def test_three_conv_is_the_textbook_network():
    layers, model = layers_of("three_conv")
    assert layers == [
        ("Conv2D", 32),
        ("Conv2D", 64),
        ("Conv2D", 128),
        ("Flatten",),
        ("Dense", 512),
        ("Dropout", 0.2),
        ("Dense", 512),
        ("Dropout", 0.2),
        ("Dense", 10),
    ]
    assert model.layers[4].output.shape[1:] == (22 * 22 * 128,)


def test_resnet_has_shortcuts_and_scales_with_filters():
    layers, model = layers_of("resnet")
    assert sum(name == "Add" for name, *_ in layers) == 4
    half = layers_of("resnet", filters=16)[1]
    assert 3.5 < model.count_params() / half.count_params() < 4.5


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
@pytest.mark.parametrize("batch_norm", [True, False])
def test_keras_model_predicts_the_same(architecture, batch_norm, images):
    X, y = images
    clf = FashionCNNClassifier(
        architecture=architecture,
        filters=8,
        dense_units=16,
        dropout=0.1,
        batch_norm=batch_norm,
        epochs=1,
        random_state=0,
    ).fit(X, y)
    model = clf.to_keras()
    assert all(
        type(layer).__module__.startswith("keras.") for layer in model._flatten_layers()
    )
    assert model.count_params() >= clf.n_parameters_
    np.testing.assert_allclose(
        model.predict(X.reshape(-1, *SHAPE), verbose=0),
        clf.predict_proba(X),
        atol=2e-5,
    )


@pytest.mark.parametrize("activation", ["gelu", "tanh", "leaky_relu"])
def test_pooling_before_the_activation_changes_nothing(activation, images):
    X, y = images
    clf = FashionCNNClassifier(
        architecture="two_conv", filters=8, activation=activation, epochs=1
    ).fit(X, y)
    np.testing.assert_allclose(
        clf.to_keras().predict(X.reshape(-1, *SHAPE), verbose=0),
        clf.predict_proba(X),
        atol=2e-5,
    )


def test_keras_model_can_be_saved_and_trained(images, tmp_path):
    import keras

    X, y = images
    clf = FashionCNNClassifier(architecture="compact", epochs=1, random_state=0)
    model = clf.fit(X, y).to_keras()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    pixels = X.reshape(-1, *SHAPE)
    np.testing.assert_array_equal(
        loaded.predict(pixels, verbose=0), model.predict(pixels, verbose=0)
    )
    before = clf.predict_proba(X)
    loaded.compile("adam", "sparse_categorical_crossentropy")
    history = loaded.fit(pixels, y, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    np.testing.assert_array_equal(clf.predict_proba(X), before)


def test_filters_scale_the_stages():
    def filters(value):
        return dict(describe("vgg", filters=value).parameters)["filters"]

    assert filters(None) == (32, 64, 128)
    assert filters(16) == (16, 32, 64)
    assert filters([4, 5, 6]) == filters((4, 5, 6)) == (4, 5, 6)
    assert filters(1) == (1, 2, 4)


def test_weights_of_kernels_beyond_small_images_are_reproducible():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    X = rng.normal(size=(60, 2)) + 3 * y[:, None]
    clf = FashionCNNClassifier(
        architecture="compact", epochs=12, precision="bfloat16", random_state=0
    )
    first, second = (
        [w.copy() for w in clf.fit(X, y)._fitted.weights] for _ in range(2)
    )
    for one, other in zip(first, second, strict=True):
        assert np.isfinite(one).all()
        np.testing.assert_array_equal(one, other)


# -- Every activation ----------------------------------------------------------------


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_every_activation_predicts_what_keras_predicts(architecture):
    """TensorFlow fuses some operations into operations without an implementation."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    images = tf.constant(rng.normal(size=(3, 8, 8, 1)), tf.float32)
    for activation in sorted(ACTIVATIONS):
        description = describe(
            architecture,
            image_shape=(8, 8, 1),
            n_classes=3,
            filters=2,
            activation=activation,
        )
        stock = build_network(description, stock=True)
        stock.set_weights(initial_weights(description, stock, 0))
        weights = prediction_weights(description, stock.get_weights())
        predict = tf.function(prediction_function(description), autograph=False)
        np.testing.assert_allclose(
            predict(images, [tf.constant(weight) for weight in weights]),
            stock.model(images, training=False),
            atol=1e-5,
            err_msg=activation,
        )


@pytest.mark.parametrize("batch_norm", [True, False])
def test_mish_after_a_sum(batch_norm, images):
    X, y = images
    clf = FashionCNNClassifier(
        architecture="resnet",
        activation="mish",
        batch_norm=batch_norm,
        filters=4,
        epochs=1,
        random_state=0,
    ).fit(X[:40], y[:40], X_val=X, y_val=y)
    np.testing.assert_allclose(
        clf.to_keras().predict(X.reshape(-1, *SHAPE), verbose=0),
        clf.predict_proba(X),
        atol=2e-5,
    )


@pytest.mark.parametrize(
    "architecture",
    [*sorted(ARCHITECTURES), Ensemble("two_conv", ("resnet", {"batch_norm": False}))],
    ids=str,
)
@pytest.mark.parametrize("image_shape", [(28, 28, 1), (7, 12, 3), (1, 30, 1)])
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"batch_norm": True, "kernel_size": (3, 5), "dense_units": 4, "dropout": 0.1},
        {"batch_norm": False, "kernel_size": 2, "dense_units": 0, "filters": 3},
    ],
    ids=["defaults", "batch norm", "bias"],
)
def test_shapes_of_weights_are_those_of_the_network(
    architecture, image_shape, parameters
):
    description = describe(architecture, image_shape, n_classes=5, **parameters)
    network = build_network(description)
    assert weight_shapes(description) == [tuple(v.shape) for v in network.variables]
