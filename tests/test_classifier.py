"""Inputs and outputs of FashionCNNClassifier."""

import copy
from itertools import product

import numpy as np
import pandas as pd
import pytest
from _small import quick
from sklearn.datasets import load_digits

from fmnist_sk import FashionCNNClassifier


@pytest.fixture(scope="module")
def images(sample):
    """Two hundred real images, read-only."""
    return sample.X_train[:200], sample.y_train[:200]


@pytest.fixture(scope="module")
def fitted(images):
    return quick().fit(*images)


# -- Inputs --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape",
    [(200, 784), (200, 28, 28), (200, 28, 28, 1)],
    ids=["rows", "3-D", "4-D"],
)
def test_any_shape_of_images_gives_the_same_model(images, fitted, shape):
    X, y = images
    clf = quick().fit(X.reshape(shape), y)
    assert clf.n_features_in_ == 784
    assert clf.image_shape_ == (28, 28, 1)
    for other in [(200, 784), (200, 28, 28), (200, 28, 28, 1)]:
        np.testing.assert_array_equal(
            clf.decision_function(X.reshape(other)), fitted.decision_function(X)
        )


@pytest.mark.parametrize(
    "convert",
    [
        np.asfortranarray,
        pd.DataFrame,
        lambda X: X.tolist(),
        lambda X: X[:, ::-1][:, ::-1],
    ],
    ids=["Fortran", "DataFrame", "lists", "strided"],
)
def test_any_container_gives_the_same_model(images, fitted, convert):
    X, y = images
    clf = quick().fit(convert(X), y)
    np.testing.assert_allclose(
        clf.predict_proba(convert(X)), fitted.predict_proba(X), atol=0.02
    )


@pytest.mark.parametrize(
    "dtype",
    ["uint8", "int8", "int64", "uint16", "bool", "float16", "float32", "object"],
)
def test_any_dtype(images, dtype):
    X, y = images
    X = (X // 2 if dtype == "int8" else X).astype(dtype)
    clf = quick(epochs=1).fit(X, y)
    assert clf.predict_proba(X).shape == (200, 10)


def test_fit_on_one_dtype_predict_on_another(images):
    X, y = images
    clf = quick().fit(X.astype(np.float32), y)
    expected = clf.predict_proba(X.astype(np.float32))
    for dtype in (np.float64, np.uint8, np.int64):
        np.testing.assert_allclose(
            clf.predict_proba(X.astype(dtype)), expected, atol=1e-4
        )


def test_scale_and_offset_of_the_pixels_do_not_matter(sample):
    X, y = sample.X_train[:1000], sample.y_train[:1000]
    X_test, y_test = sample.X_test, sample.y_test
    scores = [
        quick(epochs=4).fit(convert(X), y).score(convert(X_test), y_test)
        for convert in (
            lambda X: X,
            lambda X: X / 255,
            lambda X: (X / np.float32(255) - 0.286) / 0.353,
            lambda X: X.astype(np.float64) + 1e6,
        )
    ]
    assert min(scores) > 0.6
    assert np.ptp(scores) < 0.02


def test_colour_images(images):
    X, y = images
    grey = X.reshape(-1, 28, 28, 1)
    colour = np.concatenate([grey, 255 - grey, grey // 2], axis=3)
    clf = quick().fit(colour, y)
    assert clf.image_shape_ == (28, 28, 3)
    assert clf.n_features_in_ == 28 * 28 * 3
    rows = quick(image_shape=(28, 28, 3)).fit(colour.reshape(200, -1), y)
    np.testing.assert_array_equal(
        rows.predict_proba(colour), clf.predict_proba(colour.reshape(200, -1))
    )


@pytest.mark.parametrize(
    ("architecture", "n_columns"),
    [
        *product(["compact", "two_conv", "three_conv", "vgg", "resnet"], [2, 13]),
        *product(["standard"], [1, 2, 13, 16]),
    ],
)
def test_images_of_any_size(architecture, n_columns):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    X = rng.normal(size=(60, n_columns)) + 3 * y[:, None]
    clf = quick(architecture=architecture, filters=8, dense_units=8, epochs=12)
    clf.set_params(learning_rate=3e-3, lr_schedule="constant", dropout=0.0)
    assert clf.fit(X, y).score(X, y) > 0.8


def test_oblong_images_need_their_shape(images):
    X, y = images
    clf = quick(image_shape=(14, 56)).fit(X, y)
    assert clf.image_shape_ == (14, 56, 1)
    with pytest.raises(ValueError, match="image_shape="):
        quick(image_shape=(14, 55)).fit(X, y)
    with pytest.raises(ValueError, match="expecting images of shape"):
        clf.predict(X.reshape(-1, 28, 28))


# -- Labels --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["boot", "sandal", "shirt"]),
        np.array(["boot", "sandal", "shirt"], dtype=object),
        np.array([-7, 0, 12]),
        np.array([0.0, 1.0, 2.0]),
        np.array([False, True]),
        np.array([3, 200], dtype=np.uint8),
    ],
    ids=["str", "object", "negative", "float", "bool", "uint8"],
)
def test_labels_come_back_as_given(images, labels):
    X, y = images
    y = labels[y % len(labels)]
    clf = quick().fit(X, y)
    assert clf.classes_.dtype == labels.dtype
    np.testing.assert_array_equal(clf.classes_, labels)
    predicted = clf.predict(X[:5])
    assert predicted.dtype == labels.dtype
    assert set(predicted) <= set(labels)
    assert clf.predict_proba(X[:1]).shape == (1, len(labels))
    logits = clf.decision_function(X[:1])
    assert logits.shape == ((1,) if len(labels) == 2 else (1, 3))


def test_pandas_labels(images):
    X, y = images
    names = pd.Series(y, index=range(500, 700)).map(str).astype("category")
    clf = quick().fit(X, names)
    assert set(clf.classes_) == set("0123456789")
    assert clf.predict(X[:1])[0] in "0123456789"


# -- Outputs -------------------------------------------------------------------------


def test_learns_real_images(sample):
    clf = FashionCNNClassifier(random_state=0).fit(sample.X_train, sample.y_train)
    assert clf.score(sample.X_test, sample.y_test) > 0.86


def test_learns_two_hundred_images_with_defaults(images, sample):
    clf = FashionCNNClassifier(random_state=0).fit(*images)
    assert clf.score(sample.X_test, sample.y_test) > 0.7


def test_learns_digits_with_defaults():
    X, y = load_digits(return_X_y=True)
    clf = FashionCNNClassifier(random_state=0).fit(X[::2], y[::2])
    assert clf.score(X[1::2], y[1::2]) > 0.975


def test_probabilities_agree_with_logits(images, fitted):
    X, _ = images
    probabilities, logits = fitted.predict_proba(X), fitted.decision_function(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(np.log(probabilities), fitted.predict_log_proba(X))
    centred = logits - logits.mean(axis=1, keepdims=True)
    log_odds = np.log(probabilities)
    log_odds -= log_odds.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(centred, log_odds, atol=1e-9)
    np.testing.assert_array_equal(
        fitted.predict(X), fitted.classes_[probabilities.argmax(axis=1)]
    )


def test_an_image_is_predicted_alike_in_any_company(images, fitted):
    X, _ = images
    logits = fitted.decision_function(X)
    for size in (1, 2, 3, 7, 64):
        parts = [fitted.decision_function(X[i : i + size]) for i in range(0, 130, size)]
        together = np.concatenate(parts)
        np.testing.assert_array_equal(together, logits[: len(together)])


def test_more_images_than_one_call_takes(sample, fitted):
    X = sample.X_train[:1300]
    whole = fitted.predict_proba(X)
    np.testing.assert_array_equal(whole[1100:], fitted.predict_proba(X[1100:]))


def is_unsure(probabilities):
    *_, second, first = np.sort(probabilities, axis=1).T
    return first < 20 * second


@pytest.mark.parametrize("tta", ["flip", "shift", "flip_shift"])
def test_views_are_averaged_where_the_network_is_unsure(sample, fitted, tta):
    X = sample.X_train[:700].reshape(-1, 28, 28)
    clf = copy.deepcopy(fitted).set_params(tta=tta)
    views = [X]
    if "shift" in tta:
        padded = np.pad(X, ((0, 0), (1, 1), (1, 1)), mode="edge")
        views += [padded[:, :-2, :-2], padded[:, 2:, 2:]]
    if "flip" in tta:
        views += [view[:, :, ::-1] for view in views]
    logits = np.array([fitted.decision_function(view) for view in views])
    unsure = is_unsure(fitted.predict_proba(X))
    assert 0 < unsure.mean() < 1
    expected = np.where(unsure[:, None], logits.mean(axis=0), logits[0])
    found = clf.decision_function(X)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    # The prediction of an image does not depend on the images beside it.
    for size in 1, 3:
        parts = [clf.decision_function(X[i : i + size]) for i in range(0, 30, size)]
        np.testing.assert_array_equal(np.concatenate(parts), found[:30])


@pytest.mark.parametrize("tta", ["flip", "shift", "flip_shift"])
def test_keras_model_averages_the_same_views(images, fitted, tta, tmp_path):
    import keras

    X = images[0]
    clf = copy.deepcopy(fitted).set_params(tta=tta)
    unsure = is_unsure(fitted.predict_proba(X))
    assert 0 < unsure.mean() < 1
    clf.to_keras().save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    probabilities = model.predict(X.reshape(-1, 28, 28, 1), verbose=0)
    np.testing.assert_allclose(probabilities, clf.predict_proba(X), atol=1e-5)


def test_attributes(fitted):
    assert fitted.n_iter_ == fitted.best_epoch_ == 2
    assert set(fitted.history_) == {"loss", "accuracy", "learning_rate"}
    assert all(type(v) is float for values in fitted.history_.values() for v in values)
    assert type(fitted.history_) is dict
    assert fitted.history_["loss"][1] < fitted.history_["loss"][0]
    assert fitted.n_parameters_ == sum(w.size for w in fitted._fitted.weights)
