"""Shapes that are probably not what the user meant: a warning says what to do."""

import copy

import numpy as np
import pandas as pd
import pytest
from _small import quick
from sklearn.frozen import FrozenEstimator

from fmnist_sk import (
    AugmentedOverSampler,
    ImageAugmenter,
    ImageEncoder,
    ImageNormalizer,
    ImageReshaper,
)
from fmnist_sk._images import explain_doubtful_shape

# Shapes of data, and the parts of their warning, in order.
DOUBTFUL = {
    (9, 785): ["785 features", "height 1 and width 785", "28 × 28 pixels have 784",
               "a column too many", r"image_shape=(1, 785) to suppress"],
    (9, 783): ["783 features", "28 × 28 pixels have 784", "lack a column"],
    (9, 102): ["102 features", "image_shape=(height, width)"],
    (9, 122): ["Grey images of 11 × 11 pixels have 121", "too many"],
    (9, 1850): ["43 × 43", "image_shape=(height, width) if the images are oblong"],
    (9, 1900): ["image_shape=(height, width) or", "image_shape=(1, 1900)"],
    (9, 3072): ["3072 features", "colour images, set image_shape=(32, 32, 3)",
                "np.moveaxis(X.reshape(-1, 3, 32, 32), 1, -1)", "(1, 3072)"],
    (9, 3073): ["Colour images of 32 × 32 pixels have 3072", "too many"],
    (9, 3071): ["Colour images of 32 × 32 pixels have 3072", "lack a column"],
    (9, 2352): ["image_shape=(28, 28, 3)"],
    (9, 192): ["image_shape=(8, 8, 3)"],
    (9, 3, 32, 32): ["shape (3, 32, 32)", "height 3 and width 32 with 32 channels",
                     "channels come first, pass np.moveaxis(X, 1, -1)",
                     "image_shape=(3, 32, 32) to suppress"],
    (9, 1, 28, 28): ["height 1 and width 28", "np.moveaxis(X, 1, -1)"],
    (9, 4, 8, 8): ["with 8 channels", "np.moveaxis(X, 1, -1)"],
    (9, 64, 64, 13): ["with 13 channels", "Grey images have one channel",
                      "image_shape=(64, 64, 13) to suppress"],
}  # fmt: skip
# Tables as in scikit-learn's checks, squares, and stacks of grey and colour images.
PLAUSIBLE = [
    *((9, n_features) for n_features in range(1, 101)),
    *((9, side**2) for side in (11, 16, 28, 32, 64, 224)),
    *[(9, 28, 28), (9, 1, 784), (9, 3, 1024), (9, 200, 1), (9, 50, 37)],
    *[(9, 32, 32, channels) for channels in (1, 2, 3, 4)],
    *[(9, 3, 4, 4), (9, 1, 500, 1), (9, 1, 1, 1)],
]


@pytest.mark.parametrize("shape", DOUBTFUL, ids=str)
def test_a_doubtful_shape_is_explained(shape):
    message = explain_doubtful_shape(shape)
    places = [message.index(part) for part in DOUBTFUL[shape]]
    assert places == sorted(places)
    assert explain_doubtful_shape((100, *shape[1:])) == message


@pytest.mark.parametrize("n_features", range(101, 5000, 7))
def test_every_long_row_that_is_no_square_is_doubtful(n_features):
    message = explain_doubtful_shape((9, n_features))
    assert (message is None) == (np.sqrt(n_features) % 1 == 0)


@pytest.mark.parametrize("shape", PLAUSIBLE, ids=str)
def test_a_plausible_shape_is_not(shape):
    assert explain_doubtful_shape(shape) is None


ROWS, STACK = (12, 147), (12, 3, 7, 7)
CODES = np.arange(12) % 2
# Estimators whose result depends on the shape of the images.
SHAPED = {
    "classifier": quick(epochs=1),
    "reshaper": ImageReshaper(),
    "augmenter": ImageAugmenter(),
    "normalizer": ImageNormalizer(per="channel"),
    "over-sampler": AugmentedOverSampler(),
    "encoder": ImageEncoder(quick(epochs=1)),
}
SHAPELESS = {
    "normalizer": ImageNormalizer(),
    "normalizer of pixels": ImageNormalizer(per="pixel", method="standardize"),
    "flat reshaper": ImageReshaper(image_shape="flat"),
}


def make(shape, container=np.asarray):
    return container(np.random.default_rng(0).integers(256, size=shape, dtype=np.uint8))


@pytest.mark.parametrize("name", SHAPED)
@pytest.mark.parametrize("shape", [ROWS, STACK], ids=["rows", "stack"])
def test_fit_warns_once_and_what_follows_does_not(name, shape):
    X, estimator = make(shape), copy.deepcopy(SHAPED[name])
    with pytest.warns(UserWarning, match=r"7, 7, 3|np\.moveaxis") as caught:
        estimator.fit(X, CODES)
    assert len(caught) == 1
    for method in "predict", "predict_proba", "transform":  # warnings are errors
        if hasattr(estimator, method):
            getattr(estimator, method)(X)


@pytest.mark.parametrize("name", SHAPED)
@pytest.mark.parametrize(
    ("shape", "image_shape"), [(ROWS, (7, 7, 3)), (ROWS, (1, 147)), (STACK, (3, 7, 7))]
)
def test_the_shape_given_by_the_user_is_not_doubted(name, shape, image_shape):
    estimator, X = copy.deepcopy(SHAPED[name]), make(shape)
    inner = getattr(estimator, "estimator", estimator)
    inner.set_params(image_shape=image_shape)
    estimator.fit(X, CODES)
    frozen = ImageEncoder(FrozenEstimator(inner))
    if name == "encoder":
        frozen.set_params(estimator=FrozenEstimator(estimator.estimator_)).fit(X)


@pytest.mark.parametrize("name", SHAPED)
def test_the_shape_that_a_frame_carries_is_not_doubted(name):
    frame = make(ROWS, pd.DataFrame)
    frame.attrs["image_shape"] = (7, 7, 3)
    copy.deepcopy(SHAPED[name]).fit(frame, CODES)
    frame.attrs["image_shape"] = (5, 5)
    with pytest.warns(UserWarning, match="requires 25 features, but X has") as caught:
        copy.deepcopy(SHAPED[name]).fit(frame, CODES)
    assert len({str(warning.message) for warning in caught}) == 1


@pytest.mark.parametrize("name", SHAPELESS)
@pytest.mark.parametrize("shape", [ROWS, STACK], ids=["rows", "stack"])
def test_estimators_that_need_no_shape_do_not_warn(name, shape):
    SHAPELESS[name].fit(make(shape), CODES)


def test_continued_training_does_not_warn_again():
    X = make(ROWS)
    clf = quick(epochs=1, warm_start=True)
    with pytest.warns(UserWarning, match="147 features"):
        clf.fit(X, CODES)
    clf.fit(X, CODES, X_val=X, y_val=CODES)
    clf.partial_fit(X, CODES)
    with pytest.warns(UserWarning, match="147 features") as caught:
        quick().partial_fit(X, CODES, classes=[0, 1])
    assert len(caught) == 1


@pytest.mark.filterwarnings("error")
def test_a_warning_that_is_an_error_leaves_the_estimator_as_it_was():
    clf = quick(epochs=1).fit(make((12, 49)), CODES)
    before = dict(vars(clf))
    with pytest.raises(UserWarning, match="147 features"):
        clf.fit(make(ROWS), CODES)
    assert vars(clf) == before
