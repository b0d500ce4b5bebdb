"""DataFrames of pandas and polars: the same results as with arrays of the same dtype.

`test_over_sampler_forms.py` and `test_augmenter.py` test the frames that are returned.
"""

import functools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from _small import quick
from numpy.testing import assert_array_equal
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline

from fmnist_sk import (
    CLASS_NAMES,
    AugmentedOverSampler,
    ImageAugmenter,
    ImageEncoder,
    ImageNormalizer,
    ImageReshaper,
    load_pretrained,
)
from fmnist_sk._images import PIXEL_DTYPES, pixel_dtypes
from fmnist_sk.inspection import feature_maps, grad_cam, occlusion_sensitivity
from fmnist_sk.plotting import (
    GradCAMDisplay,
    ImageGridDisplay,
    MisclassifiedImagesDisplay,
    PredictionDisplay,
)

NAMES = [f"pixel{i}" for i in range(784)]


class Pandas:
    """Frames of pandas, with dtypes of NumPy."""

    def dtype(self, dtype):
        """Return the dtype of a column."""
        return dtype

    def frame(self, X):
        """Return rows as a DataFrame."""
        return pd.DataFrame(X, columns=NAMES).astype(self.dtype(X.dtype))

    def series(self, y):
        """Return labels or weights as a Series."""
        return pd.Series(y, name="label").astype(self.dtype(y.dtype))


class Nullable(Pandas):
    """Frames of pandas, with its own dtypes."""

    def dtype(self, dtype):
        """Return the dtype of a column."""
        if dtype.kind == "U":
            return "string"
        return dtype.name.replace("u", "U").replace("i", "I").replace("f", "F")


class Arrow(Pandas):
    """Frames of pandas, with the dtypes of Arrow."""

    def __init__(self):
        self.library = pytest.importorskip("pyarrow")

    def dtype(self, dtype):
        """Return the dtype of a column."""
        return pd.ArrowDtype(self.library.from_numpy_dtype(dtype))


class Polars:
    """Frames of polars."""

    def __init__(self):
        self.library = pytest.importorskip("polars")

    def frame(self, X):
        """Return rows as a DataFrame."""
        return self.library.DataFrame(X, schema=NAMES)

    def series(self, y):
        """Return labels or weights as a Series."""
        return self.library.Series("label", y)


@pytest.fixture(params=[Pandas, Nullable, Arrow, Polars], scope="module")
def kind(request):
    return request.param()


@pytest.fixture(scope="module")
def arrays(sample):
    """Images, labels as text, and weights of one hundred samples."""
    names = np.array(CLASS_NAMES)[sample.y_train[:100]]
    return sample.X_train[:100], names, np.linspace(0.5, 1.5, 100)


def fit(X, y, **kwargs):
    return quick(epochs=1).fit(X, y, **kwargs)


def partial_fit(X, y, w):
    clf = quick().partial_fit(X, y, classes=sorted(CLASS_NAMES), sample_weight=w)
    return clf.partial_fit(X, y).predict_proba(X)


def search(X, y, w):
    grid = GridSearchCV(quick(epochs=1), {"temperature": [1.0, 2.0]}, cv=2)
    return grid.fit(X, y, sample_weight=w).cv_results_["mean_test_score"]


PIPELINE = make_pipeline(ImageReshaper(), ImageNormalizer(), quick(epochs=1))
# Functions of images, labels and weights whose result is an array.
USES = {
    "predict": lambda X, y, w: fit(X, y).predict(X),
    "predict_proba": lambda X, y, w: fit(X, y).predict_proba(X),
    "score": lambda X, y, w: fit(X, y).score(X, y, sample_weight=w),
    "sample_weight": lambda X, y, w: fit(X, y, sample_weight=w).predict_proba(X),
    "held-out images": lambda X, y, w: fit(
        X, y, X_val=X, y_val=y, sample_weight_val=w
    ).history_["val_loss"],
    "balanced": lambda X, y, w: (
        quick(epochs=1, class_weight="balanced").fit(X, y).predict_proba(X)
    ),
    "early stopping": lambda X, y, w: (
        quick(early_stopping=True).fit(X, y).predict_proba(X)
    ),
    "warm start": lambda X, y, w: (
        quick(warm_start=True, epochs=1).fit(X, y).fit(X, y).predict_proba(X)
    ),
    "partial_fit": partial_fit,
    "pretrained": lambda X, y, w: load_pretrained().predict_proba(X),
    "reshaper": lambda X, y, w: ImageReshaper().fit_transform(X),
    "reshaper, back": lambda X, y, w: ImageReshaper().fit(X).inverse_transform(X),
    # The range is 0 to 255, although the images do not reach it.
    "normalizer": lambda X, y, w: ImageNormalizer().fit(X[:1]).transform(X),
    "normalizer, back": lambda X, y, w: ImageNormalizer().fit(X).inverse_transform(X),
    "augmenter": lambda X, y, w: np.asarray(
        ImageAugmenter(random_state=0).fit_transform(X)
    ),
    "encoder": lambda X, y, w: ImageEncoder("fashion-mnist-compact").fit_transform(X),
    "own encoder": lambda X, y, w: ImageEncoder(quick(epochs=1)).fit_transform(X, y),
    "over-sampler": lambda X, y, w: np.asarray(
        AugmentedOverSampler(random_state=0).fit_resample(X, y)[0]
    ).astype(float),
    "pipeline": lambda X, y, w: PIPELINE.fit(X, y).predict_proba(X),
    "cross-validation": lambda X, y, w: cross_val_score(quick(), X, y, cv=2),
    "weights in folds": lambda X, y, w: cross_val_predict(
        quick(epochs=1), X, y, cv=2, params={"sample_weight": w}
    ),
    "search": search,
    "calibration": lambda X, y, w: (
        CalibratedClassifierCV(quick(epochs=1), cv=2).fit(X, y).predict_proba(X)
    ),
    "grad_cam": lambda X, y, w: grad_cam(fit(X, y), X[:3], target="Bag"),
    "feature_maps": lambda X, y, w: feature_maps(fit(X, y), X[:3])[0],
    "occlusion": lambda X, y, w: occlusion_sensitivity(
        fit(X, y), X[:2], patch_size=14, stride=14
    ),
}


@pytest.fixture(scope="module")
def result_of_arrays(arrays):
    """Function from the name of a use to its result, computed once for all frames."""
    return functools.cache(lambda use: np.asarray(USES[use](*arrays)))


@pytest.mark.parametrize("use", USES)
def test_frames_give_the_results_of_arrays(kind, arrays, result_of_arrays, use):
    X, y, w = arrays
    expected = result_of_arrays(use)
    found = np.asarray(USES[use](kind.frame(X), kind.series(y), kind.series(w)))
    assert_array_equal(found, expected)
    if found.dtype.kind != "O":  # text, as in scikit-learn
        assert found.dtype == expected.dtype


DISPLAYS = {
    "grid": lambda clf, X, y: ImageGridDisplay.from_data(X, y),
    "predictions": lambda clf, X, y: PredictionDisplay.from_estimator(clf, X, y),
    "errors": lambda clf, X, y: MisclassifiedImagesDisplay.from_estimator(clf, X, y),
    "Grad-CAM": lambda clf, X, y: GradCAMDisplay.from_estimator(clf, X),
}


@pytest.fixture(scope="module")
def images_of_arrays(arrays):
    """Function from the name of a display to its images, drawn once for all frames."""
    X, y, _ = arrays
    clf = fit(X, y)
    return functools.cache(lambda name: DISPLAYS[name](clf, X, y).images)


@pytest.fixture(scope="module")
def fitted_to_frame(kind, arrays):
    X, y, _ = arrays
    return fit(kind.frame(X), kind.series(y))


@pytest.mark.parametrize("name", DISPLAYS)
def test_displays_take_frames(kind, fitted_to_frame, arrays, images_of_arrays, name):
    X, y, _ = arrays
    frame, series = kind.frame(X), kind.series(y)
    found = DISPLAYS[name](fitted_to_frame, frame, series)
    assert_array_equal(found.images, images_of_arrays(name))
    plt.close("all")


# Dtypes ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_frames_keep_the_dtype_of_all_columns(kind, arrays, dtype):
    X = arrays[0].astype(dtype)
    frame = kind.frame(X)
    images = ImageReshaper().fit_transform(frame)
    assert images.dtype == dtype
    assert_array_equal(images.reshape(100, 784), X)
    assert ImageNormalizer().fit(frame).transform(frame).dtype.itemsize == max(
        4, np.dtype(dtype).itemsize
    )


def test_columns_of_several_dtypes_have_their_common_dtype():
    nullable = pd.DataFrame(np.ones((3, 4), dtype=np.uint8)).astype("UInt8")
    assert pixel_dtypes(nullable) == np.uint8
    assert pixel_dtypes(nullable.astype({0: "Int16"})) == np.int16
    assert pixel_dtypes(nullable.astype({0: "Float32"})) == np.float32
    for other in "Int64", "category", "string":
        assert pixel_dtypes(nullable.astype({0: other})) is PIXEL_DTYPES
    nullable.iloc[1, 1] = pd.NA
    for X in nullable, np.ones((3, 4)), [[1, 2]], pd.Series([1]), None:
        assert pixel_dtypes(X) is PIXEL_DTYPES
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(np.ones((3, 2), dtype=np.uint8))
    assert pixel_dtypes(frame) == np.uint8
    assert pixel_dtypes(frame.with_columns(column_0=pl.lit(0.5))) == np.float64
    assert pixel_dtypes(frame.cast(pl.Boolean)) is PIXEL_DTYPES
    assert pixel_dtypes(frame.cast(pl.String)) is PIXEL_DTYPES


@pytest.mark.parametrize("row", [0, 1, 99])
def test_missing_values_are_refused(kind, arrays, row):
    X, y, _ = arrays
    frame = kind.frame(X)
    if isinstance(kind, Polars):
        pl = kind.library
        missing = pl.when(pl.int_range(pl.len()) != row).then("pixel5")
        frame = frame.with_columns(pixel5=missing)
    else:
        frame["pixel5"] = frame["pixel5"].where(np.arange(100) != row)
    for refusing in quick(), ImageReshaper(), AugmentedOverSampler():
        with pytest.raises(ValueError, match="Input X contains NaN"):
            refusing.fit(frame, y)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        load_pretrained().predict(frame)


def test_a_lazy_frame_is_refused(arrays):
    frame = Polars().frame(arrays[0])
    for use in quick().fit, ImageReshaper().fit_transform:
        with pytest.raises(TypeError, match=r"LazyFrame, .* Pass X\.collect\(\)"):
            use(frame.lazy(), arrays[1])


# Labels ---------------------------------------------------------------------------

LABELS = {
    "text": lambda pl: (CLASS_NAMES, pl.String),
    "categories": lambda pl: (CLASS_NAMES, pl.Categorical),
    "an enumeration": lambda pl: (CLASS_NAMES, pl.Enum(CLASS_NAMES)),
    "small integers": lambda pl: (range(10), pl.UInt8),
    "integers": lambda pl: (range(10), pl.Int64),
    "bools": lambda pl: ([False, True] * 5, pl.Boolean),
}


@pytest.mark.parametrize("labels", LABELS)
def test_labels_of_polars(sample, labels):
    pl = pytest.importorskip("polars")
    names, dtype = LABELS[labels](pl)
    X, codes = Polars().frame(sample.X_train[:100]), sample.y_train[:100]
    expected = [names[code] for code in codes]
    y = pl.Series("label", expected, dtype=dtype)
    clf = quick(epochs=1).fit(X, y, X_val=X, y_val=y)
    assert clf.classes_.tolist() == sorted(set(names))
    assert clf.score(X, y) == clf.score(X, expected) > 0.5


# Frames between the steps of a pipeline -------------------------------------------


@pytest.mark.parametrize("container", ["pandas", "polars"])
@pytest.mark.parametrize("given", ["rows", "stack", "frame"])
def test_frames_between_the_steps(kind, arrays, container, given):
    pytest.importorskip(container)
    X, y, _ = arrays
    steps = ImageReshaper(), ImageNormalizer(), quick(epochs=1)
    expected = make_pipeline(*steps).fit(X, y).predict_proba(X)
    X = {"rows": X, "stack": X.reshape(-1, 28, 28), "frame": kind.frame(X)}[given]
    pipeline = make_pipeline(*steps).set_output(transform=container)
    assert_array_equal(pipeline.fit(X, y).predict_proba(X), expected)
    assert type(pipeline[:-1].transform(X)).__module__.startswith(container)


# Names of columns -----------------------------------------------------------------


def test_names_of_columns_mean_what_they_mean_in_scikit_learn(kind, arrays):
    X, y, _ = arrays
    frame = kind.frame(X)
    clf = fit(frame, y)
    assert clf.feature_names_in_.tolist() == NAMES
    with pytest.raises(ValueError, match="in the same order"):
        clf.predict(frame[NAMES[::-1]])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        clf.predict(X)
    with pytest.warns(UserWarning, match="X has feature names, but FashionCNN"):
        fit(X, y).predict(frame)
