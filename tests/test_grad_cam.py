"""HiResCAM and Grad-CAM, compared with hand-made networks and differences of logits."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from _small import quick
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from fmnist_sk import FashionCNNClassifier, load_pretrained
from fmnist_sk.architectures import Ensemble
from fmnist_sk.inspection import feature_maps, grad_cam, layer_outputs

METHODS = ["hirescam", "gradcam"]


@pytest.fixture(scope="module")
def images(sample):
    return sample.X_train[:200], sample.y_train[:200]


@pytest.fixture(scope="module")
def fitted(images):
    return quick().fit(*images)


def halves(image_shape, n_classes):
    """Return a network of one convolution with two maps."""
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
    """Return a network of known weights that reads raw pixels, and its images."""
    X = np.zeros((4, 6, 6))
    X[::2, :, :3] = X[1::2, :, 3:] = 1
    clf = FashionCNNClassifier(architecture=halves, epochs=1, random_state=0)
    clf.fit(X, [0, 1, 0, 1])
    clf._fitted = replace(
        clf._fitted,
        weights=[
            np.asarray(kernel, np.float32).reshape(1, 1, 1, 2),
            np.asarray(dense, np.float32),
            np.zeros(2, np.float32),
        ],
        normalisation=replace(
            clf._fitted.normalisation, mean=np.full(1, mean), scale=np.ones(1)
        ),
    )
    return clf, X


@pytest.mark.parametrize("method", METHODS)
def test_maps_of_a_network_worked_out_by_hand(method):
    # The methods agree, because the gradient of a mean is the same in all pixels. Maps
    # are the image and its negative. Logit 0 is the mean of the first map, so its
    # gradient is 1 / 36 everywhere, and the heat map is the image / 36.
    options = {"method": method, "normalize": False}
    clf, X = hand_made(kernel=[1, -1], dense=[[1, 0], [0, 1]])
    heat = grad_cam(clf, X, target=0, **options)
    np.testing.assert_allclose(heat, X / 36, atol=1e-7)
    # Without negative contributions and biases, the heat map adds up to the logit.
    logits = clf.decision_function(X)
    np.testing.assert_allclose(heat.sum(axis=(1, 2)), -logits / 2, rtol=1e-5)
    # Logit 1 is the mean of the negative: nothing contributes to it.
    assert not grad_cam(clf, X, target=1, **options).any()
    # What is negative in both maps together is cut off, not left over.
    clf, X = hand_made(kernel=[1, 1], dense=[[2, 0], [-1, 0]], mean=0.5)
    heat = grad_cam(clf, X, target=0, **options)
    np.testing.assert_allclose(heat, np.maximum(X - 0.5, 0) / 36, atol=1e-7)


def bent(image_shape, n_classes):
    """Return a network whose maps are the channels of the image."""
    import keras

    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Conv2D(2, 1, use_bias=False),
            keras.layers.Flatten(),
            keras.layers.Dense(8, activation="tanh"),
            keras.layers.Dense(n_classes),
        ]
    )


@pytest.fixture(scope="module")
def channels():
    """Return a classifier whose maps are the channels of its images, and images."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4, 5, 5, 2))
    clf = FashionCNNClassifier(architecture=bent, epochs=1, random_state=0)
    clf.fit(X, [0, 1, 2, 0])
    clf._fitted = replace(
        clf._fitted,
        weights=[
            np.eye(2, dtype=np.float32).reshape(1, 1, 2, 2),
            *(
                rng.normal(size=weights.shape).astype(np.float32) / 3
                for weights in clf._fitted.weights[1:]
            ),
        ],
        normalisation=replace(
            clf._fitted.normalisation, mean=np.zeros(2), scale=np.ones(2)
        ),
    )
    return clf, X


def slope(clf, X, change, code, step=1e-2):
    """Return the derivative of a logit with respect to the size of a change."""
    above, below = (
        clf.decision_function((X + sign * step * change)[None])[0, code]
        for sign in (1, -1)
    )
    return (above - below) / (2 * step)


def test_hirescam_is_the_effect_of_a_pixel_on_the_logit(channels):
    clf, X = channels
    heat = grad_cam(clf, X[:2], target=[1, 2], normalize=False)
    for image, code in enumerate([1, 2]):
        for pixel in np.ndindex(5, 5):
            change = np.zeros_like(X[image])
            change[pixel] = X[image][pixel]
            expected = max(slope(clf, X[image], change, code), 0)
            assert heat[image][pixel] == pytest.approx(expected, abs=1e-3)
    assert heat.max() > 0.1


def test_gradcam_weights_maps_by_their_effect_on_the_logit(channels):
    clf, X = channels
    heat = grad_cam(clf, X[:2], target=[1, 2], method="gradcam", normalize=False)
    for image, code in enumerate([1, 2]):
        weights = [
            slope(clf, X[image], np.eye(2)[channel] / 25, code) for channel in range(2)
        ]
        expected = np.maximum(X[image] @ weights, 0)
        np.testing.assert_allclose(heat[image], expected, atol=1e-3)
    assert heat.max() > 0.02


FEW = {"filters": (4, 4, 4)}


@pytest.mark.parametrize(
    ("architecture", "parameters"),
    [
        ("compact", FEW),
        ("vgg", FEW),
        ("resnet", FEW),
        (Ensemble(("compact", FEW), ("resnet", FEW)), {}),
    ],
)
def test_contributions_add_up_to_the_logit_behind_linear_layers(
    images, architecture, parameters
):
    X, y = images
    clf = quick(architecture=architecture, temperature=2.0, tta=None, **parameters)
    clf.fit(X, y)
    outputs = layer_outputs(clf._fitted)
    codes = clf.predict(X[:20])
    contributions = 0
    for block in outputs.graphs.last_blocks():
        ((_, maps, gradients),) = outputs.gradients(X[:20], codes, block.output)
        contributions += (maps * gradients).sum(axis=(1, 2, 3))
    # The logits of an ensemble are the mean of its members' logits.
    biases = [w for w in clf._fitted.weights if w.shape == (10,)]
    logits = clf.decision_function(X[:20])[np.arange(20), codes]
    expected = 2 * logits - np.mean(biases, axis=0)[codes]
    np.testing.assert_allclose(contributions, expected, rtol=1e-3, atol=1e-5)


def test_maps_of_the_members_of_an_ensemble_are_added(images):
    import tensorflow as tf

    X, y = images
    member = ("compact", FEW)
    clf = quick(architecture=Ensemble(member, member)).fit(X, y)
    outputs = layer_outputs(clf._fitted)
    total = 0
    for block in outputs.graphs.last_blocks():
        ((_, maps, gradients),) = outputs.gradients(X[:9], np.full(9, 3), block.output)
        total += (maps * gradients).sum(axis=3)
    expected = tf.image.resize(np.maximum(total, 0)[..., None], (28, 28))[..., 0]
    heat = grad_cam(clf, X[:9], target=3, normalize=False)
    np.testing.assert_allclose(heat, expected, atol=1e-5)
    only_one = grad_cam(clf, X[:9], target=3, normalize=False, layer=-1)
    assert not np.allclose(heat, only_one, atol=1e-3)


@pytest.mark.parametrize("name", ["fashion-mnist", "fashion-mnist-compact"])
def test_maps_of_pretrained_networks_are_not_blank(sample, name):
    heat = grad_cam(load_pretrained(name), sample.X_test[:200])
    assert (heat.max(axis=(1, 2)) == 1).mean() >= 0.99


def test_methods_agree_before_global_average_pooling(images):
    X, y = images
    clf = quick(architecture="resnet", filters=(4, 4, 4)).fit(X, y)
    maps = [grad_cam(clf, X[:20], method=method) for method in METHODS]
    np.testing.assert_allclose(*maps, atol=1e-5)


def test_the_maps_of_a_network_with_shuffled_weights_are_others(images, fitted):
    """A sanity check of explanations (Adebayo et al. 2018, arXiv:1810.03292)."""
    shuffled, rng = copy.copy(fitted), np.random.default_rng(0)
    shuffled._fitted = replace(
        fitted._fitted,
        weights=[
            rng.permutation(weights.ravel()).reshape(weights.shape)
            for weights in fitted._fitted.weights
        ],
    )
    maps = [
        grad_cam(clf, images[0], target=3, normalize=False)
        for clf in (fitted, shuffled)
    ]
    assert abs(np.corrcoef(*map(np.ravel, maps))[0, 1]) < 0.5


def test_maps_are_normalised_to_one():
    clf, X = hand_made(kernel=[1, -1], dense=[[1, 0], [0, 1]])
    heat = grad_cam(clf, X * 7, target=[0, 0, 0, 1])
    assert heat.max(axis=(1, 2)).tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize("architecture", ["standard", "resnet"])
def test_gradients_are_the_differences_of_logits(images, architecture):
    X, y = images
    clf = quick(architecture=architecture, filters=4, activation="tanh", tta=None)
    clf.fit(X, y)
    outputs = layer_outputs(clf._fitted)
    # The whole network lies behind the image, so that the logits are the estimator's.
    first = outputs.graphs.images
    codes = np.array([3, 5])
    rng = np.random.default_rng(0)
    # With noise: the maximum of equal pixels has no gradient.
    noisy = X[:2] + rng.normal(0, 30, size=(2, 784))
    ((_, pixels, gradients),) = outputs.gradients(noisy, codes, first)
    step, scale = 2e-4, clf._fitted.normalisation.scale[0]
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


def test_by_default_the_prediction_is_explained(images, fitted):
    X, _ = images
    np.testing.assert_array_equal(
        grad_cam(fitted, X[:10]),
        grad_cam(fitted, X[:10], target=fitted.predict(X[:10])),
    )


def test_any_form_of_images(images, fitted):
    X, _ = images
    heat = grad_cam(fitted, X[:3])
    for form in (X[:3].reshape(-1, 28, 28), X[:3].reshape(-1, 28, 28, 1)):
        np.testing.assert_array_equal(grad_cam(fitted, form), heat)
    # An explanation does not depend on the other images.
    np.testing.assert_array_equal(grad_cam(fitted, X[:1]), heat[:1])
    many = np.repeat(X[:3], 200, axis=0)
    np.testing.assert_array_equal(grad_cam(fitted, many)[::200], heat)


def test_strips_of_height_1(images):
    X, y = images[0][:, :60], images[1]
    clf = quick(image_shape=(1, 60), filters=4).fit(X, y)
    heat = grad_cam(clf, X[:3])
    assert heat.shape == (3, 1, 60)
    assert heat.max() == 1


def test_no_gradient_where_the_logits_do_not_depend_on_the_maps(images):
    def unused_maps(image_shape, n_classes):
        import keras

        inputs = keras.Input(image_shape)
        maps = keras.layers.Conv2D(2, 3, trainable=False)(inputs)
        nothing = keras.layers.GlobalAveragePooling2D()(keras.ops.zeros_like(maps))
        pixels = keras.layers.Flatten()(inputs)
        features = keras.layers.Concatenate()([pixels, nothing])
        return keras.Model(inputs, keras.layers.Dense(n_classes)(features))

    clf = quick(architecture=unused_maps, epochs=1).fit(*images)
    assert not grad_cam(clf, images[0][:3]).any()


def test_bad_targets(images, fitted):
    X, _ = images
    with pytest.raises(ValueError, match=r"target contains unknown labels \[11\]"):
        grad_cam(fitted, X[:2], target=11)
    with pytest.raises(ValueError, match="one for each of the 2 images"):
        grad_cam(fitted, X[:2], target=[1, 2, 3])


@pytest.mark.parametrize("explain", [grad_cam, feature_maps])
def test_bad_input(images, fitted, explain):
    X, y = images
    with pytest.raises(NotFittedError):
        explain(quick(), X[:2])
    other = LogisticRegression(tol=0.1).fit(X[:20] / 255, y[:20] > 4)
    with pytest.raises(TypeError, match="must be a fitted FashionCNNClassifier"):
        explain(other, X[:2])
    with pytest.raises(ValueError, match="X has 16 features"):
        explain(fitted, X[:2, :16])
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        explain(fitted, X[:0])
    with pytest.raises(ValueError, match="NaN"):
        explain(fitted, np.full((2, 784), np.nan))


def test_bad_methods(images, fitted):
    with pytest.raises(ValueError, match=r"one of 'hirescam', 'gradcam'\. Got 'cam'"):
        grad_cam(fitted, images[0][:2], method="cam")


@pytest.mark.parametrize("layer", [3, -4, 0.5, "last"])
def test_bad_layers(images, fitted, layer):
    with pytest.raises(
        ValueError, match="layer must be None or an integer from -3 to 2"
    ):
        grad_cam(fitted, images[0][:2], layer=layer)
