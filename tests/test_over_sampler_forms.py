"""AugmentedOverSampler: containers and dtypes of its output."""

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal, assert_series_equal
from scipy.sparse import csr_array

from fmnist_sk import AugmentedOverSampler

CODES = np.repeat([0, 1, 2], [9, 5, 3])
# One pixel for each numeric dtype of NumPy and pandas.
COLUMNS = ("uint8", "int64", "bool", "float32", "Int16", "boolean", "Float64", ">i4")


def make_rows(dtype=np.uint8):
    return np.random.default_rng(0).integers(0, 2, (17, 16)).astype(dtype)


def make_frame():
    frame = pd.DataFrame(make_rows() > 0, index=np.arange(17) * 3).add_prefix("p")
    for i, name in enumerate(frame):
        dtype = COLUMNS[i % len(COLUMNS)]
        if "bool" not in dtype:
            # Too large for the narrower columns, into which a shift moves such pixels.
            frame[name] *= 300_000 if dtype in ("int64", ">i4") else 200
        frame[name] = frame[name].astype(dtype)
    return frame


def resample(X, y, **parameters):
    augmentation = {"horizontal_flip": 0.5, "shift": 0.3, "rotation": 20}
    sampler = AugmentedOverSampler(
        augmentation=augmentation, random_state=0, **parameters
    )
    return (*sampler.fit_resample(X, y), sampler.sample_indices_)


@pytest.mark.parametrize(
    "dtype", ["i8", "i4", "u4", "u8", "?", "f2", "f4", ">i2", ">i8", ">f4", ">f8", "g"]
)
@pytest.mark.parametrize("shape", [(17, 16), (17, 4, 4), (17, 4, 2, 2)])
def test_the_dtype_of_arrays(dtype, shape):
    X, y = make_rows(dtype).reshape(shape), CODES.astype(dtype)
    X_more, y_more, indices = resample(X, y)
    assert X_more.dtype == X.dtype
    assert y_more.dtype == y.dtype
    assert X_more.shape == (len(indices), *shape[1:])
    assert_array_equal(X_more[:17], X)
    assert_array_equal(y_more, y[indices])
    assert (X_more[17:] != X[indices[17:]]).any()


def test_integers_beyond_float64_are_neither_changed_nor_too_large():
    X = np.full((4, 4), 2**63 - 1)
    X[1] = 2**53 + 1
    X[2] = -(2**63)
    X_more, _, indices = resample(X, [0, 0, 0, 1])
    assert_array_equal(X_more[:4], X)
    # Copies are computed in float64, so they differ by rounding.
    assert_array_equal(X_more[4:] // 2**11, X[indices[4:]] // 2**11)


def test_integers_are_rounded():
    X = make_rows(np.int32) * 100
    expected, *_ = resample(X.astype(np.float64), CODES)
    assert_array_equal(resample(X, CODES)[0], np.rint(expected))
    assert (expected % 1).any()


def test_columns_of_mixed_dtypes():
    frame = make_frame()
    X_more, _, _ = resample(frame, CODES)
    assert X_more.dtypes.tolist() == frame.dtypes.tolist()
    # The dtypes are right. pandas 2 changes that of big-endian columns in the copy.
    assert_frame_equal(X_more[:17], frame.reset_index(drop=True), check_dtype=False)
    assert X_more.index.equals(pd.RangeIndex(27))
    assert X_more["p0"].max() == 255
    assert (X_more.iloc[17:].to_numpy(float) >= 0).all()


def test_a_frame_keeps_what_it_says_of_its_images():
    frame = make_frame()
    frame.attrs["image_shape"] = (2, 8, 1)
    X_more, _, _ = resample(frame, CODES)
    assert X_more.attrs == frame.attrs


TEXT = np.array(["a", "b", "c"])[CODES]
LABELS = {
    "boolean": CODES > 0,
    "bool": CODES > 0,
    "Int64": CODES,
    "UInt8": CODES,
    "Float64": CODES,
    "int32": CODES,
    "string": TEXT,
    "object": TEXT,
    "category": TEXT,
    pd.CategoricalDtype(["c", "b", "a", "z"], ordered=True): TEXT,
    pd.CategoricalDtype([2, 1, 0]): CODES,
}


@pytest.mark.parametrize(("dtype", "values"), LABELS.items(), ids=map(str, LABELS))
def test_the_dtype_of_series(dtype, values):
    y = pd.Series(values, dtype=dtype, name="label", index=np.arange(17) * 3)
    X_more, y_more, indices = resample(make_frame(), y)
    assert_series_equal(y_more, y.iloc[indices].reset_index(drop=True))
    assert y_more.index.equals(X_more.index)
    _, column, _ = resample(make_rows(), y.to_frame())
    assert_frame_equal(column, y_more.to_frame())
    # Nothing else depends on the dtype.
    assert_array_equal(indices, resample(make_rows(), values)[2])
    _, theirs = RandomOverSampler(random_state=0).fit_resample(make_rows(), y)
    assert y_more.dtype == theirs.dtype


@pytest.mark.parametrize("dtype", [d for d in LABELS if d not in ("bool", "int32")])
def test_missing_labels_raise(dtype):
    y = pd.Series(LABELS[dtype], dtype=dtype)
    y.iloc[3] = pd.NA
    for labels in (y, y.to_frame()):
        with pytest.raises(ValueError, match="Input y contains NaN"):
            resample(make_rows(), labels)


def test_lists_give_lists():
    X, y = make_rows(int), CODES
    X_more, y_more, indices = resample(X.tolist(), TEXT.tolist())
    expected, *_ = resample(X, y)
    assert X_more == expected.tolist()
    assert y_more == TEXT[indices].tolist()
    X_more, y_more, _ = resample(X.reshape(17, 4, 4).tolist(), y.tolist())
    assert X_more == expected.reshape(-1, 4, 4).tolist()
    assert type(y_more[0]) is int
    # Only lists are returned as lists, as in imbalanced-learn.
    assert isinstance(resample(tuple(X.tolist()), tuple(y))[0], np.ndarray)


@pytest.mark.parametrize(
    "encode",
    [np.asarray, lambda y: y.astype(bool), lambda y: y.tolist(), pd.DataFrame],
    ids=["int", "bool", "list", "frame"],
)
def test_one_vs_all_labels(encode):
    one_vs_all = np.eye(3, dtype=np.int32)[CODES]
    y = encode(one_vs_all)
    X_more, y_more, indices = resample(make_rows(), y)
    assert type(y_more) is type(y)
    assert_array_equal(y_more, one_vs_all[indices])
    assert np.asarray(y_more).dtype == np.asarray(y).dtype
    assert_array_equal(X_more, resample(make_rows(), CODES)[0])
    _, counts, _ = resample(make_rows(), y, sampling_strategy={1: 6})
    assert np.sum(counts, axis=0).tolist() == [9, 6, 3]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.ones((17, 3), int), "Multilabel and multioutput targets are not supported"),
        (np.eye(4, dtype=int)[CODES] * 2, "y should be a 1d array"),
        (np.eye(3, dtype=int)[CODES] * (CODES < 2)[:, None], "3 rows have no class"),
        (None, "requires y to be passed"),
        (np.linspace(0, 1, 17), "Unknown label type"),
    ],
)
def test_labels_of_no_single_class_raise(y, message):
    with pytest.raises(ValueError, match=message):
        resample(make_rows(), y)


def test_sparse_data_raise():
    one_vs_all = csr_array(np.eye(3, dtype=int)[CODES])
    with pytest.raises(TypeError, match="Sparse data was passed for y"):
        resample(make_rows(), one_vs_all)
    with pytest.raises(TypeError, match="Sparse data was passed for X"):
        resample(csr_array(make_rows()), CODES)


def test_a_column_of_labels_becomes_one_dimensional():
    _, y_more, indices = resample(make_rows(), CODES[:, None])
    assert_array_equal(y_more, CODES[indices])


def test_polars():
    pl = pytest.importorskip("polars")
    X = pl.DataFrame(make_rows(int) * 200, schema=[f"p{i}" for i in range(16)])
    X = X.with_columns(
        pl.col("p0").cast(pl.UInt8), pl.col("p1").cast(pl.Float32), pl.col("p2") > 0
    )
    for y in (
        pl.Series("label", TEXT),
        pl.Series("label", TEXT, dtype=pl.Categorical),
        pl.Series("label", CODES, dtype=pl.UInt8),
        pl.Series("label", CODES > 0),
    ):
        X_more, y_more, indices = resample(X, y)
        assert X_more.schema == X.schema
        assert X_more[:17].equals(X)
        assert y_more.equals(y[indices.tolist()])
        assert (y_more.dtype, y_more.name) == (y.dtype, "label")
    one_vs_all = pl.DataFrame(np.eye(3, dtype=int)[CODES])
    assert resample(X, one_vs_all)[1].sum().row(0) == (9, 9, 9)
    for missing in (pl.Series([None, *TEXT[1:]]), pl.Series([None, *CODES[1:]])):
        with pytest.raises(ValueError, match="Input y contains NaN"):
            resample(X, missing)


def test_new_values_of_categorical_pixels_become_categories():
    pixels = np.random.default_rng(0).integers(200, size=(24, 16))
    X = pd.DataFrame(pixels).astype("category")
    how = {"shift": 0.3, "brightness": 0.3}
    more, _ = AugmentedOverSampler(augmentation=how, random_state=0).fit_resample(
        X, [0] * 16 + [1] * 8
    )
    assert not more.isna().any(axis=None)
    assert {str(dtype) for dtype in more.dtypes} == {"category"}
    assert (more[:24].astype(int) == pixels).all(axis=None)
