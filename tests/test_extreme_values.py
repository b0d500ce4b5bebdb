"""Finite values so large or so small that a computation overflows."""

import copy
import warnings

import numpy as np
import pytest
from _small import quick
from sklearn.dummy import DummyClassifier

from fmnist_sk import (
    AugmentedOverSampler,
    FashionCNNClassifier,
    ImageAugmenter,
    ImageEncoder,
    ImageNormalizer,
    ImageReshaper,
    OnnxClassifier,
    PhotoConverter,
    export_onnx,
)
from fmnist_sk.architectures import (
    Ensemble,
)
from fmnist_sk.augmentation import augment_images, mix_images, tta_views
from fmnist_sk.inspection import feature_maps, grad_cam, occlusion_sensitivity
from fmnist_sk.metrics import expected_calibration_error

TOO_LARGE = "Input X contains a value too large for dtype"


@pytest.fixture(scope="module")
def images(sample):
    """Two hundred real images, read-only."""
    return sample.X_train[:200], sample.y_train[:200]


@pytest.fixture(scope="module")
def fitted(images):
    return quick().fit(*images)


def finite_or_refused(compute):
    """Return a finite result, or None if the images are refused as too large."""
    try:
        result = compute()
    except ValueError as error:
        if TOO_LARGE.removeprefix("Input X ") not in str(error):
            raise
        return None
    assert np.isfinite(result).all()
    return result


def overflowing(clf):
    """Return a classifier whose logits overflow, for images of ordinary values."""
    clf = copy.deepcopy(clf)
    # The weights of the last layer, in the order of the network's variables.
    clf._fitted.weights[-2][:] = np.float32(3e38)
    return clf


PREDICTIONS = {
    "predict": lambda clf, X: clf.predict(X),
    "predict_proba": lambda clf, X: clf.predict_proba(X),
    "predict_log_proba": lambda clf, X: clf.predict_log_proba(X),
    "decision_function": lambda clf, X: clf.decision_function(X),
    "score": lambda clf, X: clf.score(X, np.zeros(len(X), dtype=int)),
    "occlusion": lambda clf, X: occlusion_sensitivity(clf, X, patch_size=14, stride=14),
    "grad_cam": lambda clf, X: grad_cam(clf, X),
}


@pytest.mark.parametrize("name", PREDICTIONS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_no_prediction_is_made_from_logits_that_overflow(fitted, images, name, dtype):
    clf, X = overflowing(fitted), images[0][:3].astype(dtype)
    for few in X, X[:1]:
        with pytest.raises(ValueError, match=TOO_LARGE):
            PREDICTIONS[name](clf, few)


def test_no_feature_overflows(fitted, images):
    clf, X = copy.deepcopy(fitted), images[0][:3]
    clf._fitted.weights[0][:] = np.float32(3e38)
    with pytest.raises(ValueError, match=TOO_LARGE):
        feature_maps(clf, X)
    encoder = ImageEncoder(fitted).fit(*images)
    encoder.estimator_ = clf
    with pytest.raises(ValueError, match=TOO_LARGE):
        encoder.transform(X)


def test_onnx_predicts_nothing_from_logits_that_overflow(fitted, images, tmp_path):
    path = export_onnx(overflowing(fitted), tmp_path / "model.onnx")
    light = OnnxClassifier(path or tmp_path / "model.onnx")
    for name in "predict", "predict_proba", "decision_function":
        with pytest.raises(ValueError, match=TOO_LARGE):
            PREDICTIONS[name](light, images[0][:3])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [1e30, -1e37, 3.4e38, -3.4e38])
def test_images_within_float32_are_predicted_or_refused(fitted, images, value, dtype):
    X = images[0][:3].astype(dtype)
    rng = np.random.default_rng(0)
    X[0] = dtype(value) * rng.choice(np.array([-1, 1], dtype), 784)
    encoder = ImageEncoder(fitted).fit(*images)
    for compute in *PREDICTIONS.values(), lambda clf, X: encoder.transform(X):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="X contains values from")
            finite_or_refused(lambda compute=compute: compute(fitted, X))


def test_held_out_images_that_overflow_are_named(images):
    X, y = images
    X_val = 3.4e38 * np.random.default_rng(0).choice([-1.0, 1.0], (10, 784))
    with (
        pytest.warns(UserWarning, match="X_val contains values from"),
        pytest.raises(ValueError, match=r"on the held-out images|too large for dtype"),
    ):
        quick(temperature="auto").fit(X, y, X_val=X_val, y_val=range(10))


@pytest.mark.parametrize(
    ("held_out", "message"),
    [
        ((np.nan, 1.0, None), r"X_val, y_val or .* Input X contains NaN"),
        ((0.0, 1.0, [1.0]), r"y_val or sample_weight_val is invalid.*shape"),
        ((0.0, 11, None), r"y_val contains unknown labels \[11\]"),
        ((0.0, 1.0, -1.0), r"sample_weight_val is invalid.*[Nn]egative"),
    ],
)
def test_errors_about_held_out_data_name_them(images, held_out, message):
    X, y = images
    value, label, weight = held_out
    X_val = np.full((2, 784), value)
    if isinstance(weight, float):
        weight = [weight, 1.0]
    with pytest.raises(ValueError, match=message):
        quick().fit(X, y, X_val=X_val, y_val=[label] * 2, sample_weight_val=weight)


# Weights


@pytest.mark.parametrize("factor", [2.0**1022, 2.0**-1060])
def test_weights_of_any_magnitude(images, fitted, factor):
    X, y = images
    weight = np.where(y < 5, 1.0, 2.0)
    expected = quick().fit(X, y, sample_weight=weight).predict_proba(X[:20])
    clf = quick().fit(X, y, sample_weight=weight * factor)
    np.testing.assert_array_equal(clf.predict_proba(X[:20]), expected)
    clf = quick(class_weight={c: factor * (1 + (c > 4)) for c in range(10)}).fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X[:20]), expected)


def test_a_sample_outweighs_all_others(images):
    import keras

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            assert np.isfinite(logs["loss"])

    X, y = images
    weight = np.full(len(X), 1e-320)
    weight[17] = 1e300
    clf = quick(callbacks=Watch(), early_stopping=True).fit(X, y, sample_weight=weight)
    assert np.isfinite(clf.history_["val_loss"]).all()
    assert np.isfinite(clf.predict_proba(X)).all()


def test_calibration_error_with_weights_of_any_magnitude():
    y, proba = [0, 1, 0], [[0.8, 0.2], [0.6, 0.4], [0.4, 0.6]]
    weight = np.array([1.0, 2, 3])
    expected = expected_calibration_error(y, proba, sample_weight=weight)
    for factor in 2.0**1021, 2.0**-1070:
        found = expected_calibration_error(y, proba, sample_weight=weight * factor)
        assert found == expected
    with pytest.raises(ValueError, match="at least one non-zero"):
        expected_calibration_error(y, proba, sample_weight=[0, 0, 0])


def test_a_temperature_that_would_make_logits_infinite_is_refused(images):
    with pytest.raises(ValueError, match="'temperature' parameter"):
        quick(temperature=1e-300).fit(*images)


# Transformers


def _extreme(dtype):
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (6, 8, 8))
    return (signs * float(np.finfo(dtype).max) * 0.99).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(
    "settings",
    [
        {"rotation": 20},
        {"zoom": 0.3},
        {"shear": 10},
        {"shift": 0.2},
        {"brightness": 0.5},
        {"contrast": 0.5},
        {"erasing": 1.0},
    ],
    ids=str,
)
def test_augmented_images_are_finite(settings, dtype):
    X = _extreme(dtype)
    off = {"rotation": 0, "zoom": 0, "shift": 0}
    augmenter = ImageAugmenter(**{**off, **settings}, random_state=0)
    sampler = AugmentedOverSampler(augmentation=settings, random_state=0)
    rng = np.random.default_rng(0)
    for compute in (
        lambda: augmenter.fit_transform(X),
        lambda: sampler.fit_resample(X, [0, 0, 0, 0, 1, 1])[0],
        lambda: augment_images(X[..., None], settings, rng),
    ):
        finite_or_refused(compute)


def test_mixed_images_are_finite():
    X = _extreme(np.float64)[..., None]
    rng = np.random.default_rng(0)
    mixed, *_ = mix_images(X, {"mixup": 1.0}, rng)
    assert np.isfinite(mixed).all()
    with pytest.raises(ValueError, match=TOO_LARGE):
        mix_images(np.full((4, 2, 2, 1), np.inf), {"mixup": 1.0}, rng)


@pytest.mark.parametrize("per", ["global", "channel", "pixel"])
@pytest.mark.parametrize("method", ["rescale", "standardize"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normalised_images_are_finite(method, per, dtype):
    X = _extreme(dtype)
    normalizer = ImageNormalizer(method, per)
    normalized = finite_or_refused(lambda: normalizer.fit_transform(X))
    assert normalized is None or np.abs(normalized).max() < 10
    tiny = np.linspace(0, np.finfo(np.float32).tiny * 100, X.size).reshape(X.shape)
    normalizer = ImageNormalizer(method, per).fit(tiny.astype(dtype))
    with pytest.raises(ValueError, match=TOO_LARGE):
        normalizer.transform(X)
    with pytest.raises(ValueError, match=TOO_LARGE):
        ImageNormalizer(method, per).fit(X * dtype(1e-3)).inverse_transform(X)


# All or nothing

BAD_FITS = {
    "one class": (np.ones((4, 9)), [0, 0, 0, 0]),
    "continuous": (np.ones((4, 3, 3)), [0, 1, 0.5, 1]),
    "three dimensions of y": (np.ones((4, 9)), np.ones((4, 1, 1))),
    "shape": (np.ones((4, 7)), [0, 1, 0, 1]),
    "NaN": (np.full((4, 9), np.nan), [0, 1, 0, 1]),
    "too large": (np.full((4, 9), 1.7e308) * [[-1], [1], [1], [-1]], [0, 1, 0, 1]),
}


@pytest.mark.parametrize("case", BAD_FITS)
@pytest.mark.parametrize(
    "estimator",
    [
        AugmentedOverSampler(image_shape=(3, 3), augmentation={"zoom": 0.5}),
        ImageAugmenter(image_shape=(3, 3), zoom=0.5),
        ImageNormalizer(image_shape=(3, 3)),
        ImageReshaper(image_shape=(3, 3)),
        PhotoConverter((3, 3), mode="resize"),
        FashionCNNClassifier(image_shape=(3, 3)),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_a_fit_that_fails_changes_nothing(estimator, case):
    X, y = BAD_FITS[case]
    good = np.arange(36.0).reshape(4, 3, 3) / 36, [0, 1, 0, 0]
    network = isinstance(estimator, FashionCNNClassifier)
    estimator = estimator if network else copy.deepcopy(estimator).fit(*good)
    for name in "fit", "fit_transform", "fit_resample":
        if not hasattr(estimator, name):
            continue
        before = dict(vars(estimator))
        try:
            getattr(estimator, name)(X, y)
        except ValueError:
            after = vars(estimator)
            assert after.keys() == before.keys()
            assert all(after[key] is before[key] for key in before)
        else:
            assert not network
            estimator.fit(*good)


# Sizes


@pytest.mark.parametrize(
    "parameters",
    [
        {"filters": 100_000_000},
        {"dense_units": 1_000_000_000},
        {"dense_units": (10**30, 10**30)},
        {"kernel_size": 100_000},
        {"architecture": "two_conv", "filters": (1_000_000, 1)},
        {"architecture": Ensemble("compact", ("vgg", {"filters": 100_000}))},
        {"epochs": 10**12},
        {"epochs": 10**40, "batch_size": 10**40},
    ],
    ids=str,
)
def test_absurd_sizes_are_refused_before_anything_is_allocated(images, parameters):
    message = "requires .* steps" if "epochs" in parameters else "2 GiB"
    with pytest.raises(ValueError, match=message):
        quick(**parameters).fit(*images)


# Inputs that random tests have found


LABELS_THAT_CANNOT_BE_SORTED = {
    "mixed": ["a", 1] * 6,
    "dicts": [{"a": 1}] * 12,
    "lists": [[1], [1, 2]] * 6,
}


@pytest.mark.parametrize("case", LABELS_THAT_CANNOT_BE_SORTED)
def test_labels_that_cannot_be_sorted_are_refused_in_clear_words(images, case):
    y = np.empty(12, dtype=object)
    y[:] = LABELS_THAT_CANNOT_BE_SORTED[case]
    X = images[0][:12]
    with pytest.raises(TypeError, match="y must be uniformly strings or numbers"):
        quick().fit(X, y)
    if case != "mixed":  # groups need not be sorted
        with pytest.raises(TypeError, match="groups must be uniformly"):
            quick(early_stopping=True).fit(X, np.arange(12) % 2, groups=y)
    with pytest.raises((TypeError, ValueError), match=r"uniformly|inhomogeneous"):
        AugmentedOverSampler().fit_resample(X, y)
    with pytest.raises(TypeError, match="y_true must be uniformly strings or numbers"):
        expected_calibration_error(y, np.full((12, 2), 0.5))


def test_integers_beyond_float64_are_refused(fitted, images):
    huge, X = 10**400, images[0][:3].astype(object)
    X[0, 0] = huge
    message = r"contains a value too large for dtype\('float64'\)"
    for compute in (
        lambda: fitted.predict(X),
        lambda: fitted.predict(X.tolist()),
        lambda: ImageReshaper().fit(images[0]).inverse_transform(X),
        lambda: quick().fit(*images, sample_weight=[huge] * 200),
        lambda: expected_calibration_error([0, 1], [[huge, 0], [0, 1]]),
    ):
        with pytest.raises(ValueError, match=message):
            compute()
    for compute in occlusion_sensitivity, grad_cam:
        with pytest.raises(ValueError, match="too large"):
            compute(fitted, X)


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">u2", ">i2", ">i8"])
def test_the_byte_order_changes_no_result(fitted, images, dtype):
    X = images[0][:5].astype(dtype)
    native = X.astype(X.dtype.newbyteorder("="))
    np.testing.assert_array_equal(fitted.predict_proba(X), fitted.predict_proba(native))
    found, expected = (ImageNormalizer().fit_transform(x) for x in (X, native))
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype
    assert X.dtype == np.dtype(dtype)


@pytest.mark.parametrize("dtype", [">i4", ">f8", ">u8", ">U3"])
def test_labels_of_another_byte_order_are_exported(images, dtype, tmp_path):
    X, y = images
    clf = quick(epochs=1).fit(X, y.astype(dtype))
    export_onnx(clf, tmp_path / "model.onnx")
    found = OnnxClassifier(tmp_path / "model.onnx").predict(X)
    expected = clf.predict(X)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype
    clf = quick().partial_fit(X, y, classes=np.arange(10).astype(">i8"))
    assert clf.classes_.dtype.isnative


@pytest.mark.parametrize(
    "images",
    [None, "text", 5, [[[[1.0]]]], np.ones((2, 3)), np.ones((1, 1, 1, 1), "M8[s]")],
    ids=repr,
)
def test_functions_of_stacks_refuse_anything_else(images):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="images must"):
        augment_images(images, "light", rng)
    with pytest.raises(ValueError, match="images must"):
        mix_images(images, {"mixup": 1.0}, rng)
    if np.ndim(images) < 4 or isinstance(images, list):
        with pytest.raises(ValueError, match="images must"):
            tta_views(images, "flip")


@pytest.mark.parametrize("values", [np.array([["a"] * 4]), np.ones((1, 4), "M8[s]")])
def test_occlusion_refuses_what_are_no_numbers(values):
    clf = DummyClassifier().fit(np.ones((2, 4)), [0, 1])
    for X in values, values.astype(object):
        with pytest.raises(ValueError, match="X must contain numbers"):
            occlusion_sensitivity(clf, X)


def test_a_fit_transform_whose_result_overflows_changes_nothing():
    # Seed of the large run: the range fits in float32, a standardised value does not.
    X = _extreme(np.float32)
    X[1:] = X[0]
    X[0, 0, 0] *= np.float32(1 - 1e-6)
    normalizer = ImageNormalizer("standardize", "pixel").fit(np.ones((2, 8, 8)))
    before = dict(vars(normalizer))
    if finite_or_refused(lambda: normalizer.fit_transform(X)) is None:
        assert vars(normalizer) == before


@pytest.mark.parametrize("scale", [1.0, 1e-320, 1e300])
def test_errors_of_floats_that_the_user_wants_raised(images, scale):
    """Weights are scaled without errors, also if NumPy raises all of them."""
    X, y = images[0][:12], images[1][:12]
    weights = scale * np.linspace(0.5, 1, 12)
    expected = quick().fit(X, y, sample_weight=weights).predict_proba(X)
    with np.errstate(all="raise"):
        clf = quick(class_weight="balanced").fit(X, y, sample_weight=weights)
        clf.predict_proba(X)
        found = quick().fit(X, y, sample_weight=weights).predict_proba(X)
    np.testing.assert_array_equal(found, expected)
