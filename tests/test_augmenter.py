"""ImageAugmenter: parameters, random states, dtypes, pipelines."""

import numpy as np
import pandas as pd
import pytest
from _augmented import make_images
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from fmnist_sk import ImageAugmenter, ImageReshaper, load_fashion_mnist_sample
from fmnist_sk._images import PIXEL_DTYPES
from fmnist_sk.augmentation._operation import all_settings

# scikit-learn's validation converts these dtypes to float64.
OTHER_DTYPES = ("int64", "int32", "uint32", "uint64", "bool", ">i2", ">f4", ">i8", "g")


@pytest.mark.parametrize("shape", [(9, 36), (9, 13), (9, 6, 6), (9, 6, 4, 3)])
@pytest.mark.parametrize("dtype", [*PIXEL_DTYPES, *OTHER_DTYPES])
def test_only_fit_transform_augments(shape, dtype):
    X = make_images(shape, dtype)
    augmenter = ImageAugmenter(random_state=0)
    augmented = augmenter.fit_transform(X)
    assert augmented.shape == shape
    assert augmented.dtype == dtype
    assert (augmented != X).any()
    same = augmenter.transform(X)
    assert same.dtype == X.dtype
    assert_array_equal(same, X)
    assert np.shares_memory(same, X)
    assert_array_equal(clone(augmenter).fit(X).transform(X), X)


def test_the_labels_do_not_matter():
    X, augmenter = make_images(), ImageAugmenter(random_state=0)
    assert_array_equal(
        augmenter.fit_transform(X, np.arange(7)), augmenter.fit_transform(X)
    )


def test_random_state_is_scikit_learns():
    X = make_images()

    def augmented(random_state):
        return ImageAugmenter(random_state=random_state).fit_transform(X)

    assert_array_equal(augmented(3), augmented(3))
    assert_array_equal(augmented(3), augmented(np.random.RandomState(3)))
    assert (augmented(3) != augmented(4)).any()
    assert (augmented(None) != augmented(None)).any()
    state = np.random.RandomState(3)
    assert (augmented(state) != augmented(state)).any()


def test_the_augmenter_does_what_its_parameters_say():
    X = make_images((50, 8, 8))
    nothing = {"horizontal_flip": 0, "rotation": 0, "zoom": 0, "shift": 0}
    assert_array_equal(ImageAugmenter(**nothing).fit_transform(X), X)
    flips = ImageAugmenter(**{**nothing, "horizontal_flip": 1})
    assert_array_equal(flips.fit_transform(X), X[:, :, ::-1])
    for name in nothing:
        alone = ImageAugmenter(**{**nothing, name: 0.5})
        assert (alone.fit_transform(X) != X).any()


def test_rows_of_colour_images_need_the_image_shape():
    X = make_images((5, 4, 6, 3))
    rows = X.reshape(5, -1)
    in_colour = ImageAugmenter(image_shape=(4, 6, 3), random_state=0)
    expected = ImageAugmenter(random_state=0).fit_transform(X).reshape(5, -1)
    assert_array_equal(in_colour.fit_transform(rows), expected)


def test_set_output_wraps_augmented_images():
    X = pd.DataFrame(make_images((5, 9)), index=list("vwxyz")).add_prefix("pixel")
    augmenter = ImageAugmenter(random_state=0)
    expected = augmenter.fit_transform(X)
    frame = augmenter.set_output(transform="pandas").fit_transform(X)
    assert isinstance(expected, np.ndarray)
    assert_array_equal(frame, expected)
    assert_array_equal(frame.index, X.index)
    assert_array_equal(frame.columns, X.columns)
    assert_array_equal(frame.dtypes, X.dtypes)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint32", ">i8"])
def test_integers_are_rounded(dtype):
    X = make_images((9, 36), dtype)
    exact = ImageAugmenter(random_state=0).fit_transform(X.astype(np.float64))
    assert (exact % 1).any()
    rounded = ImageAugmenter(random_state=0).fit_transform(X)
    assert_array_equal(rounded, np.rint(exact))


def mixed_frame():
    """Return a DataFrame of ten images with columns of several dtypes."""
    dtypes = ("uint8", "int64", "bool", "float32", "Int16", "boolean", "Float32", ">i4")
    frame = pd.DataFrame(make_images((10, 16)) > 50, index=list("abcdefghij"))
    frame = frame.add_prefix("p")
    for i, name in enumerate(frame):
        frame[name] = frame[name].astype(dtypes[i % len(dtypes)])
    frame["p1"] *= 300  # more than the maximum of the uint8 columns
    return frame


def test_columns_of_mixed_dtypes_keep_them():
    X = mixed_frame()
    augmenter = ImageAugmenter(random_state=0).set_output(transform="pandas")
    augmented = augmenter.fit_transform(X)
    assert augmented.dtypes.tolist() == X.dtypes.tolist()
    assert list(augmented.columns) == list(X.columns)
    assert augmented.index.equals(X.index)
    assert not augmented.equals(X)
    same = augmenter.transform(X)
    assert_frame_equal(same, X)
    assert same is not X
    # An array has one dtype, chosen by pandas.
    plain = ImageAugmenter(random_state=0)
    # pandas 2 cannot select a list of columns beside big-endian ones.
    some = pd.concat([X[name] for name in ("p0", "p1", "p7", "p8")], axis=1)
    assert plain.fit_transform(some).dtype == some.to_numpy().dtype
    assert_array_equal(plain.transform(some), some)


def test_frames_keep_the_shape_of_their_images():
    X = mixed_frame()
    X.attrs["image_shape"] = (2, 8, 1)
    augmenter = ImageAugmenter(random_state=0).set_output(transform="pandas")
    assert augmenter.fit_transform(X).attrs == X.attrs
    assert augmenter.transform(X).attrs == X.attrs
    assert augmenter.image_shape_ == (2, 8, 1)
    # The parameter takes precedence, and later steps must not read the other shape.
    augmenter.set_params(image_shape=(4, 4))
    assert augmenter.fit_transform(X).attrs == {}
    assert augmenter.transform(X).attrs == {}
    assert X.attrs == {"image_shape": (2, 8, 1)}


def test_polars_columns_keep_their_dtypes():
    pl = pytest.importorskip("polars")
    X = pl.DataFrame(make_images((10, 16)), schema=[f"p{i}" for i in range(16)])
    X = X.with_columns(pl.col("p0").cast(pl.Int64), pl.col("p1").cast(pl.Float32))
    augmenter = ImageAugmenter(random_state=0).set_output(transform="polars")
    augmented = augmenter.fit_transform(X)
    assert augmented.schema == X.schema
    assert not augmented.equals(X)
    assert augmenter.transform(X).equals(X)


def test_parameters_are_the_settings_of_the_operations():
    documented = " ".join(ImageAugmenter.__doc__.split())
    parameters = ImageAugmenter().get_params()
    shared = {name: s for name, s in all_settings().items() if name in parameters}
    assert len(shared) == 9
    for name, setting in shared.items():
        text = f"{name} : float, default={parameters[name]} {setting.description}"
        assert text in documented
        assert ImageAugmenter._parameter_constraints[name] == [setting.values]
        if setting.is_detail:
            assert parameters[name] == setting.default


@pytest.mark.parametrize(
    "parameter",
    [
        {"horizontal_flip": -0.1},
        {"horizontal_flip": True},
        {"rotation": 200},
        {"zoom": 1},
        {"shift": "a pixel"},
        {"random_state": "seed"},
    ],
)
@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_invalid_parameters_raise(parameter, method):
    name = next(iter(parameter))
    with pytest.raises(ValueError, match=f"'{name}'"):
        getattr(ImageAugmenter(**parameter), method)(make_images())


SEEN = []


class Witness(ClassifierMixin, BaseEstimator):
    """Classifier that records its training data."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        SEEN.append(("train", X))
        return self

    def predict(self, X):
        SEEN.append(("test", X))
        return np.full(len(X), self.classes_[0])


def test_cross_validation_augments_training_images_only():
    X, y = make_images((12, 6, 6)), np.arange(12) % 2
    SEEN.clear()
    pipeline = make_pipeline(ImageAugmenter(random_state=0), Witness())
    cross_val_score(pipeline, X, y, cv=KFold(3))
    assert [role for role, _ in SEEN] == ["train", "test"] * 3
    for fold, (train, test) in enumerate(KFold(3).split(X)):
        (_, trained_on), (_, tested_on) = SEEN[2 * fold : 2 * fold + 2]
        assert (trained_on != X[train]).any(axis=(1, 2)).mean() > 0.5
        assert_array_equal(tested_on, X[test])


def test_augmentation_of_real_images_can_be_searched():
    X, y = load_fashion_mnist_sample(return_X_y=True)
    pipeline = make_pipeline(
        ImageAugmenter(random_state=0), ImageReshaper("flat"), KNeighborsClassifier(1)
    )
    grid = {"imageaugmenter__rotation": [0, 10], "imageaugmenter__shift": [0.04, 0.4]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X[:400], y[:400])
    # Augmented clothes still look like clothes, unless half of each is cut off.
    assert search.best_score_ > 0.6
    assert search.best_params_["imageaugmenter__shift"] == 0.04
