"""Checks of images, labels and weights that all estimators share."""

import mmap

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator
from sklearn.exceptions import DataConversionWarning

from fmnist_sk._images import PIXEL_DTYPES
from fmnist_sk._validation import (
    all_or_nothing,
    check_single_precision,
    encode_labels,
    total_weights,
    validate_images,
)


class Images(BaseEstimator):
    """Estimator without parameters."""

    def __init__(self, image_shape=None):
        self.image_shape = image_shape

    def learn(self, X, **kwargs):
        validate_images(self, X, reset=True, image_shape=self.image_shape, **kwargs)
        return self


def images(shape=(6, 4, 4), dtype=np.uint8):
    return np.random.default_rng(0).integers(100, size=shape).astype(dtype)


# Images


@pytest.mark.parametrize("dtype", PIXEL_DTYPES)
@pytest.mark.parametrize("shape", [(6, 16), (6, 4, 4), (6, 4, 4, 1)])
def test_images_keep_their_memory_and_dtype(dtype, shape):
    X = images(shape, dtype)
    X.flags.writeable = False
    estimator = Images()
    rows, y, seen = validate_images(estimator, X, reset=True)
    assert rows.dtype == dtype
    assert rows.shape == (6, 16)
    assert np.shares_memory(rows, X)
    assert seen == shape
    assert y == "no_validation"
    assert estimator.image_shape_ == (4, 4, 1)
    assert estimator.n_features_in_ == 16


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint32, bool, object])
def test_other_numbers_become_float64(dtype):
    rows, *_ = validate_images(Images(), images(dtype=dtype), reset=True)
    assert rows.dtype == np.float64


@pytest.mark.parametrize("dtype", [">f4", ">u2", ">f8"])
def test_other_byte_orders_keep_their_values(dtype):
    rows, *_ = validate_images(Images(), images(dtype=dtype), reset=True)
    assert_array_equal(rows, images().reshape(6, 16))


def test_a_memory_map_is_not_copied(tmp_path):
    np.save(tmp_path / "X.npy", images())
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    rows, *_ = validate_images(Images(), X, reset=True)
    assert np.shares_memory(rows, X)
    while isinstance(rows, np.ndarray):
        rows = rows.base
    assert isinstance(rows, mmap.mmap)


def with_value(value, dtype=float):
    X = images((6, 4, 4)).astype(dtype)
    X[3, 2, 1] = value
    return X


BAD_IMAGES = {
    "NaN": (with_value(np.nan), ValueError, "Input X contains NaN"),
    "infinity": (with_value(np.inf), ValueError, "Input X contains infinity"),
    "-infinity": (with_value(-np.inf), ValueError, "Input X contains infinity"),
    "float32 infinity": (
        with_value(np.inf, np.float32),
        ValueError,
        "contains infinity or a value too large for dtype..float32",
    ),
    "too large": (
        with_value(1e39),
        ValueError,
        "contains a value too large for dtype..float32",
    ),
    "too small": (with_value(-1e300), ValueError, "value too large for dtype..float32"),
    "complex": (images(dtype=complex), ValueError, "Complex data not supported"),
    "None": (with_value(None, object), ValueError, "NaN|float"),
    "text": (np.full((6, 4), "shirt"), ValueError, "could not convert|dtype"),
    "text in objects": (with_value("shirt", object), ValueError, "could not convert"),
    "sparse": (csr_array(np.eye(4)), TypeError, "[Ss]parse"),
    "ragged": ([[1, 2], [3]], ValueError, "inhomogeneous"),
    "0-D": (np.float64(3), ValueError, "Expected 2D array, got scalar array"),
    "1-D": (np.ones(4), ValueError, "Expected 2D array, got 1D array"),
    "5-D": (np.ones((2, 2, 2, 2, 2)), ValueError, "dim 5"),
    "no rows": (np.ones((0, 16)), ValueError, r"0 sample\(s\)"),
    "no images": (np.ones((0, 4, 4)), ValueError, r"0 sample\(s\)"),
    "no columns": (np.ones((6, 0)), ValueError, r"0 feature\(s\)"),
    "no pixels": (np.ones((6, 4, 0, 1)), ValueError, r"0 feature\(s\)"),
    "a Series": (pd.Series([1.0, 2.0]), ValueError, "Expected a 2-dimensional"),
}


@pytest.mark.parametrize("case", BAD_IMAGES)
@pytest.mark.parametrize("reset", [True, False], ids=["fit", "predict"])
def test_bad_images_are_refused(case, reset):
    X, error, message = BAD_IMAGES[case]
    estimator = Images().learn(images())
    with pytest.raises(error, match=message):
        validate_images(estimator, X, reset=reset)


def test_values_are_large_but_not_too_large_for_float32():
    largest = np.float64(np.finfo(np.float32).max)
    Images().learn(with_value(largest)).learn(with_value(-largest))
    # Transformers compute in float64.
    Images().learn(with_value(1e300), single_precision=False)
    check_single_precision(np.float32([largest]))
    with pytest.raises(ValueError, match="too large"):
        check_single_precision(np.float32([np.inf]))


def test_other_images_than_in_fit_are_refused():
    estimator = Images().learn(images())
    with pytest.raises(ValueError, match="X has 25 features, but Images is expecting"):
        validate_images(estimator, images((6, 5, 5)), reset=False)
    with pytest.raises(ValueError, match=r"images of shape \(2, 8\), but Images"):
        validate_images(estimator, images((6, 2, 8)), reset=False)
    with pytest.raises(ValueError, match=r"image_shape=\(2, 8, 1\), but Images was"):
        validate_images(estimator, images(), reset=False, image_shape=(2, 8))


def test_names_of_columns_are_learned_and_checked():
    frame = pd.DataFrame(images((6, 4)), columns=list("abcd"))
    estimator = Images().learn(frame)
    assert estimator.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="must be in the same order"):
        validate_images(estimator, frame[list("dcba")], reset=False)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        validate_images(estimator, frame.to_numpy(), reset=False)


def test_labels_are_checked_with_the_images():
    _, y, _ = validate_images(Images(), images(), list("abcabc"), reset=True)
    assert y.tolist() == list("abcabc")
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        validate_images(Images(), images(), [1, 2], reset=True)


# Frames that carry the shape of their images


def frame_of(shape, n_columns=768):
    frame = pd.DataFrame(images((6, n_columns)))
    frame.attrs["image_shape"] = shape
    return frame


def test_a_frame_tells_the_shape_of_its_images():
    estimator = Images()
    rows, _, shape = validate_images(estimator, frame_of((8, 32, 3)), reset=True)
    assert estimator.image_shape_ == (8, 32, 3)
    assert shape == rows.shape == (6, 768)
    for X in (images((6, 768)), images((6, 8, 32, 3)), frame_of((8, 32, 3))):
        validate_images(estimator, X, reset=False)
    with pytest.raises(ValueError, match=r"images of shape \(32, 8, 3\), but Images"):
        validate_images(estimator, frame_of((32, 8, 3)), reset=False)


def test_a_shape_given_by_the_user_comes_before_that_of_the_frame():
    frame = frame_of((8, 32, 3))
    estimator = Images(image_shape=(16, 48)).learn(frame)
    assert estimator.image_shape_ == (16, 48, 1)
    validate_images(estimator, frame, reset=False)


def test_a_shape_that_no_longer_fits_is_ignored_with_a_warning():
    frame = frame_of((8, 32, 3), n_columns=100)
    with pytest.warns(
        UserWarning, match=r"requires 768 .*, but X has 100 features\. The"
    ):
        estimator = Images().learn(frame)
    assert estimator.image_shape_ == (10, 10, 1)
    validate_images(estimator, frame, reset=False)
    assert Images(image_shape=(20, 5)).learn(frame).image_shape_ == (20, 5, 1)


# Weights


def test_weights_of_samples_and_classes_are_multiplied():
    X, codes = images((4, 4)), np.array([0, 1, 1, 0])
    given = np.array([1, 2, 3, 0], dtype=np.float32)
    weights = total_weights(given, np.array([0.5, 2.0]), codes, X)
    assert (weights / weights[0]).tolist() == [1, 8, 12, 0]
    assert weights.dtype == np.float64
    assert given.tolist() == [1, 2, 3, 0]
    equal = total_weights(None, np.ones(2), codes, X)
    assert len(set(equal.tolist())) == 1


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.array([1.0, -1, 1, 1]), "[Nn]egative"),
        (np.array([1.0, np.nan, 1, 1]), "NaN"),
        (np.array([1.0, np.inf, 1, 1]), "infinity"),
        (np.zeros(4), "at least one non-zero"),
        (np.ones(3), "sample_weight.shape"),
        (np.ones((4, 2)), "1D array or scalar"),
        (["a", "b", "c", "d"], "could not convert"),
    ],
    ids=["negative", "NaN", "infinity", "zeros", "length", "2-D", "text"],
)
def test_bad_weights_are_refused(weight, message):
    codes = np.array([0, 1, 1, 0])
    with pytest.raises(ValueError, match=message):
        total_weights(weight, np.ones(2), codes, images((4, 4)))


@pytest.mark.parametrize("factor", [2.0**1020, 2.0**-1022, 2.0**-1072])
@pytest.mark.parametrize("of_class", [2.0**1020, 1.0, 2.0**-1022])
def test_only_ratios_of_weights_count(factor, of_class):
    codes, X = np.array([0, 1, 1, 0]), images((4, 4))
    weights, class_weights = np.array([3.0, 6, 9, 12]), np.array([1.0, 2])
    expected = total_weights(weights, class_weights, codes, X)
    np.testing.assert_array_equal(expected / expected[0], [1, 4, 6, 4])
    found = total_weights(weights * factor, class_weights * of_class, codes, X)
    np.testing.assert_array_equal(found, expected)


def test_weights_that_are_all_zero_through_their_classes_are_refused():
    codes = np.array([0, 1, 1, 0])
    with pytest.raises(ValueError, match="class_weight is zero"):
        total_weights([0, 1, 1, 0], np.array([1.0, 0]), codes, images((4, 4)))


# All or nothing


class Changing:
    @all_or_nothing
    def change(self, error=None):
        """Change something."""
        self.old, self.new = 2, 3
        if error is not None:
            raise error
        return self


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit()])
def test_a_method_that_raises_changes_nothing(error):
    changing = Changing()
    changing.old = kept = [1]
    with pytest.raises(type(error)):
        changing.change(error)
    assert vars(changing) == {"old": [1]}
    assert changing.old is kept


def test_a_method_that_succeeds_is_as_it_was():
    changing = Changing()
    assert changing.change() is changing
    assert (changing.old, changing.new) == (2, 3)
    assert Changing.change.__doc__ == "Change something."


# Labels ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "classes", "expected"),
    [
        ([3, 1, 3], [1, 2, 3], [2, 0, 2]),
        (np.array([3, 1], np.uint8), np.array([1, 2, 3], np.int64), [2, 0]),
        ([1.0, 2.0], [1, 2], [0, 1]),
        (["b", "a"], ["b", "a"], [0, 1]),  # the classes need not be sorted
        (np.array(["b", None], object), np.array([None, "b"], object), [1, 0]),
        (pd.Series(["x", "y"], dtype="category"), ["y", "x"], [1, 0]),
        ([True, False], [False, True], [1, 0]),
        ([2**53 + 1], [2**53, 2**53 + 1], [1]),  # the same float64
        ([], [1, 2], []),
    ],
)
def test_labels_are_encoded_as_positions(labels, classes, expected):
    codes = encode_labels(labels, classes, name="y")
    assert codes.dtype == np.int32
    assert codes.tolist() == expected


def test_a_column_of_labels_is_accepted_with_a_warning():
    with pytest.warns(DataConversionWarning):
        codes = encode_labels([[2], [1]], [1, 2], name="y")
    assert codes.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        ([1, 5, 4, 5], r"\[4, 5\]"),
        (["1"], r"\['1'\]"),
        ([np.nan], r"\[nan\]"),
        (np.array([None, "a"], object), r"\[None, 'a'\]"),
    ],
)
def test_unknown_labels_are_named(labels, shown):
    message = rf"^y_val contains unknown labels {shown}. The classes are \[1, 2\]\.$"
    with pytest.raises(ValueError, match=message):
        encode_labels(labels, [1, 2], name="y_val")
