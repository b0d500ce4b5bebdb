"""The network inside pipelines, searches and other wrappers, and its input."""

import numpy as np
import pandas as pd
import pytest
from _small import quick
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import StackingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from fmnist_sk import ImageNormalizer, ImageReshaper
from fmnist_sk._pipelines import (
    final_estimator,
    final_estimator_and_input,
    image_stack,
    images_of,
)
from fmnist_sk.inspection import feature_maps, first_layer_filters, grad_cam


@pytest.fixture(scope="module")
def images(sample):
    return sample.X_train[:120], sample.y_train[:120] % 2


@pytest.fixture(scope="module")
def fitted(images):
    return quick(epochs=1).fit(*images)


def halve(X):
    return X / 2


def add_one(X):
    return X + 1


def test_pipelines_of_pipelines(images):
    X, y = images
    inner = make_pipeline(FunctionTransformer(halve), quick(epochs=1))
    outer = make_pipeline(FunctionTransformer(add_one), "passthrough", inner)
    X = X.astype(float)
    final, seen = final_estimator_and_input(outer.fit(X, y), X)
    assert final is outer[-1][-1]
    np.testing.assert_array_equal(seen, (X + 1) / 2)
    np.testing.assert_array_equal(grad_cam(outer, X[:3]), grad_cam(final, seen[:3]))


def test_searches(images):
    X, y = images
    pipeline = make_pipeline(ImageReshaper(), ImageNormalizer(), quick(epochs=1))
    grid = {"fashioncnnclassifier__filters": [4]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, y)
    network, before = search.best_estimator_[-1], search.best_estimator_[:-1]
    final, seen = final_estimator_and_input(make_pipeline("passthrough", search), X)
    assert final is network
    np.testing.assert_array_equal(seen, before.transform(X))
    np.testing.assert_array_equal(
        grad_cam(search, X[:4], target=1),
        grad_cam(network, before.transform(X[:4]), target=1),
    )
    assert len(feature_maps(search, X[:2])) == 3
    assert first_layer_filters(search).shape == (4, 3, 3, 1)
    search = clone(search).set_params(refit=False).fit(X, y)
    for find in final_estimator, lambda estimator: grad_cam(estimator, X[:2]):
        with pytest.raises(ValueError, match="Set refit=True"):
            find(search)


def test_samplers_change_nothing(images):
    pipelines = pytest.importorskip("imblearn.pipeline")
    from imblearn.under_sampling import RandomUnderSampler

    X, y = images
    pipeline = pipelines.make_pipeline(
        RandomUnderSampler(random_state=0), ImageReshaper(), "passthrough", quick()
    ).fit(X, y)
    final, seen = final_estimator_and_input(pipeline, X)
    assert final is pipeline[-1]
    assert len(seen) == len(X)
    assert grad_cam(pipeline, X[:2]).shape == (2, 28, 28)


def test_frozen_estimators(images, fitted):
    X, _ = images
    frozen = FrozenEstimator(make_pipeline("passthrough", FrozenEstimator(fitted)))
    assert final_estimator(frozen) is fitted
    np.testing.assert_array_equal(grad_cam(frozen, X[:3]), grad_cam(fitted, X[:3]))


def test_columns_beside_the_pixels(images):
    X, y = images
    frame = pd.DataFrame(X).add_prefix("pixel").assign(price=1.0)
    pixels = make_column_transformer(("passthrough", list(frame.columns[:-1])))
    pipeline = make_pipeline(pixels, quick(epochs=1)).fit(frame, y)
    assert images_of(pipeline, frame).shape == (120, 28, 28, 1)
    np.testing.assert_array_equal(images_of(pipeline, frame), X.reshape(-1, 28, 28, 1))
    assert grad_cam(pipeline, frame[:2]).shape == (2, 28, 28)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda clf: CalibratedClassifierCV(FrozenEstimator(clf)),
        lambda clf: StackingClassifier(
            [("cnn", FrozenEstimator(clf))], DummyClassifier(), cv="prefit"
        ),
        lambda clf: FixedThresholdClassifier(FrozenEstimator(clf)),
        lambda clf: DummyClassifier(),
        lambda clf: make_pipeline(StandardScaler(), DummyClassifier()),
        lambda clf: StandardScaler(),
    ],
)
def test_wrappers_without_one_network(images, fitted, wrap):
    X, y = images
    wrapper = wrap(fitted).fit(X, y)
    for look in (lambda e: grad_cam(e, X[:2]), first_layer_filters):
        with pytest.raises(TypeError, match="must be a fitted FashionCNNClassifier"):
            look(wrapper)


def test_pipelines_that_predict_nothing(images):
    X, y = images
    pipeline = make_pipeline(ImageReshaper(), "passthrough").fit(X, y)
    with pytest.raises(TypeError, match="last step of the Pipeline must be an estim"):
        final_estimator(pipeline)
    with pytest.raises(TypeError, match="must be a fitted FashionCNNClassifier"):
        grad_cam(make_pipeline(ImageReshaper()).fit(X, y), X[:2])


def test_what_is_not_fitted(images, fitted):
    X, _ = images
    for estimator in (
        quick(),
        make_pipeline(ImageReshaper(), quick()),
        GridSearchCV(quick(), {"filters": [2]}),
        FrozenEstimator(quick()),
    ):
        with pytest.raises(NotFittedError):
            final_estimator(estimator)
        with pytest.raises(NotFittedError):
            grad_cam(estimator, X[:2])
    with pytest.raises(TypeError, match="not an estimator"):
        final_estimator(X)


def test_stacks_of_images():
    rows = np.arange(24, dtype=np.uint8).reshape(2, 12)
    assert image_stack(rows).shape == (2, 1, 12, 1)
    assert image_stack(rows, (2, 2, 3)).shape == (2, 2, 2, 3)
    assert image_stack(rows.reshape(2, 3, 4)).shape == (2, 3, 4, 1)
    assert np.shares_memory(image_stack(rows), rows)
    assert image_stack(rows[:0]).shape == (0, 1, 12, 1)
    with pytest.raises(ValueError, match="requires 9 features"):
        image_stack(rows, (3, 3))
    with pytest.raises(ValueError, match="X must contain images"):
        image_stack(rows[0])


def test_frames_that_carry_the_shape_of_their_images():
    frame = pd.DataFrame(np.zeros((2, 12), np.uint8))
    frame.attrs["image_shape"] = (2, 2, 3)
    assert image_stack(frame).shape == (2, 2, 2, 3)
    assert image_stack(frame, (3, 4)).shape == (2, 3, 4, 1)
    # Of other columns.
    assert image_stack(frame.iloc[:, :9]).shape == (2, 3, 3, 1)
