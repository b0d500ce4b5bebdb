"""Occlusion sensitivity of classifiers with a known result."""

import numpy as np
import pandas as pd
import pytest
from _small import quick
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from fmnist_sk.inspection import grad_cam, occlusion_sensitivity


@pytest.fixture(scope="module")
def images(sample):
    return sample.X_train[:200], sample.y_train[:200]


@pytest.fixture(scope="module")
def fitted(images):
    return quick().fit(*images)


def test_occlusion_finds_what_the_class_rests_on():
    """The class depends on one half of the image: covering the other changes little."""
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
        """Classifier whose probability of class 1 is the mean of the pixels."""

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
    assert seen[1].max() <= 0.1  # the mean, rounded for integers
    if dtype != np.float32:
        with pytest.raises(
            ValueError, match=r"fill_value=0\.5 cannot be stored in images of dtype"
        ):
            occlusion_sensitivity(clf, X, fill_value=0.5)


def test_data_frames_stay_data_frames(images):
    X, y = images
    frame = pd.DataFrame(X).add_prefix("pixel")
    clf = quick().fit(frame, y)
    by_array = quick().fit(X, y)
    rows = frame[:2].set_axis(["a", "b"])
    for explain in (grad_cam, occlusion_sensitivity):
        np.testing.assert_array_equal(explain(clf, rows), explain(by_array, X[:2]))


def test_frames_of_polars_stay_frames_of_polars(images):
    polars = pytest.importorskip("polars")
    X, y = images
    names = [f"pixel{i}" for i in range(X.shape[1])]
    frame = polars.DataFrame(X, schema=names)
    # Without the names of its columns, scikit-learn would warn.
    np.testing.assert_allclose(
        occlusion_sensitivity(quick().fit(frame, y), frame[:2], stride=4),
        occlusion_sensitivity(quick().fit(X, y), X[:2], stride=4),
        atol=1e-6,
    )


def test_nothing_is_changed(images, fitted):
    X, _ = images
    before = X.copy(), [w.copy() for w in fitted._fitted.weights]
    grad_cam(fitted, X[:3])
    occlusion_sensitivity(fitted, X[:3], stride=4)
    np.testing.assert_array_equal(X, before[0])
    for a, b in zip(fitted._fitted.weights, before[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_by_default_the_prediction_is_explained(images, fitted):
    X, _ = images
    np.testing.assert_allclose(
        occlusion_sensitivity(fitted, X[:3], stride=4),
        occlusion_sensitivity(fitted, X[:3], stride=4, target=fitted.predict(X[:3])),
    )


def test_any_form_of_images(images, fitted):
    X, _ = images
    expected = occlusion_sensitivity(fitted, X[:3], stride=4)
    assert expected.shape == (3, 28, 28)
    for form in (X[:3].reshape(-1, 28, 28), X[:3].reshape(-1, 28, 28, 1)):
        found = occlusion_sensitivity(fitted, form, stride=4)
        np.testing.assert_array_equal(found, expected)


def test_bad_input(images, fitted):
    X, _ = images
    with pytest.raises(NotFittedError):
        occlusion_sensitivity(quick(), X[:2])
    for sizes in ({"patch_size": 0}, {"patch_size": (2, 40)}, {"stride": "a"}):
        with pytest.raises(ValueError, match="must be one or two integers"):
            occlusion_sensitivity(fitted, X[:2], **sizes)
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        occlusion_sensitivity(fitted, X[:0])
    with pytest.raises(ValueError, match=r"target contains unknown labels \[11\]"):
        occlusion_sensitivity(fitted, X[:2], target=11)
    with pytest.raises(ValueError, match="one for each of the 2 images"):
        occlusion_sensitivity(fitted, X[:2], target=[1, 2, 3])
