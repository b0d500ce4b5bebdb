"""The networks: what they are, and that every form of one computes the same."""

import numpy as np
import pytest

from fmnist_sk import FashionCNNClassifier
from fmnist_sk.architectures import ARCHITECTURES, describe_network

SHAPE = (28, 28, 1)


def describe(architecture, image_shape=SHAPE, n_classes=10, **parameters):
    return describe_network(architecture, image_shape, n_classes, parameters)


@pytest.fixture(scope="module")
def images(sample):
    return sample.X_train[:200], sample.y_train[:200]


def layers_of(architecture, **parameters):
    """The stock layers, as (class, size) pairs."""
    from fmnist_sk.architectures import build_network

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


# -- Networks of the user's own ------------------------------------------------------


def own_network(image_shape, n_classes, filters=8, dropout=0.1):
    """Logits from a network with regularisation and stock batch normalisation."""
    import keras

    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Conv2D(filters, 3, strides=2, kernel_regularizer="l2"),
            keras.layers.BatchNormalization(momentum=0.5),
            keras.layers.Activation("relu"),
            keras.layers.Flatten(),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(n_classes),
        ]
    )


def own_softmax_network(image_shape, n_classes):
    import keras

    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(n_classes, activation="softmax"),
        ]
    )


@pytest.mark.parametrize("architecture", [own_network, own_softmax_network])
def test_own_networks(architecture, images):
    X, y = images
    clf = FashionCNNClassifier(architecture=architecture, random_state=0)
    clf.set_params(epochs=15, batch_size=16, learning_rate=0.01).fit(X, y)
    assert clf.score(X, y) > 0.8
    probabilities = clf.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(
        clf.to_keras().predict(X.reshape(-1, *SHAPE), verbose=0),
        probabilities,
        atol=1e-5,
    )
    again = FashionCNNClassifier(**clf.get_params()).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), probabilities)


def test_own_networks_get_the_parameters_that_are_set(images):
    clf = FashionCNNClassifier(architecture=own_network, filters=5, epochs=1)
    assert clf.fit(*images).to_keras().get_layer(index=3).layers[0].filters == 5
    with pytest.raises(TypeError, match="kernel_size"):
        clf.set_params(kernel_size=5).fit(*images)


def test_own_weights_are_what_training_starts_from(images):
    import keras

    def pretrained(image_shape, n_classes):
        model = own_softmax_network(image_shape, n_classes)
        model.layers[-1].bias.assign(np.arange(10) * 100.0)
        return model

    X, y = images
    clf = FashionCNNClassifier(
        architecture=pretrained, epochs=1, learning_rate=1e-9, random_state=0
    )
    assert (clf.fit(X, y).predict(X) == 9).all()
    assert keras.backend.floatx() == "float32"


def test_what_is_no_network_is_refused(images):
    for architecture, error, message in [
        (lambda shape, n: None, TypeError, "keras.Model"),
        (lambda shape, n: own_network(shape, n + 1), ValueError, "one logit per class"),
    ]:
        clf = FashionCNNClassifier(architecture=architecture)
        with pytest.raises(error, match=message):
            clf.fit(*images)
        assert not hasattr(clf, "classes_")


def nested_softmax(image_shape, n_classes):
    import keras

    return keras.Sequential(
        [keras.Input(image_shape), own_softmax_network(image_shape, n_classes)]
    )


def own_normalisation(image_shape, n_classes):
    """A network with a weight that is no float32."""
    import keras

    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Normalization(axis=None, mean=0.0, variance=1.0),
            keras.layers.Normalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(n_classes),
        ]
    )


@pytest.mark.parametrize("architecture", [nested_softmax, own_normalisation])
def test_unusual_own_networks(architecture, images):
    X, y = images
    clf = FashionCNNClassifier(
        architecture=architecture, random_state=0, epochs=15, learning_rate=0.01
    ).fit(X, y)
    assert clf.predict_proba(X).max() > 0.9
    np.testing.assert_allclose(
        clf.to_keras().predict(X.reshape(-1, *SHAPE), verbose=0),
        clf.predict_proba(X),
        atol=1e-5,
    )


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
