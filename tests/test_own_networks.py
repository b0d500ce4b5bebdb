"""Functions as architectures: networks that they may build, and their identity."""

import numpy as np
import pytest

from fmnist_sk import FashionCNNClassifier
from fmnist_sk.architectures import build_network, describe_network

SHAPE = (28, 28, 1)


@pytest.fixture(scope="module")
def images(sample):
    """Sixty real images, read-only."""
    return sample.X_train[:60], sample.y_train[:60]


def own_cnn(architecture, **parameters):
    how = {"epochs": 2, "random_state": 0, "learning_rate": 0.01, **parameters}
    return FashionCNNClassifier(architecture=architecture, **how)


def describe(architecture, n_classes=10, **parameters):
    return describe_network(architecture, SHAPE, n_classes, parameters)


def assert_keras_predicts_the_same(clf, X):
    np.testing.assert_allclose(
        clf.to_keras().predict(X.reshape(-1, *SHAPE), verbose=0),
        clf.predict_proba(X),
        atol=1e-5,
    )


def ending_in(*last):
    """Return a function whose network ends in the given layers or functions."""

    def build(image_shape, n_classes):
        import keras

        inputs = keras.Input(image_shape)
        x = keras.layers.Flatten()(keras.layers.AveragePooling2D(4)(inputs))
        x = keras.layers.Dense(n_classes)(x)
        for make in last:
            x = make(keras)(x)
        return keras.Model(inputs, x)

    return build


def lambda_softmax(keras):
    return keras.layers.Lambda(lambda x: keras.ops.softmax(x), output_shape=(10,))


def normalised_exponentials(keras):
    def apply(x):
        powers = keras.ops.exp(x - keras.ops.max(x, axis=1, keepdims=True))
        return powers / keras.ops.sum(powers, axis=1, keepdims=True)

    return apply


def nested_softmax(keras):
    return keras.Sequential([keras.layers.Dense(10), keras.layers.Softmax()])


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ([lambda k: k.layers.Softmax()], "probabilities"),
        ([lambda k: k.layers.Activation("softmax")], "probabilities"),
        ([lambda k: k.layers.Dense(10, activation="softmax")], "probabilities"),
        (
            [lambda k: k.layers.Softmax(), lambda k: k.layers.Dropout(0.1)],
            "probabilities",
        ),
        ([lambda k: k.layers.Softmax(dtype="mixed_bfloat16")], "probabilities"),
        ([lambda k: k.ops.softmax], "probabilities"),
        ([lambda_softmax], "probabilities"),
        ([normalised_exponentials], "probabilities"),
        ([nested_softmax], "probabilities"),
        ([lambda k: k.ops.log_softmax], "logits"),
        ([lambda k: k.layers.Activation("relu")], "logits"),
        ([lambda k: k.layers.Softmax(), lambda k: k.layers.Dense(10)], "logits"),
        ([lambda k: k.layers.Activation("sigmoid")], "scores"),
        ([lambda k: k.ops.sigmoid], "scores"),
    ],
)
def test_what_comes_out_of_a_network_is_noticed(last, expected):
    network = build_network(describe(ending_in(*last)))
    assert network.output == expected


@pytest.mark.parametrize(
    "last", [lambda k: k.ops.softmax, lambda_softmax, lambda k: k.ops.log_softmax]
)
def test_softmax_is_not_applied_twice(last, images):
    """The network with softmax predicts the same as the network without."""
    X, y = images
    plain = own_cnn(ending_in()).fit(X, y)
    clf = own_cnn(ending_in(last)).fit(X, y)
    np.testing.assert_allclose(clf.predict_proba(X), plain.predict_proba(X), atol=1e-4)
    assert_keras_predicts_the_same(clf, X)
    clf.set_params(tta="flip", temperature=2.0).fit(X, y)
    assert_keras_predicts_the_same(clf, X)


@pytest.mark.parametrize("n_classes", [2, 10])
def test_scores_are_divided_by_their_sum(n_classes, images):
    """Keras's cross-entropy treats one sigmoid per class in the same way."""
    X, y = images
    clf = own_cnn(ending_in(lambda k: k.layers.Activation("sigmoid")), epochs=20)
    clf.fit(X, y % n_classes)
    assert clf.predict_proba(X).max() > 0.5
    np.testing.assert_allclose(clf.predict_proba(X).sum(axis=1), 1)
    assert_keras_predicts_the_same(clf, X)


def test_looking_at_a_network_changes_nothing():
    import random

    import keras
    from keras.src.random.seed_generator import global_seed_generator

    class Pretrained:
        def __call__(self, image_shape, n_classes):
            self.model = ending_in()(image_shape, n_classes)
            self.weights = self.model.get_weights()
            return self.model

    before = np.random.get_state(), random.getstate()  # noqa: NPY002
    own = Pretrained()
    network = build_network(describe(own))
    for array, expected in zip(network.get_weights(), own.weights, strict=True):
        np.testing.assert_array_equal(array, expected)
    assert random.getstate() == before[1]
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(after[1], before[0][1])
    # Before Keras 3.13, set_random_seed does not set Keras's own generator again, so
    # the generator itself is compared.
    keras.random.normal((3,))
    state = global_seed_generator().state.numpy()
    describe(ending_in(lambda k: k.layers.Dropout(0.5)))
    np.testing.assert_array_equal(global_seed_generator().state.numpy(), state)


# -- Subclasses of keras.Model, and other unusual models -----------------------------


def subclassed(how):
    """Return a function that builds a subclass of keras.Model of the given kind."""

    def build(image_shape, n_classes):
        import keras

        class Own(keras.Model):
            def __init__(self, n_outputs):
                super().__init__()
                self.flatten = keras.layers.Flatten()
                self.hidden = keras.layers.Dense(8, activation="relu")
                self.dropout = keras.layers.Dropout(0.3)
                self.last = keras.layers.Dense(n_outputs)

            def call(self, x, training=False):
                x = self.hidden(self.flatten(x))
                if how == "fails":
                    x = x.no_such_attribute
                if how == "needs values":
                    float(keras.ops.sum(x))
                x = self.last(self.dropout(x, training=training))
                if how == "two outputs":
                    return x, x
                return keras.ops.softmax(x) if how == "softmax" else x

        model = Own(n_classes + (how == "wrong size"))
        if how == "built":
            model(np.zeros((1, *image_shape), np.float32))
        return model

    return build


@pytest.mark.parametrize("how", ["plain", "built", "softmax"])
def test_subclassed_models(how, images):
    X, y = images
    clf = own_cnn(subclassed(how), epochs=15).fit(X, y)
    assert clf.score(X, y) > 0.5
    assert_keras_predicts_the_same(clf, X)
    again = own_cnn(clf.architecture, epochs=15).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), clf.predict_proba(X))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("fails", "Calling the model failed: .*no_such_attribute"),
        ("two outputs", "of 2 outputs instead"),
        ("wrong size", r"outputs of shape \(None, 11\)"),
    ],
)
def test_subclassed_models_that_do_not_fit(how, message, images):
    clf = own_cnn(subclassed(how))
    with pytest.raises(ValueError, match=message):
        clf.fit(*images)
    assert not hasattr(clf, "classes_")


def two_inputs(image_shape, n_classes):
    import keras

    inputs = [keras.Input(image_shape), keras.Input(image_shape)]
    x = keras.layers.Flatten()(keras.layers.Add()(inputs))
    return keras.Model(inputs, keras.layers.Dense(n_classes)(x))


def two_outputs(image_shape, n_classes):
    import keras

    inputs = keras.Input(image_shape)
    x = keras.layers.Flatten()(inputs)
    outputs = [keras.layers.Dense(n_classes)(x) for _ in range(2)]
    return keras.Model(inputs, {"a": outputs[0], "b": outputs[1]})


def other_images(image_shape, n_classes):
    return ending_in()((32, 32, 3), n_classes)


def one_output(image_shape, n_classes):
    return ending_in(lambda k: k.layers.Dense(1, activation="sigmoid"))(image_shape, 2)


def maps_for_outputs(image_shape, n_classes):
    import keras

    return keras.Sequential(
        [keras.Input(image_shape), keras.layers.Conv2D(n_classes, 3)]
    )


def nothing_to_train(image_shape, n_classes):
    model = ending_in()(image_shape, n_classes)
    model.trainable = False
    return model


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (two_inputs, "model with 2 inputs"),
        (two_outputs, "of 2 outputs"),
        (other_images, r"inputs of shape \(None, 32, 32, 3\)"),
        (one_output, r"\(None, 1\) instead. .* requires two outputs"),
        (maps_for_outputs, r"shape \(None, 26, 26, 10\)"),
        (nothing_to_train, "trainable"),
    ],
)
def test_models_that_do_not_fit(architecture, message, images):
    with pytest.raises(ValueError, match=message):
        own_cnn(architecture).fit(*images)


def compiled(image_shape, n_classes):
    model = ending_in()(image_shape, n_classes)
    model.compile("sgd", "mse", metrics=["accuracy"])
    return model


def frozen_part(image_shape, n_classes):
    import keras

    base = keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Conv2D(4, 5, strides=4),
            keras.layers.BatchNormalization(),
        ]
    )
    base.trainable = False
    return keras.Sequential(
        [base, keras.layers.Flatten(), keras.layers.Dense(n_classes)]
    )


def preprocessing(image_shape, n_classes):
    import keras

    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.RandomFlip("horizontal"),
            keras.layers.RandomTranslation(0.05, 0.05),
            keras.layers.GaussianNoise(0.1),
            keras.layers.Conv2D(4, 5, strides=4),
            keras.layers.BatchNormalization(),
            keras.layers.SpatialDropout2D(0.2),
            keras.layers.Flatten(),
            keras.layers.Dense(n_classes),
        ]
    )


def without_input(image_shape, n_classes):
    import keras

    return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(n_classes)])


@pytest.mark.parametrize(
    "architecture", [compiled, frozen_part, preprocessing, without_input]
)
def test_unusual_models_that_fit(architecture, images):
    X, y = images
    clf = own_cnn(architecture).fit(X, y)
    assert np.isfinite(clf.predict_proba(X)).all()
    assert_keras_predicts_the_same(clf, X)
    again = own_cnn(architecture).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
    assert describe(architecture) == describe(architecture)


def test_the_frozen_part_keeps_its_weights(images):
    X, y = images
    clf = own_cnn(frozen_part, random_state=3).fit(X, y)
    kernel, bias, *_ = clf.to_keras().get_layer(index=3).layers[0].get_weights()
    other = own_cnn(frozen_part, random_state=3, epochs=1).fit(X, y)
    np.testing.assert_array_equal(
        other.to_keras().get_layer(index=3).layers[0].get_weights()[0], kernel
    )
    assert (bias == 0).all()


# -- Training ------------------------------------------------------------------------


def own_network(image_shape, n_classes, filters=8, dropout=0.1):
    """Build a network with a regularizer and Keras's batch normalisation."""
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
    clf = own_cnn(architecture, epochs=15, batch_size=16).fit(X, y)
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


def model_in_a_model(image_shape, n_classes):
    import keras

    return keras.Sequential(
        [keras.Input(image_shape), own_softmax_network(image_shape, n_classes)]
    )


def own_normalisation(image_shape, n_classes):
    """Build a network with a weight that is not float32."""
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


@pytest.mark.parametrize("architecture", [model_in_a_model, own_normalisation])
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
