"""Entry points of the package that take data, and what holds for every input.

Every call is right, or raises a ValueError or TypeError in words about the argument. No
call changes its arguments. A call that fails leaves the estimator as it was.
"""

import contextlib
import copy
import re
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from _random_inputs import (
    N_FEATURES,
    Case,
    fingerprint,
    images,
    labels,
    weights,
)
from _small import small_cnn
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from fmnist_sk import (
    AugmentedOverSampler,
    ImageAugmenter,
    ImageEncoder,
    ImageNormalizer,
    ImageReshaper,
    NoveltyDetector,
    OnnxClassifier,
    PhotoConverter,
    export_onnx,
    load_model,
    save_model,
)
from fmnist_sk.augmentation import augment_images, mix_images, tta_views
from fmnist_sk.inspection import feature_maps, grad_cam, occlusion_sensitivity
from fmnist_sk.metrics import expected_calibration_error

# Messages of Python and NumPy about the code that failed, not about an argument.
_OF_THE_CODE = re.compile(
    r"unhashable|not supported between|unsized|has no attribute|is not iterable|"
    r"is not subscriptable|is not callable|could not be broadcast|positional argument|"
    r"^ufunc|truth value of|indices must be|out of bounds|Graph execution|tensorflow"
)


@dataclass
class Call:
    """Call of an entry point.

    Attributes
    ----------
    function : callable
        Function of the arguments.
    arguments : list of Case
        Arguments.
    owner : estimator or None
        Estimator whose state must survive an error.
    reference : callable or None
        Function of the plain first argument that returns the right result.
    """

    function: Callable[..., Any]
    arguments: list[Case]
    owner: Any = None
    reference: Callable[..., Any] | None = None

    @property
    def name(self):
        """Description of the arguments."""
        return "; ".join(argument.name for argument in self.arguments)


def examine(call):
    """Make a call, and return what is wrong with its outcome.

    Parameters
    ----------
    call : Call
        Call of an entry point.

    Returns
    -------
    faults : dict of str to str
        Descriptions by kind: "unexplained", "wrong", "changed argument" and
        "half-fitted".
    refused : bool
        Whether the call raised a ValueError or TypeError.
    """
    faults, refused, result = {}, False, None
    values = [argument.value for argument in call.arguments]
    before = [fingerprint(value) for value in values]
    state = None if call.owner is None else _state(call.owner)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = call.function(*values)
        except (TypeError, ValueError) as error:
            refused = True
            text = str(error)
            if not text or _OF_THE_CODE.search(text) or _is_of_tensorflow(error):
                faults["unexplained"] = f"{type(error).__name__}: {text[:300]}"
        except FileNotFoundError:  # text is a path for PhotoConverter
            refused = True
        except Exception as error:
            refused = True
            faults["unexplained"] = f"{type(error).__name__}: {str(error)[:300]}"
        if not refused:
            fault = _not_finite(result) or _unlike_reference(call, result)
            if fault:
                faults["wrong"] = fault
    if [fingerprint(value) for value in values] != before:
        faults["changed argument"] = call.name
    if refused and call.owner is not None and _state(call.owner) != state:
        faults["half-fitted"] = call.name
    return faults, refused


def _is_of_tensorflow(error):
    return type(error).__module__.startswith("tensorflow")


def _state(estimator):
    return {
        name: (id(value), fingerprint(value) if isinstance(value, np.ndarray) else None)
        for name, value in vars(estimator).items()
    }


def _arrays(result):
    if isinstance(result, (list, tuple)):
        return [array for each in result for array in _arrays(each)]
    return [np.asarray(result)]


def _not_finite(result):
    for array in _arrays(result):
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            return f"a result of dtype {array.dtype} is not finite"
    return None


def _unlike_reference(call, result):
    first = call.arguments[0]
    if call.reference is None or first.plain is None:
        return None
    try:
        expected = call.reference(first.plain)
    except (TypeError, ValueError) as error:
        if not first.exact:  # values may fit in float64 but not in their own dtype
            return None
        return f"the same values in a plain array are refused: {error}"
    for one, other in zip(_arrays(result), _arrays(expected), strict=True):
        if one.dtype.kind not in "biuf":
            continue
        equal = (
            np.array_equal(one, other)
            if first.exact
            else np.allclose(
                one,
                other,
                rtol=1e-3,
                atol=1e-3 * max(1.0, np.abs(other).max(initial=0)),
            )
        )
        if not equal:
            return "the result is not that for the same values in a plain array"
    return None


@cache
def fitted():
    """Return estimators fitted to digits of three classes, by name."""
    X, y = load_digits(n_class=3, return_X_y=True)
    X, y = X[:120], y[:120]
    clf = small_cnn(filters=(4, 4, 4), epochs=4, tta="shift", learning_rate=0.01)
    clf.fit(X, y)
    path = Path(tempfile.mkdtemp()) / "model.onnx"
    export_onnx(clf, path)
    return {
        "classifier": clf,
        "onnx": OnnxClassifier(path).fit(X),
        "encoder": ImageEncoder(clf).fit(X, y),
        "novelty": NoveltyDetector(clf).fit(X, y),
        "reshaper": ImageReshaper().fit(X),
        "normalizer": ImageNormalizer("standardize", "pixel").fit(X),
        "augmenter": ImageAugmenter(random_state=0).fit(X),
    }


def _method(owner, name):
    @st.composite
    def calls(draw):
        estimator = fitted()[owner]
        function = getattr(estimator, name)
        return Call(function, [draw(images())], estimator, function)

    return calls()


def _explanation(function):
    @st.composite
    def calls(draw):
        clf = fitted()["classifier"]

        def explain(X):
            return function(clf, X)

        return Call(explain, [draw(images(n_images=(1, 2, 0)))], clf, explain)

    return calls()


def _occlusion(clf, X):
    # The default value of covered pixels is rounded for integers.
    return occlusion_sensitivity(clf, X, patch_size=4, stride=4, fill_value=3)


@st.composite
def _score(draw):
    clf = copy.copy(fitted()["classifier"])
    n = draw(st.sampled_from([1, 2, 6, 12]))
    X, weight = draw(images(n_images=(n,), fitting=0.9)), draw(weights(n))
    y = Case(np.arange(n) % 3, None, "y") if draw(st.booleans()) else draw(labels(n))
    if y.name in ("y mixed two", "y mixed", "y dates", "y record"):
        # Only scikit-learn's functions see them, whose messages are not ours.
        y = Case(None, None, "no y")

    def score(X, y, weight):
        # A weight of 0 for all samples is a ZeroDivisionError of scikit-learn.
        return clf.score(X, y, None if np.all(weight == 0) else weight)

    return Call(score, [X, y, weight], clf)


@st.composite
def _fits(draw, method="fit"):
    """Draw a call of `fit` that is usually refused, because a fit takes long."""
    clf = copy.copy(fitted()["classifier"]).set_params(epochs=1, tta=None)
    clf.set_params(warm_start=draw(st.booleans()))
    n = draw(st.sampled_from([6, 12]))
    good = Case(np.arange(n * N_FEATURES).reshape(n, -1) % 17.0, None, f"{n} images")
    y, weight = Case(np.arange(n) % 3, None, "y"), Case(None, None, "no weights")
    spoilt = draw(st.sampled_from(["X", "y", "weight", "held out", "groups"]))
    if spoilt == "X":
        good = draw(images(n_images=(n,), fitting=0.3))
    elif spoilt == "y":
        y = draw(labels(n, valid=False))
    elif spoilt == "weight":
        weight = draw(weights(n))
    if method == "partial_fit":

        def fit(X, y, weight):
            clf.partial_fit(X, y, sample_weight=weight)
            return clf.predict_proba(np.zeros((1, clf.n_features_in_)))

        return Call(fit, [good, y, weight], clf)
    X_val, y_val = Case(None, None, "no X_val"), Case(None, None, "no y_val")
    groups = Case(None, None, "no groups")
    if spoilt == "held out":
        X_val, y_val = draw(images(n_images=(6,))), draw(labels(6))
    elif spoilt == "groups":
        groups = draw(labels(n))

    def fit(X, y, weight, X_val, y_val, groups):
        clf.fit(X, y, weight, X_val=X_val, y_val=y_val, groups=groups)
        return clf.predict_proba(np.zeros((1, clf.n_features_in_)))

    return Call(fit, [good, y, weight, X_val, y_val, groups], clf)


def _fit_of(make, *names):
    """Return calls of methods that fit a transformer which is already fitted."""

    @st.composite
    def calls(draw):
        estimator = draw(st.sampled_from(make()))
        estimator.fit(np.arange(6 * N_FEATURES).reshape(6, -1) % 17.0)
        name = draw(st.sampled_from(names))

        def fit(X):
            result = getattr(estimator, name)(X)
            if name == "fit_transform":
                return result
            with contextlib.suppress(ValueError):  # the fit has succeeded
                return estimator.transform(X)
            return ()

        return Call(fit, [draw(images())], estimator)

    return calls()


def _normalizers():
    return [
        ImageNormalizer(method, per)
        for method in ("rescale", "standardize")
        for per in ("global", "channel", "pixel")
    ]


def _augmenters():
    return [
        ImageAugmenter(random_state=0),
        ImageAugmenter(brightness=0.5, contrast=0.5, erasing=0.5, random_state=0),
        ImageAugmenter(rotation=0, zoom=0, shift=0.2, random_state=0),
    ]


@st.composite
def _inverse(draw):
    estimator = fitted()[draw(st.sampled_from(["normalizer", "reshaper"]))]
    function = estimator.inverse_transform
    return Call(function, [draw(images())], estimator, function)


@st.composite
def _resample(draw):
    strategy = draw(st.sampled_from(["auto", "all", 1.5, {0: 9}, lambda y: {1: 8}]))
    augmentation = draw(st.sampled_from(["standard", "strong", {"contrast": 0.5}]))
    sampler = AugmentedOverSampler(
        sampling_strategy=strategy, augmentation=augmentation, random_state=0
    )
    n = draw(st.sampled_from([6, 12]))
    sampler.fit(np.zeros((4, N_FEATURES)), [0, 1, 0, 0])

    def resample(X, y):
        return np.asarray(sampler.fit_resample(X, y)[0])

    return Call(resample, [draw(images(n_images=(n,))), draw(labels(n))], sampler)


@st.composite
def _photographs(draw):
    converter = PhotoConverter((8, 8), mode=draw(st.sampled_from(["resize"] * 2)))
    return Call(converter.transform, [draw(images())], converter)


@st.composite
def _ece(draw):
    n = draw(st.sampled_from([1, 2, 6, 12]))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    proba = Case(rng.dirichlet([1, 1, 1], n), None, "probabilities")
    if draw(st.booleans()):
        proba = draw(images(n_images=(n,)))
    known = draw(st.sampled_from([None, [0, 1, 2], ["a", "b", "c"], [], 5, [[0]]]))
    arguments = [draw(labels(n)), proba, draw(weights(n))]

    def compute(y, proba, weight):
        return expected_calibration_error(y, proba, labels=known, sample_weight=weight)

    return Call(compute, arguments)


@st.composite
def _augment(draw):
    spec = draw(
        st.sampled_from(
            [None, "light", "strong", {"zoom": 0.5}, {"mixup": 0.5}, {"a": 1}, 5, "x"]
        )
    )
    function = draw(st.sampled_from(["augment", "mix", "views"]))

    def compute(X):
        rng = np.random.default_rng(0)
        if function == "augment":
            return augment_images(X, spec, rng)
        if function == "mix":
            return mix_images(X, spec or {"cutmix": 0.5}, rng)
        return tta_views(X, spec if isinstance(spec, str) else "flip_shift")

    X = draw(images())
    if X.plain is not None and not np.isfinite(X.plain).all():
        X = Case(None, None, "not finite, and not checked")
    return Call(compute, [X])


@st.composite
def _round_trip(draw):
    """Draw an estimator fitted to labels or images of some kind, saved and loaded."""
    n = 6
    make = draw(st.sampled_from([*_normalizers(), *_augmenters(), ImageReshaper()]))
    suffix = draw(st.sampled_from([".skops", ".joblib"]))

    def compute(X):
        estimator = copy.copy(make).fit(X)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"model{suffix}"
            if suffix == ".skops":
                save_model(estimator, path)
                loaded = load_model(path)
            else:
                joblib.dump(estimator, path)
                loaded = joblib.load(path)
        expected, found = estimator.transform(X), loaded.transform(X)
        np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
        return found

    return Call(compute, [draw(images(n_images=(n,), fitting=0.9))])


ENTRY_POINTS = {
    **{
        f"FashionCNNClassifier.{name}": _method("classifier", name)
        for name in (
            "predict",
            "predict_proba",
            "predict_log_proba",
            "decision_function",
        )
    },
    "FashionCNNClassifier.score": _score(),
    "FashionCNNClassifier.fit": _fits(),
    "FashionCNNClassifier.partial_fit": _fits("partial_fit"),
    "OnnxClassifier.predict": _method("onnx", "predict"),
    "OnnxClassifier.predict_proba": _method("onnx", "predict_proba"),
    "ImageEncoder.transform": _method("encoder", "transform"),
    "NoveltyDetector.predict": _method("novelty", "predict"),
    "NoveltyDetector.score_samples": _method("novelty", "score_samples"),
    "ImageReshaper.fit": _fit_of(lambda: [ImageReshaper()], "fit", "fit_transform"),
    "ImageReshaper.transform": _method("reshaper", "transform"),
    "ImageNormalizer.fit": _fit_of(_normalizers, "fit", "fit_transform"),
    "ImageNormalizer.transform": _method("normalizer", "transform"),
    "inverse_transform": _inverse(),
    "ImageAugmenter.fit": _fit_of(_augmenters, "fit", "fit_transform"),
    "ImageAugmenter.transform": _method("augmenter", "transform"),
    "AugmentedOverSampler.fit_resample": _resample(),
    "PhotoConverter.transform": _photographs(),
    "grad_cam": _explanation(grad_cam),
    "feature_maps": _explanation(feature_maps),
    "occlusion_sensitivity": _explanation(_occlusion),
    "expected_calibration_error": _ece(),
    "augment_images, mix_images, tta_views": _augment(),
    "save and load": _round_trip(),
}
