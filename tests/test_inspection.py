"""Explanations, against networks whose answer is known and against differences."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from _small import quick
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from fmnist_sk import FashionCNNClassifier, ImageNormalizer, ImageReshaper
from fmnist_sk.architectures import ARCHITECTURES
from fmnist_sk.inspection import (
    feature_maps,
    first_layer_filters,
    grad_cam,
    occlusion_sensitivity,
)


@pytest.fixture(scope="module")
def images(sample):
    return sample.X_train[:200], sample.y_train[:200]


@pytest.fixture(scope="module")
def fitted(images):
    return quick().fit(*images)


def halves(image_shape, n_classes):
    """Two maps: brightness on the left, and on the right. Class 0 is left, 1 right."""
    import keras

    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Conv2D(2, 1, use_bias=False),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(n_classes),
        ]
    )


def hand_made(kernel, dense, mean=0.0):
    """A network of known weights, which looks at raw pixels."""
    X = np.zeros((4, 6, 6))
    X[::2, :, :3] = X[1::2, :, 3:] = 1
    clf = FashionCNNClassifier(architecture=halves, epochs=1, random_state=0)
    clf.fit(X, [0, 1, 0, 1])
    clf._weights = [
        np.asarray(kernel, np.float32).reshape(1, 1, 1, 2),
        np.asarray(dense, np.float32),
        np.zeros(2, np.float32),
    ]
    clf._normalisation = type(clf._normalisation)(np.full(1, mean), np.ones(1))
    return clf, X


def test_grad_cam_of_a_network_worked_out_by_hand():
    # Maps are the image and its negative. Logit 0 is the mean of the first map, so its
    # gradient is 1 / 36 everywhere, and the heat map is the image / 36.
    clf, X = hand_made(kernel=[1, -1], dense=[[1, 0], [0, 1]])
    heat = grad_cam(clf, X, target=0, normalize=False)
    np.testing.assert_allclose(heat, X / 36, atol=1e-7)
    # Logit 1 is the mean of the negative: nothing speaks for it.
    assert not grad_cam(clf, X, target=1).any()
    # What is negative in both maps together is cut off, not left over.
    clf, X = hand_made(kernel=[1, 1], dense=[[2, 0], [-1, 0]], mean=0.5)
    heat = grad_cam(clf, X, target=0, normalize=False)
    np.testing.assert_allclose(heat, np.maximum(X - 0.5, 0) / 36, atol=1e-7)


def test_grad_cam_is_normalised_to_one():
    clf, X = hand_made(kernel=[1, -1], dense=[[1, 0], [0, 1]])
    heat = grad_cam(clf, X * 7, target=[0, 0, 0, 1])
    assert heat.max(axis=(1, 2)).tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize("architecture", ["standard", "resnet"])
def test_gradients_are_the_differences_of_logits(images, architecture):
    from fmnist_sk.inspection import layer_outputs

    X, y = images
    clf = quick(architecture=architecture, filters=4, activation="tanh", tta=None)
    clf.fit(X, y)
    outputs = layer_outputs(clf)
    # The whole network lies behind the image, so that the logits are the estimator's.
    first = outputs.graphs.images
    codes = np.array([3, 5])
    rng = np.random.default_rng(0)
    # With noise: the maximum of equal pixels has no gradient.
    noisy = X[:2] + rng.normal(0, 30, size=(2, 784))
    ((_, pixels, gradients),) = outputs.gradients(noisy, codes, first)
    step, scale = 2e-4, clf._normalisation.scale[0]
    for image in range(2):
        direction = rng.normal(size=pixels[image].shape)
        moved = [
            noisy[image : image + 1] + sign * step * scale * direction.reshape(1, -1)
            for sign in (1, -1)
        ]
        above, below = (clf.decision_function(m)[0, codes[image]] for m in moved)
        expected = (gradients[image] * direction).sum()
        assert (above - below) / (2 * step) == pytest.approx(
            expected, rel=0.05, abs=0.02
        )


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
    convolutions = [w for w in clf._weights if w.ndim == 4]
    assert sorted(m.shape[-1] for m in maps) == sorted(
        w.shape[-1] for w in convolutions
    )
    assert all(m.shape[0] == 3 and m.ndim == 4 for m in maps)
    np.testing.assert_array_equal(
        first_layer_filters(clf), np.moveaxis(convolutions[0], 3, 0)
    )
    with pytest.raises(ValueError, match="layer must be an integer"):
        grad_cam(clf, X[:3], layer=len(maps))


def test_first_filters_are_the_weights(fitted):
    np.testing.assert_array_equal(
        first_layer_filters(fitted), np.moveaxis(fitted._weights[0], 3, 0)
    )


def test_maps_are_what_the_next_layers_see(images, fitted):
    X, _ = images
    last = feature_maps(fitted, X[:5])[-1]
    kernel, bias = fitted._weights[-2:]
    logits = last.reshape(5, -1) @ kernel + bias
    np.testing.assert_allclose(logits, fitted.decision_function(X[:5]), atol=1e-4)


def test_maps_of_a_residual_unit(images):
    """A convolution's map is normalised and activated, a unit's ends with the sum."""
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
    pixels = (X[:2].reshape(2, 28, 28, 1) - clf._normalisation.mean) / (
        clf._normalisation.scale
    )
    of_activations = [
        keras.Model(network.inputs[0], layer.output).predict(pixels, verbose=0)
        for layer in activations
    ]
    # All maps but the two shortcuts' are activated.
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


def test_two_threads(images, fitted):
    X, _ = images
    alone = grad_cam(fitted, X[:20])
    with ThreadPoolExecutor(2) as pool:
        for heat in pool.map(lambda _: grad_cam(fitted, X[:20]), range(4)):
            np.testing.assert_array_equal(heat, alone)


def test_an_unfinished_search(images):
    X, y = images
    search = GridSearchCV(quick(epochs=1), {"filters": [2]}, cv=2, refit=False)
    search.fit(X, y)
    with pytest.raises(ValueError, match="set refit=True"):
        grad_cam(search, X[:2])


def test_a_pipeline_with_a_sampler(images):
    from imblearn.pipeline import make_pipeline as make_sampling_pipeline
    from imblearn.under_sampling import RandomUnderSampler

    X, y = images
    pipeline = make_sampling_pipeline(
        RandomUnderSampler(random_state=0), ImageReshaper(), "passthrough", quick()
    )
    assert grad_cam(pipeline.fit(X, y), X[:2]).shape == (2, 28, 28)


def test_by_default_the_prediction_is_explained(images, fitted):
    X, _ = images
    predicted = fitted.predict(X[:10])
    np.testing.assert_array_equal(
        grad_cam(fitted, X[:10]), grad_cam(fitted, X[:10], target=predicted)
    )
    np.testing.assert_allclose(
        occlusion_sensitivity(fitted, X[:3], stride=4),
        occlusion_sensitivity(fitted, X[:3], stride=4, target=predicted[:3]),
    )


def test_pipelines_and_searches(images):
    X, y = images
    names = np.array(["zero", "one", *"abcdefgh"])[y]
    search = GridSearchCV(
        make_pipeline(ImageReshaper(), ImageNormalizer(), quick()),
        {"fashioncnnclassifier__filters": [4]},
        cv=2,
    ).fit(X, names)
    network, changed = search.best_estimator_[-1], search.best_estimator_[:-1]
    np.testing.assert_array_equal(
        grad_cam(search, X[:4], target="one"),
        grad_cam(network, changed.transform(X[:4]), target="one"),
    )
    assert occlusion_sensitivity(search, X[:2], stride=4).shape == (2, 28, 28)
    assert len(feature_maps(search, X[:2])) == 3
    assert first_layer_filters(search).shape == (4, 3, 3, 1)


def test_any_form_of_images(images, fitted):
    X, _ = images
    heat = grad_cam(fitted, X[:3])
    for form in (X[:3].reshape(-1, 28, 28), X[:3].reshape(-1, 28, 28, 1)):
        np.testing.assert_array_equal(grad_cam(fitted, form), heat)
        assert occlusion_sensitivity(fitted, form, stride=4).shape == (3, 28, 28)
    assert grad_cam(fitted, X[:1]).shape == (1, 28, 28)
    # More than are computed at once.
    many = np.repeat(X[:3], 100, axis=0)
    np.testing.assert_allclose(grad_cam(fitted, many)[::100], heat, atol=1e-5)


def test_occlusion_finds_what_the_class_rests_on():
    """Left or right half: covering the other half changes little."""
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 0.1, size=(200, 6, 8))
    y = np.arange(200) % 2
    X[y == 0, 1:5, 1:3] += 1
    X[y == 1, 1:5, 5:7] += 1
    clf = LogisticRegression().fit(X.reshape(200, -1), y)
    heat = occlusion_sensitivity(
        clf, X[:2].reshape(2, -1), patch_size=2, stride=1, fill_value=0,
        image_shape=(6, 8),
    )  # fmt: skip
    assert heat.shape == (2, 6, 8)
    assert heat[0, 2:4, 1:3].mean() > 5 * np.abs(heat[0, :, 4:]).mean()
    assert heat[1, 2:4, 5:7].mean() > 5 * np.abs(heat[1, :, :4]).mean()


def test_occlusion_worked_out_by_hand():
    class Mean(LogisticRegression):
        """The probability of class 1 is the mean of the pixels."""

        def predict_proba(self, X):
            p = np.asarray(X).reshape(len(X), -1).mean(axis=1)
            return np.column_stack([1 - p, p])

    X = np.zeros((1, 4, 4))
    X[0, 0, 0] = 1.0
    clf = Mean().fit(np.eye(16)[:2], [0, 1])
    heat = occlusion_sensitivity(clf, X, patch_size=2, stride=2, fill_value=0, target=1)
    expected = np.zeros((4, 4))
    expected[:2, :2] = 1 / 16
    np.testing.assert_allclose(heat[0], expected)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32])
def test_what_covers_is_a_pixel_of_the_images(dtype):
    seen = []

    class Watcher(LogisticRegression):
        def predict_proba(self, X):
            seen.append(np.array(X))
            return super().predict_proba(np.asarray(X))

    X = np.zeros((4, 16), dtype)
    X[:2, :3] = 1
    clf = Watcher().fit(X, [0, 0, 1, 1])
    occlusion_sensitivity(clf, X, patch_size=4)
    assert seen[1].dtype == dtype
    assert seen[1].max() <= 0.1  # the mean, rounded where it has to be
    if dtype != np.float32:
        with pytest.raises(ValueError, match=r"fill_value=0\.5 is no pixel"):
            occlusion_sensitivity(clf, X, fill_value=0.5)


def test_data_frames_stay_data_frames(images):
    X, y = images
    frame = pd.DataFrame(X).add_prefix("pixel")
    clf = quick().fit(frame, y)
    by_array = quick().fit(X, y)
    rows = frame[:2].set_axis(["a", "b"])
    for explain in (grad_cam, occlusion_sensitivity):
        np.testing.assert_array_equal(explain(clf, rows), explain(by_array, X[:2]))


def test_nothing_is_changed(images, fitted):
    X, _ = images
    before = X.copy(), [w.copy() for w in fitted._weights]
    grad_cam(fitted, X[:3])
    occlusion_sensitivity(fitted, X[:3], stride=4)
    np.testing.assert_array_equal(X, before[0])
    for a, b in zip(fitted._weights, before[1], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("explain", [grad_cam, occlusion_sensitivity])
def test_bad_targets(images, fitted, explain):
    X, _ = images
    with pytest.raises(ValueError, match=r"target contains unknown labels \[11\]"):
        explain(fitted, X[:2], target=11)
    with pytest.raises(ValueError, match="one for each of the 2 images"):
        explain(fitted, X[:2], target=[1, 2, 3])


def test_bad_input(images, fitted):
    X, y = images
    with pytest.raises(NotFittedError):
        grad_cam(quick(), X[:2])
    with pytest.raises(NotFittedError):
        occlusion_sensitivity(quick(), X[:2])
    other = LogisticRegression(tol=0.1).fit(X[:20] / 255, y[:20] > 4)
    for explain in (grad_cam, feature_maps):
        with pytest.raises(TypeError, match="must be a fitted FashionCNNClassifier"):
            explain(other, X[:2])
    with pytest.raises(ValueError, match="X has 16 features"):
        grad_cam(fitted, X[:2, :16])
    for sizes in ({"patch_size": 0}, {"patch_size": (2, 40)}, {"stride": "a"}):
        with pytest.raises(ValueError, match="must be one or two integers"):
            occlusion_sensitivity(fitted, X[:2], **sizes)
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        occlusion_sensitivity(fitted, X[:0])


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
        grad_cam(clf, X[:2])
