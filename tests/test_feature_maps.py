"""Feature maps and filters, compared with the weights and with Keras models."""

import numpy as np
import pytest
from _small import quick

from fmnist_sk.architectures import ARCHITECTURES, Ensemble
from fmnist_sk.inspection import feature_maps, first_layer_filters, grad_cam


@pytest.fixture(scope="module")
def images(sample):
    return sample.X_train[:200], sample.y_train[:200]


@pytest.fixture(scope="module")
def fitted(images):
    return quick().fit(*images)


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_every_architecture_can_be_explained(images, architecture):
    X, y = images
    clf = quick(architecture=architecture, filters=2, dense_units=4, epochs=1)
    clf.fit(X, y)
    maps = feature_maps(clf, X[:3])
    for layer in (0, -1):
        heat = grad_cam(clf, X[:3], layer=layer)
        assert heat.shape == (3, 28, 28)
        assert heat.dtype == np.float32
        assert np.isfinite(heat).all()
        assert (heat >= 0).all()
        assert heat.max() <= 1
    convolutions = [w for w in clf._fitted.weights if w.ndim == 4]
    assert sorted(m.shape[-1] for m in maps) == sorted(
        w.shape[-1] for w in convolutions
    )
    assert all(m.shape[0] == 3 and m.ndim == 4 for m in maps)
    np.testing.assert_array_equal(
        first_layer_filters(clf), np.moveaxis(convolutions[0], 3, 0)
    )
    with pytest.raises(ValueError, match="layer must be None or an integer"):
        grad_cam(clf, X[:3], layer=len(maps))


def test_first_filters_are_the_weights(fitted):
    np.testing.assert_array_equal(
        first_layer_filters(fitted), np.moveaxis(fitted._fitted.weights[0], 3, 0)
    )


def test_maps_are_what_the_next_layers_see(images, fitted):
    X, _ = images
    last = feature_maps(fitted, X[:5])[-1]
    kernel, bias = fitted._fitted.weights[-2:]
    logits = last.reshape(5, -1) @ kernel + bias
    np.testing.assert_allclose(logits, fitted.decision_function(X[:5]), atol=1e-4)


def test_maps_of_a_residual_unit(images):
    """Maps of a convolution follow the activation, maps of a unit follow the sum."""
    import keras

    X, y = images
    clf = quick(architecture="resnet", filters=(4, 6, 8), epochs=1).fit(X, y)
    maps = feature_maps(clf, X[:2])
    network = next(n for n in clf.to_keras().layers if isinstance(n, keras.Model))
    activations = [
        layer
        for layer in network.layers
        if getattr(layer, "activation", None) is keras.activations.relu
    ]
    pixels = (X[:2].reshape(2, 28, 28, 1) - clf._fitted.normalisation.mean) / (
        clf._fitted.normalisation.scale
    )
    of_activations = [
        keras.Model(network.inputs[0], layer.output).predict(pixels, verbose=0)
        for layer in activations
    ]
    # All maps except those of the two shortcuts are activated.
    found = [
        any(a.shape == m.shape and np.allclose(a, m, atol=1e-5) for a in of_activations)
        for m in maps
    ]
    assert len(maps) == 1 + 4 * 2 + 2
    assert sum(found) == 9
    np.testing.assert_allclose(maps[-1], of_activations[-1], atol=1e-5)


def test_layers_before_the_first_convolution_are_none(images):
    def scaled(image_shape, n_classes):
        import keras

        return keras.Sequential(
            [
                keras.Input(image_shape),
                keras.layers.Rescaling(2.0),
                keras.layers.ZeroPadding2D(1),
                keras.layers.Conv2D(3, 3, activation="relu"),
                keras.layers.MaxPooling2D(4),
                keras.layers.Conv2D(5, 3, activation="relu"),
                keras.layers.GlobalAveragePooling2D(),
                keras.layers.Dense(n_classes, activation="softmax"),
            ]
        )

    X, y = images
    clf = quick(architecture=scaled).fit(X, y)
    assert [m.shape for m in feature_maps(clf, X[:2])] == [(2, 7, 7, 3), (2, 5, 5, 5)]
    assert first_layer_filters(clf).shape == (3, 3, 3, 1)
    assert grad_cam(clf, X[:2]).max() == 1


def test_the_members_of_an_ensemble(images):
    X, y = images
    ensemble = Ensemble("compact", ("three_conv", {"filters": 2, "dense_units": 4}))
    clf = quick(architecture=ensemble, epochs=1).fit(X, y)
    maps = feature_maps(clf, X[:3])
    # Keras orders the layers of both members by their distance from the logits.
    assert sorted(m.shape[-1] for m in maps) == [2, 4, 8, 16, 32, 48]
    assert grad_cam(clf, X[:3]).shape == (3, 28, 28)
    assert first_layer_filters(clf).shape in {(16, 3, 3, 1), (2, 3, 3, 1)}


def convolution(filters, **options):
    import keras

    return keras.layers.Conv2D(filters, 3, padding="same", **options)


def added_one_by_one(image_shape, n_classes):
    import keras

    model = keras.Sequential()
    model.add(keras.Input(image_shape))
    model.add(convolution(4, activation="relu"))
    model.add(keras.layers.MaxPooling2D(2))
    model.add(convolution(5, activation="relu"))
    model.add(keras.layers.GlobalAveragePooling2D())
    model.add(keras.layers.Dense(n_classes))
    return model


def without_an_input(image_shape, n_classes):
    import keras

    return keras.Sequential(
        [convolution(4), keras.layers.Flatten(), keras.layers.Dense(n_classes)]
    )


def with_shared_layers(image_shape, n_classes):
    import keras

    relu, shared = keras.layers.ReLU(), convolution(4)
    inputs = keras.Input(image_shape)
    x = relu(convolution(4)(inputs))
    x = relu(shared(relu(shared(x))))
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(n_classes)(x))


def with_layers_of_another_model(image_shape, n_classes):
    import keras

    layer = convolution(4)
    layer(keras.Input((40, 40, image_shape[-1])))
    inputs = keras.Input(image_shape)
    x = keras.layers.GlobalAveragePooling2D()(layer(inputs))
    return keras.Model(inputs, keras.layers.Dense(n_classes)(x))


def for_images_of_any_size(image_shape, n_classes):
    import keras

    inputs = keras.Input((None, None, image_shape[-1]))
    x = keras.layers.GlobalAveragePooling2D()(convolution(4)(inputs))
    return keras.Model(inputs, keras.layers.Dense(n_classes)(x))


def with_a_sum_as_an_operator(image_shape, n_classes):
    import keras

    inputs = keras.Input(image_shape)
    x = convolution(4, activation="relu")(inputs)
    x = convolution(4)(x) + x
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(x))
    return keras.Model(inputs, keras.layers.Dense(n_classes)(x))


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        (added_one_by_one, [(14, 14, 4), (14, 14, 5)]),
        (without_an_input, [(28, 28, 4)]),
        (with_shared_layers, [(28, 28, 4)] * 3),
        (with_layers_of_another_model, [(28, 28, 4)]),
        (for_images_of_any_size, [(28, 28, 4)]),
        (with_a_sum_as_an_operator, [(28, 28, 4)] * 2),
    ],
)
def test_networks_of_ones_own(images, architecture, expected):
    X, y = images
    clf = quick(architecture=architecture, epochs=1).fit(X, y)
    maps = feature_maps(clf, X[:3])
    assert [m.shape[1:] for m in maps] == expected
    assert grad_cam(clf, X[:3]).shape == (3, 28, 28)
    assert first_layer_filters(clf).shape == (4, 3, 3, 1)
    # The logits are a linear function of the last maps' means, or of all pixels.
    kernel, bias = clf._fitted.weights[-2:]
    last = maps[-1].reshape(3, -1)
    if len(kernel) == maps[-1].shape[-1]:
        last = maps[-1].mean(axis=(1, 2))
    np.testing.assert_allclose(
        last @ kernel + bias, clf.decision_function(X[:3]), rtol=1e-3, atol=1e-4
    )


def test_filters_are_a_copy(fitted):
    filters = first_layer_filters(fitted)
    filters[:] = 0
    assert first_layer_filters(fitted).any()


def test_a_model_that_is_no_graph_of_layers(images):
    def opaque(image_shape, n_classes):
        import keras

        class Opaque(keras.Model):
            def __init__(self):
                super().__init__()
                self.conv = keras.layers.Conv2D(n_classes, 3)

            def build(self, shape):
                self.conv.build(shape)
                self.built = True

            def call(self, x, training=False):
                return keras.ops.mean(self.conv(x), axis=(1, 2))

            def compute_output_shape(self, shape):
                return (shape[0], n_classes)

        return Opaque()

    X, y = images
    clf = quick(architecture=opaque).fit(X, y)
    with pytest.raises(TypeError, match="Functional or Sequential"):
        feature_maps(clf, X[:2])


def test_a_network_without_convolutions(images):
    def linear(image_shape, n_classes):
        import keras

        return keras.Sequential(
            [
                keras.Input(image_shape),
                keras.layers.Flatten(),
                keras.layers.Dense(n_classes),
            ]
        )

    clf = quick(architecture=linear, epochs=1).fit(*images)
    assert feature_maps(clf, images[0][:2]) == []
    with pytest.raises(ValueError, match="no convolution"):
        first_layer_filters(clf)
    with pytest.raises(ValueError, match="nothing to locate"):
        grad_cam(clf, images[0][:2])
