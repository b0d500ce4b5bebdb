import copy
import pickle
import tracemalloc

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils._set_output import ADAPTERS_MANAGER

from fmnist_sk import (
    ImageAugmenter,
    ImageNormalizer,
    ImageReshaper,
    load_fashion_mnist_sample,
)
from fmnist_sk._images import PIXEL_DTYPES
from fmnist_sk.preprocessing import _normalizer

TRANSFORMERS = [
    ImageReshaper(),
    ImageReshaper(image_shape="flat"),
    ImageNormalizer(),
    ImageNormalizer(method="standardize", per="pixel"),
    ImageAugmenter(random_state=0),
]

all_transformers = pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)


def make_images(shape=(7, 5, 5, 1), dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, 100, shape).astype(dtype)


def rows_of(images):
    return np.reshape(images, (len(images), -1))


# All transformers -------------------------------------------------------------


@all_transformers
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_rows_and_images_give_the_same_values(transformer, dtype):
    images = make_images(dtype=dtype)
    expected = rows_of(clone(transformer).fit_transform(images))
    for X in (rows_of(images), images[..., 0], pd.DataFrame(rows_of(images))):
        fitted = clone(transformer)
        assert_array_equal(rows_of(fitted.fit_transform(X)), expected)
        assert fitted.image_shape_ == (5, 5, 1)
        assert fitted.n_features_in_ == 25


@all_transformers
def test_nested_lists_are_images_of_float64(transformer):
    images = make_images(dtype=np.float64)
    expected = clone(transformer).fit_transform(images)
    assert_array_equal(clone(transformer).fit_transform(images.tolist()), expected)


@all_transformers
@pytest.mark.parametrize("layout", ["read-only", "memory-mapped", "fortran", "strided"])
def test_any_memory_layout_is_read_and_left_alone(transformer, layout, tmp_path):
    images = make_images()
    expected = clone(transformer).fit_transform(images)
    if layout == "read-only":
        X = images.copy()
        X.flags.writeable = False
    elif layout == "memory-mapped":
        np.save(tmp_path / "images.npy", images)
        X = np.load(tmp_path / "images.npy", mmap_mode="r")
    elif layout == "fortran":
        X = np.asfortranarray(images)
    else:
        X = np.repeat(images, 2, axis=2)[:, :, ::2]
    assert_array_equal(clone(transformer).fit_transform(X), expected)
    assert_array_equal(X, images)


@all_transformers
@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.zeros((0, 5, 5)), ValueError, r"Found array with 0 sample\(s\)"),
        (np.zeros((3, 0, 5)), ValueError, r"Found array with 0 feature\(s\)"),
        (np.full((3, 4), np.nan), ValueError, "Input X contains NaN"),
        (np.full((3, 2, 2), np.inf), ValueError, "Input X contains infinity"),
        (csr_array(np.eye(4)), TypeError, "Sparse data was passed"),
        ([["shirt", "bag"]], ValueError, "could not convert string to float"),
        ([[1, 2], [3]], ValueError, "inhomogeneous"),
        (np.zeros(4), ValueError, "Expected 2D array, got 1D array"),
        (np.zeros((2, 2, 2, 2, 2)), ValueError, "dim 5"),
    ],
    ids=lambda value: None if isinstance(value, (type, str)) else "",
)
def test_what_is_no_images_raises_as_in_scikit_learn(transformer, X, error, message):
    with pytest.raises(error, match=message):
        clone(transformer).fit(X)


@all_transformers
def test_other_images_than_in_fit_raise(transformer):
    images = make_images((7, 4, 4))
    fitted = clone(transformer).fit(images)
    with pytest.raises(ValueError, match=r"X has 25 features, but .* expecting 16"):
        fitted.transform(make_images((7, 5, 5)))
    with pytest.raises(ValueError, match=r"images of shape \(2, 8\), but Image"):
        fitted.transform(make_images((7, 2, 8)))
    of_rows = fitted.transform(make_images((7, 16)))
    assert_array_equal(rows_of(of_rows), rows_of(fitted.transform(images)))


@pytest.mark.parametrize("transformer", TRANSFORMERS[:4], ids=repr)
def test_inverse_transform_rejects_other_images(transformer):
    fitted = clone(transformer).fit(make_images((7, 4, 4)))
    with pytest.raises(ValueError, match=r"X has 25 features, but .* expecting 16"):
        fitted.inverse_transform(make_images((7, 5, 5)))
    with pytest.raises(ValueError, match=r"images of shape \(2, 8\), but Image"):
        fitted.inverse_transform(make_images((7, 2, 8)))


@all_transformers
def test_permuted_columns_raise(transformer):
    X = pd.DataFrame(make_images((7, 4)), columns=list("abcd"))
    fitted = clone(transformer).fit(X)
    with pytest.raises(ValueError, match="Feature names must be in the same order"):
        fitted.transform(X[list("badc")])


@all_transformers
def test_one_image_is_enough(transformer):
    assert len(clone(transformer).fit_transform(make_images((1, 5, 5)))) == 1


@all_transformers
def test_set_output_gives_rows_with_names_and_index(transformer):
    X = pd.DataFrame(
        make_images((3, 4)), columns=list("abcd"), index=["shirt", "bag", "coat"]
    )
    as_array = clone(transformer).fit(X).transform(X)
    as_frame = clone(transformer).set_output(transform="pandas").fit(X).transform(X)
    assert isinstance(as_array, np.ndarray)
    assert_array_equal(as_frame.columns, list("abcd"))
    assert_array_equal(as_frame.index, X.index)
    assert_array_equal(as_frame, rows_of(as_array))


@all_transformers
def test_set_output_takes_stacks_of_images(transformer):
    images = make_images((3, 2, 2, 1))
    frame = clone(transformer).set_output(transform="pandas").fit(images)
    assert_array_equal(frame.get_feature_names_out(), ["x0", "x1", "x2", "x3"])
    assert_array_equal(frame.transform(images).columns, ["x0", "x1", "x2", "x3"])


def colour(n_images=6):
    return make_images((n_images, 4, 6, 3))


@all_transformers
def test_a_frame_carries_the_shape_of_a_stack(transformer):
    images = colour()
    frame = clone(transformer).set_output(transform="pandas").fit_transform(images)
    array = clone(transformer).fit_transform(images)
    assert_array_equal(frame, rows_of(array))
    if transformer.get_params().get("image_shape") == "flat":
        assert frame.attrs == {}  # rows were requested
        return
    assert frame.attrs == {"image_shape": (4, 6, 3)}
    assert frame.iloc[::2].attrs == frame.attrs
    # The next transformer reads the shape and returns a stack.
    again = clone(transformer).fit(frame)
    assert again.image_shape_ == (4, 6, 3)
    assert again.transform(frame).shape == images.shape


@all_transformers
def test_a_frame_of_rows_carries_no_shape(transformer):
    X = pd.DataFrame(rows_of(colour()), index=list("abcdef"))
    frame = clone(transformer).set_output(transform="pandas").fit_transform(X)
    assert frame.attrs == {}
    assert list(frame.index) == list("abcdef")


def test_a_reshaper_turns_a_frame_of_rows_into_images():
    X = pd.DataFrame(rows_of(colour()), index=list("abcdef"))
    reshaper = ImageReshaper(image_shape=(4, 6, 3)).set_output(transform="pandas")
    frame = reshaper.fit_transform(X)
    assert frame.attrs == {"image_shape": (4, 6, 3)}
    assert list(frame.index) == list("abcdef")
    assert_array_equal(ImageReshaper().fit_transform(frame), colour())
    assert_array_equal(reshaper.inverse_transform(frame), X)
    flat = ImageReshaper(image_shape="flat").set_output(transform="pandas")
    assert flat.fit_transform(frame).attrs == {}


@pytest.mark.parametrize("cls", [ImageReshaper, ImageNormalizer, ImageAugmenter])
def test_image_shape_comes_before_that_of_a_frame(cls):
    frame = pd.DataFrame(rows_of(colour()))
    frame.attrs["image_shape"] = (4, 6, 3)
    transformer = cls(image_shape=(6, 12)).fit(frame)
    assert transformer.image_shape_ == (6, 12, 1)
    assert len(transformer.transform(frame)) == 6


class FrameWithoutAttributes:
    """DataFrame with the methods of polars that scikit-learn's set_output uses."""

    container_lib = "plain frames"

    def create_container(self, X_output, X_original, columns, inplace=True):
        return pd.DataFrame(X_output).to_dict("list")

    def is_supported_container(self, X):
        return isinstance(X, dict)

    def rename_columns(self, X, columns):
        return X


@pytest.fixture
def plain_frames(monkeypatch):
    monkeypatch.setitem(
        ADAPTERS_MANAGER.adapters, "plain frames", FrameWithoutAttributes()
    )


@all_transformers
@pytest.mark.usefixtures("plain_frames")
def test_a_frame_that_loses_the_shape_is_made_with_a_warning(transformer):
    transformer = clone(transformer).set_output(transform="plain frames")
    # Square grey images and rows lose nothing.
    assert len(transformer.fit_transform(make_images((3, 5, 5)))) == 25
    assert len(transformer.fit_transform(rows_of(colour()))) == 72
    if transformer.get_params().get("image_shape") == "flat":
        assert len(transformer.fit_transform(colour())) == 72
        return
    message = r'shape of the images, \(4, 6, 3\)\. .* Set image_shape on .* "pandas"'
    with pytest.warns(UserWarning, match=message):
        transformer.fit_transform(colour())
    with pytest.warns(UserWarning, match=message):
        transformer.transform(colour())


@all_transformers
@pytest.mark.parametrize("way", ["pickle", "deepcopy", "joblib"])
def test_a_fitted_transformer_can_be_stored(transformer, way, tmp_path):
    images = make_images()
    fitted = clone(transformer).fit(images)
    if way == "pickle":
        again = pickle.loads(pickle.dumps(fitted))
    elif way == "deepcopy":
        again = copy.deepcopy(fitted)
    else:
        joblib.dump(fitted, tmp_path / "transformer.joblib")
        again = joblib.load(tmp_path / "transformer.joblib", mmap_mode="r")
    assert_array_equal(again.transform(images), fitted.transform(images))


@pytest.mark.parametrize("cls", [ImageReshaper, ImageNormalizer])
def test_classes_are_stored_by_their_public_path(cls):
    assert cls.__module__ == "fmnist_sk.preprocessing"
    assert b"fmnist_sk.preprocessing\x94" in pickle.dumps(cls())


class Convertible:
    """Object that NumPy can convert, without shape or length."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype=dtype)


def tensor(array):
    import tensorflow as tf

    return tf.constant(array)


@all_transformers
@pytest.mark.parametrize("shape", [(6, 25), (6, 5, 5), (6, 4, 6, 3)], ids=str)
@pytest.mark.parametrize("convert", [Convertible, tensor])
def test_objects_that_numpy_converts_are_images(transformer, convert, shape):
    X = make_images(shape)
    expected = clone(transformer).fit_transform(X)
    result = clone(transformer).fit_transform(convert(X))
    assert_array_equal(result, expected)
    assert result.dtype == expected.dtype
    fitted = clone(transformer).fit(X)
    assert_array_equal(fitted.transform(convert(X)), fitted.transform(X))
    if hasattr(fitted, "inverse_transform"):
        assert_array_equal(
            fitted.inverse_transform(convert(X)), fitted.inverse_transform(X)
        )


@pytest.mark.parametrize("cls", [ImageReshaper, ImageNormalizer, ImageAugmenter])
@pytest.mark.parametrize(
    ("image_shape", "message"),
    [
        ((3, 9), "requires 27 features, but X has 25 features"),
        ((25,), "positive integers"),
        ((5.0, 5), "positive integers"),
        ((-5, -5), "positive integers"),
        ("square", "The 'image_shape' parameter"),
        (25, "The 'image_shape' parameter"),
    ],
)
def test_an_impossible_image_shape_raises(cls, image_shape, message):
    with pytest.raises(ValueError, match=message):
        cls(image_shape=image_shape).fit(make_images((7, 25)))


@pytest.mark.parametrize("cls", [ImageReshaper, ImageNormalizer, ImageAugmenter])
def test_a_stack_that_contradicts_image_shape_raises(cls):
    with pytest.raises(ValueError, match=r"shape \(2, 8\), but .* shape \(4, 4, 1\)"):
        cls(image_shape=(4, 4)).fit(make_images((7, 2, 8)))


# ImageReshaper ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("image_shape", "given", "result"),
    [
        (None, (2, 784), (2, 28, 28, 1)),
        (None, (2, 1), (2, 1, 1, 1)),
        (None, (2, 13), (2, 13)),
        pytest.param(
            *(None, (2, 3072), (2, 3072)),
            marks=pytest.mark.filterwarnings("ignore:X has 3072 features:UserWarning"),
        ),
        (None, (2, 6, 4), (2, 6, 4, 1)),
        (None, (2, 1, 13), (2, 1, 13, 1)),
        (None, (2, 6, 4, 3), (2, 6, 4, 3)),
        ((1, 13), (2, 13), (2, 1, 13, 1)),
        ((14, 56), (2, 784), (2, 14, 56, 1)),
        ([32, 32, 3], (2, 3072), (2, 32, 32, 3)),
        ((28, 28), (2, 28, 28), (2, 28, 28, 1)),
        ("flat", (2, 784), (2, 784)),
        ("flat", (2, 6, 4), (2, 24)),
        ("flat", (2, 6, 4, 3), (2, 72)),
    ],
)
def test_reshaper_shapes(image_shape, given, result):
    X = make_images(given)
    reshaper = ImageReshaper(image_shape=image_shape).fit(X)
    images = reshaper.transform(X)
    assert images.shape == result
    assert_array_equal(images.ravel(), X.ravel())
    assert_array_equal(reshaper.inverse_transform(images), rows_of(X))


def test_rows_that_form_no_square_count_as_a_strip():
    assert ImageReshaper().fit(make_images((2, 13))).image_shape_ == (1, 13, 1)


@pytest.mark.parametrize("dtype", PIXEL_DTYPES)
def test_reshaper_gives_a_view_of_unchanged_dtype(dtype):
    X = make_images((3, 784), dtype)
    reshaper = ImageReshaper()
    images = reshaper.fit_transform(X)
    assert images.dtype == dtype
    assert np.shares_memory(images, X)
    assert np.shares_memory(reshaper.inverse_transform(images), X)


def test_reshaper_joins_steps_that_want_rows():
    X, y = load_fashion_mnist_sample(return_X_y=True)
    images = X[:300].reshape(-1, 28, 28)
    pipeline = make_pipeline(
        ImageReshaper(image_shape="flat"),
        PCA(20, random_state=0),
        KNeighborsClassifier(),
    )
    assert pipeline.fit(images, y[:300]).score(images, y[:300]) > 0.8


# ImageNormalizer --------------------------------------------------------------


@pytest.mark.parametrize("per", ["global", "channel", "pixel"])
def test_uint8_is_divided_by_255_whatever_it_holds(per):
    X = make_images((7, 4, 4, 3)) // 10
    normalizer = ImageNormalizer(per=per).fit(X)
    assert_array_equal(normalizer.transform(X), X / np.float32(255))
    assert_array_equal(normalizer.center_, 0)
    assert_array_equal(normalizer.scale_, 255)


def as_columns(images, per):
    """Return the values with one column for each scale."""
    return images.reshape(
        -1, {"global": 1, "channel": images.shape[-1], "pixel": images[0].size}[per]
    )


@pytest.mark.parametrize("per", ["global", "channel", "pixel"])
@pytest.mark.parametrize(
    ("method", "dtype", "reference"),
    [
        ("standardize", np.uint8, StandardScaler()),
        ("standardize", np.float32, StandardScaler()),
        ("standardize", np.float64, StandardScaler()),
        ("rescale", np.int16, MinMaxScaler()),
        ("rescale", np.float32, MinMaxScaler()),
        ("rescale", np.float64, MinMaxScaler()),
    ],
)
def test_values_are_those_of_scikit_learn(method, per, dtype, reference):
    X = make_images((20, 4, 6, 3), dtype) * np.arange(1, 4, dtype=dtype)
    normalizer = ImageNormalizer(method=method, per=per)
    result = normalizer.fit_transform(X)
    expected = reference.fit_transform(as_columns(X.astype(np.float64), per))
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    assert_allclose(as_columns(result, per), expected, atol=tolerance)
    assert result.shape == X.shape
    assert result.dtype == (np.float64 if dtype == np.float64 else np.float32)
    n_groups = {"global": (), "channel": (3,), "pixel": (72,)}[per]
    assert np.shape(normalizer.center_) == np.shape(normalizer.scale_) == n_groups


@pytest.mark.parametrize("method", ["rescale", "standardize"])
def test_channels_of_rows_need_the_image_shape(method):
    X = make_images((20, 4, 6, 3), np.float32) * np.float32([1, 5, 9])
    of_images = ImageNormalizer(method, "channel").fit(X)
    of_rows = ImageNormalizer(method, "channel", image_shape=(4, 6, 3)).fit(rows_of(X))
    grey = ImageNormalizer(method, "channel").fit(rows_of(X))
    assert_array_equal(of_rows.scale_, of_images.scale_)
    assert grey.scale_.shape == (1,)


@pytest.mark.parametrize("method", ["rescale", "standardize"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("constant", [0, 0.1, 7])
def test_constant_pixels_become_zero(method, dtype, constant):
    X = np.random.default_rng(0).normal(size=(50, 9)).astype(dtype)
    X[:, 4] = constant
    normalizer = ImageNormalizer(method=method, per="pixel")
    result = normalizer.fit_transform(X)
    assert np.isfinite(result).all()
    assert normalizer.scale_[4] == 1
    assert_allclose(result[:, 4], 0, atol=1e-7)


@pytest.mark.parametrize("per", ["global", "channel", "pixel"])
@pytest.mark.parametrize("method", ["rescale", "standardize"])
@pytest.mark.parametrize("dtype", PIXEL_DTYPES)
def test_inverse_transform_gives_the_scale_back(method, per, dtype):
    X = make_images((9, 3, 4, 2), dtype)
    normalizer = ImageNormalizer(method=method, per=per).fit(X)
    normalized = normalizer.transform(X)
    original = normalizer.inverse_transform(normalized)
    assert original.shape == X.shape
    assert original.dtype == normalized.dtype
    assert_allclose(original, X, atol=1e-4)
    assert_allclose(
        normalizer.inverse_transform(rows_of(normalized)), rows_of(X), atol=1e-4
    )


@pytest.mark.parametrize("dtype", [np.int64, bool])
def test_other_numbers_become_float64(dtype):
    assert ImageNormalizer().fit_transform(make_images(dtype=dtype)).dtype == np.float64


def test_transform_applies_what_fit_learnt_and_learns_nothing():
    train, test = make_images(dtype=float), make_images(dtype=float, seed=1) * 10
    normalizer = ImageNormalizer(method="standardize").fit(train)
    before = copy.deepcopy(vars(normalizer))
    result = normalizer.transform(test)
    assert_allclose(result, (test - train.mean()) / train.std())
    assert vars(normalizer) == before


def test_a_normalizer_fitted_on_uint8_divides_floats_by_255_too():
    normalizer = ImageNormalizer().fit(make_images())
    assert normalizer.transform(np.full((1, 25), 0.51)).max() == pytest.approx(0.002)


def test_statistics_do_not_depend_on_the_chunks(monkeypatch):
    X = make_images((40, 25), np.float32)
    whole = ImageNormalizer("standardize", "pixel").fit(X)
    monkeypatch.setattr(_normalizer, "_CHUNK_VALUES", 60)
    parts = ImageNormalizer("standardize", "pixel").fit(X)
    assert_allclose(parts.center_, whole.center_, rtol=1e-14)
    assert_allclose(parts.scale_, whole.scale_, rtol=1e-14)


def test_memory_mapped_images_are_not_copied_whole(tmp_path):
    images = np.lib.format.open_memmap(
        tmp_path / "images.npy", mode="w+", dtype=np.uint8, shape=(30_000, 28, 28)
    )
    images[::2] = 8
    tracemalloc.start()
    normalizer = ImageNormalizer("standardize").fit(images)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (normalizer.center_, normalizer.scale_) == (4, 4)
    assert peak < images.nbytes / 2


def test_standardized_real_images_have_mean_zero_and_variance_one():
    X, _ = load_fashion_mnist_sample(return_X_y=True)
    result = ImageNormalizer("standardize").fit_transform(X)
    assert result.mean(dtype=float) == pytest.approx(0, abs=1e-4)
    assert result.std(dtype=float) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("parameter", [{"method": "minmax"}, {"per": "row"}])
def test_unknown_values_of_parameters_raise(parameter):
    with pytest.raises(ValueError, match=f"The '{next(iter(parameter))}' parameter of"):
        ImageNormalizer(**parameter).fit(make_images())
