"""ImageEncoder: features of a trained network."""

import numpy as np
import pytest
from _small import quick, small_cnn
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from fmnist_sk import ImageEncoder, ImageNormalizer, load_model, save_model


@pytest.fixture(scope="module")
def images(sample):
    """Three hundred real images, read-only."""
    return sample.X_train[:300], sample.y_train[:300]


@pytest.fixture(scope="module")
def fitted(images):
    """Two networks: one has a dense layer, and one ends in feature maps."""
    return {
        "standard": quick(architecture="standard").fit(*images),
        "compact": quick().fit(*images),
        "resnet": quick(architecture="resnet", filters=(8, 8, 16)).fit(*images),
    }


@pytest.mark.parametrize("architecture", ["standard", "compact", "resnet"])
def test_the_last_layer_makes_the_logits_of_the_features(fitted, images, architecture):
    clf = fitted[architecture].set_params(tta=None)
    encoder = ImageEncoder(FrozenEstimator(clf), pooling=None).fit(images[0])
    features = encoder.transform(images[0])
    assert features.dtype == np.float32
    assert encoder.get_feature_names_out().shape == features.shape[1:]
    kernel, bias = clf._fitted.weights[-2:]
    np.testing.assert_allclose(
        features @ kernel + bias, clf.decision_function(images[0]), rtol=1e-3, atol=1e-4
    )


def test_maps_are_pooled(fitted, images):
    X = images[0][:20]
    every, average, largest = (
        ImageEncoder(FrozenEstimator(fitted["compact"]), pooling=pooling)
        .fit(X)
        .transform(X)
        for pooling in (None, "avg", "max")
    )
    maps = every.reshape(20, -1, average.shape[1])
    np.testing.assert_allclose(average, maps.mean(axis=1), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(largest, maps.max(axis=1))


def test_a_frozen_network_is_used_as_it_is_and_another_is_fitted(fitted, images):
    X, y = images
    frozen = FrozenEstimator(fitted["compact"])
    encoder = ImageEncoder(frozen).fit(X)
    assert encoder.estimator_.estimator is fitted["compact"]
    trained = ImageEncoder(quick()).fit(X, y)
    np.testing.assert_array_equal(trained.transform(X), encoder.transform(X))
    with pytest.raises(ValueError, match="requires y to be passed"):
        ImageEncoder(quick()).fit(X)


def test_pipelines_and_searches_as_the_estimator(images):
    X, y = images
    pipeline = make_pipeline(ImageNormalizer(), quick())
    search = GridSearchCV(pipeline, {"fashioncnnclassifier__epochs": [1, 2]}, cv=2)
    for estimator in pipeline, search:
        assert ImageEncoder(estimator).fit(X, y).transform(X[:3]).shape == (3, 48)


def test_pretrained_features_serve_other_classifiers(sample):
    encoder = ImageEncoder("fashion-mnist-compact")
    pipeline = make_pipeline(encoder, LogisticRegression(max_iter=2000))
    # Test images, because the network was trained on the training images.
    scores = cross_val_score(pipeline, sample.X_test, sample.y_test, cv=3)
    assert scores.mean() > 0.9
    assert clone(encoder).get_params() == {
        "estimator": "fashion-mnist-compact",
        "pooling": "avg",
    }


def test_rows_are_the_images_that_the_network_knows(images):
    X, y = images
    colour = np.stack([X.reshape(-1, 28, 28)] * 3, axis=3)
    rows = colour.reshape(len(X), -1)
    encoder = ImageEncoder(quick(image_shape=(28, 28, 3))).fit(rows, y)
    assert encoder.image_shape_ == (28, 28, 3)
    np.testing.assert_array_equal(encoder.transform(colour), encoder.transform(rows))


def test_in_a_frame_and_after_saving(fitted, images, tmp_path):
    X, _ = images
    encoder = ImageEncoder(FrozenEstimator(fitted["compact"])).fit(X)
    encoder.set_output(transform="pandas")
    frame = encoder.transform(X[:5])
    assert list(frame.columns[:2]) == ["imageencoder0", "imageencoder1"]
    save_model(encoder, tmp_path / "encoder.skops")
    loaded = load_model(tmp_path / "encoder.skops")
    np.testing.assert_array_equal(loaded.transform(X[:5]), frame)


def test_memory_maps_and_read_only_images(fitted, images, tmp_path):
    X, _ = images
    encoder = ImageEncoder(FrozenEstimator(fitted["standard"])).fit(X)
    expected = encoder.transform(X)
    for dtype in np.uint8, np.float32:
        np.save(tmp_path / "X.npy", X.astype(dtype))
        mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
        np.testing.assert_array_equal(encoder.transform(mapped), expected)
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        encoder.transform(X[:0])


def test_what_cannot_be_encoded(fitted, images):
    X, y = images
    digits = load_digits()
    encoder = ImageEncoder(FrozenEstimator(fitted["compact"]))
    with pytest.raises(NotFittedError):
        encoder.transform(X)
    with pytest.raises(ValueError, match="784 features"):
        encoder.fit(digits.data)
    assert not hasattr(encoder, "estimator_")
    with pytest.raises(TypeError, match="LogisticRegression"):
        ImageEncoder(LogisticRegression(tol=0.1)).fit(digits.data, digits.target)
    with pytest.raises(NotFittedError):
        ImageEncoder(FrozenEstimator(small_cnn())).fit(X, y)
    for wrong in "mnist", None, 3:
        with pytest.raises(ValueError, match="'estimator' parameter"):
            ImageEncoder(wrong).fit(X)
