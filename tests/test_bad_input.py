"""Invalid input that FashionCNNClassifier rejects before training."""

import copy

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from _small import quick
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from fmnist_sk._compat import InvalidParameterError


@pytest.fixture(scope="module")
def images(sample):
    """Two hundred real images, read-only."""
    return sample.X_train[:200], sample.y_train[:200]


@pytest.fixture(scope="module")
def fitted(images):
    return quick().fit(*images)


def _with(X, value):
    X = X.astype(np.float64)
    X[3, 5] = value
    return X


BAD_DATA = {
    "NaN": (lambda X, y: (_with(X, np.nan), y), "contains NaN"),
    "infinity": (lambda X, y: (_with(X, np.inf), y), "contains infinity"),
    "too large": (
        lambda X, y: (_with(X, 1e300), y),
        "Input X contains a value too large for dtype",
    ),
    "too small": (lambda X, y: (_with(X, -1e39), y), "value too large for dtype"),
    "text": (lambda X, y: (np.full(X.shape, "a"), y), "could not convert|dtype"),
    "ragged": (
        lambda X, y: ([list(row[: 5 + i % 2]) for i, row in enumerate(X)], y),
        "inhomogeneous",
    ),
    "5-D": (lambda X, y: (X.reshape(-1, 7, 4, 7, 4), y), "dim 5"),
    "1-D": (lambda X, y: (X[0], y), "Reshape your data"),
    "lengths": (lambda X, y: (X, y[:-1]), "inconsistent numbers of samples"),
    "no rows": (lambda X, y: (X[:0], y[:0]), "0 sample"),
    "no rows, 4-D": (lambda X, y: (X[:0].reshape(0, 28, 28, 1), y[:0]), "0 sample"),
    "no columns": (lambda X, y: (X[:, :0], y), "0 feature"),
    "one class": (lambda X, y: (X, np.zeros_like(y)), "only one class"),
    "no y": (lambda X, y: (X, None), "requires y to be passed"),
    "continuous y": (lambda X, y: (X, y + 0.5), "Unknown label type"),
    "NaN in y": (lambda X, y: (X, np.where(y == 0, np.nan, y)), "NaN"),
    "two columns of y": (lambda X, y: (X, np.c_[y, y]), "1d array"),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data_is_refused_and_loses_nothing(images, fitted, case):
    spoil, message = BAD_DATA[case]
    clf = copy.deepcopy(fitted)
    before = dict(vars(clf))
    with pytest.raises(ValueError, match=message):
        clf.fit(*spoil(*images))
    assert vars(clf) == before
    np.testing.assert_array_equal(
        clf.predict_proba(images[0]), fitted.predict_proba(images[0])
    )


def test_sparse_images_are_refused(images):
    X, y = images
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        quick().fit(scipy.sparse.csr_array(X), y)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (-1.0, "[Nn]egative"),
        (np.nan, "NaN"),
        (0.0, "non-zero"),
    ],
)
def test_bad_weights_are_refused(images, weight, message):
    X, y = images
    with pytest.raises(ValueError, match=message):
        quick().fit(X, y, sample_weight=np.full(len(X), weight))
    with pytest.raises(ValueError, match="sample_weight"):
        quick().fit(X, y, sample_weight=np.ones(3))


@pytest.mark.parametrize(
    "parameters",
    [
        {"architecture": "transformer"},
        {"filters": 0},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"epochs": 0},
        {"epochs": 2.5},
        {"batch_size": "large"},
        {"optimizer": "adam2"},
        {"learning_rate": 0},
        {"lr_schedule": "linear"},
        {"activation": "step"},
        {"class_weight": "even"},
        {"precision": "float64"},
        {"validation_fraction": 1.0},
        {"tta": "rotate"},
        {"random_state": "seed"},
        {"augmentation": "wild"},
        {"augmentation": {"horizontal_flip": 2}},
        {"augmentation": {"blur": 1}},
    ],
    ids=str,
)
def test_unknown_values_of_parameters_are_refused(images, parameters):
    with pytest.raises(InvalidParameterError, match=next(iter(parameters))):
        quick(**parameters).fit(*images)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"filters": (8, 16)}, "filters"),
        ({"filters": (8, 16, "a", 2)}, "filters"),
        ({"filters": (8, 16, 0, 2)}, "filters"),
        ({"kernel_size": (3, 3, 3)}, "kernel_size"),
        ({"kernel_size": (3, 0)}, "kernel_size"),
        ({"dense_units": (8, -1)}, "dense_units"),
        ({"image_shape": (28,)}, "image_shape"),
        ({"image_shape": (28, 28.0)}, "image_shape"),
    ],
    ids=str,
)
def test_bad_tuples_are_refused(images, parameters, message):
    with pytest.raises(ValueError, match=message):
        quick(**parameters).fit(*images)


def test_prediction_checks_its_images(images, fitted):
    X, _ = images
    with pytest.raises(ValueError, match="783 features, but FashionCNNClassifier"):
        fitted.predict(X[:, 1:])
    with pytest.raises(ValueError, match="contains NaN"):
        fitted.predict(_with(X, np.nan))
    for too_large in (1e300, -1e300):
        with pytest.raises(ValueError, match="X contains a value too large for dtype"):
            fitted.predict(_with(X, too_large))
    with pytest.raises(ValueError, match="0 sample"):
        fitted.predict(X[:0])
    with pytest.raises(NotFittedError):
        quick().predict(X)


def test_permuted_columns_are_refused(images):
    X, y = images
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(784)])
    clf = quick(epochs=1).fit(frame, y)
    assert list(clf.feature_names_in_) == list(frame)
    with pytest.raises(ValueError, match="feature names should match"):
        clf.predict(frame[frame.columns[::-1]])


def test_nothing_of_the_callers_is_changed(sample):
    X = sample.X_train[:100].copy()
    y = sample.y_train[:100].copy()
    weight = np.ones(100)
    class_weight = {0: 2.0}
    spec = {"horizontal_flip": 0.5}
    before = X.copy(), y.copy()
    quick(class_weight=class_weight, augmentation=spec).fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])
    np.testing.assert_array_equal(weight, 1)
    assert class_weight == {0: 2.0}
    assert spec == {"horizontal_flip": 0.5}


def test_parameters_stay_as_given():
    filters = [8, 16, 32, 64]
    clf = quick(filters=filters)
    assert clf.get_params()["filters"] is filters
    assert clone(clf).filters == filters
