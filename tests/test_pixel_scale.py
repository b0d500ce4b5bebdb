"""Images on another scale than the training images: a warning, and when not."""

import copy

import numpy as np
import pandas as pd
import pytest
from _small import quick
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fmnist_sk import ImageEncoder, ImageNormalizer, load_pretrained
from fmnist_sk._images import warn_of_other_scale
from fmnist_sk._training import Normalisation
from fmnist_sk.inspection import feature_maps, grad_cam
from fmnist_sk.plotting import GradCAMDisplay, PredictionDisplay

# Scales of the same images, from their values of 0 to 255.
SCALES = {
    "0 to 255": lambda X: X,
    "0 to 1": lambda X: X / 255,
    "-1 to 1": lambda X: X / 127.5 - 1,
    "standardised": lambda X: (X - 73.0) / 90,
    "pixel by pixel": lambda X: StandardScaler().fit_transform(X),
    "16 bits": lambda X: X.astype(np.uint16) * 257,
}
LARGE, LARGEST = "0 to 255", "16 bits"
# Scales that differ by a factor of 40 and more: of training, and of prediction.
DIFFERENT = [
    *[(LARGE, small) for small in SCALES if small not in (LARGE, LARGEST)],
    *[(small, LARGE) for small in SCALES if small not in (LARGE, LARGEST)],
    *[(LARGEST, other) for other in SCALES if other != LARGEST],
    *[(other, LARGEST) for other in SCALES if other != LARGEST],
]
# Images on the scale of the training images, however strange: functions of images of 0
# to 255 and a random generator.
STRANGE = {
    "other images": lambda X, rng: X[::-1],
    "inverted": lambda X, rng: 255 - X,
    "dark": lambda X, rng: X // 10,
    "very dark": lambda X, rng: X // 30,
    "almost black": lambda X, rng: rng.integers(3, size=X.shape),
    "bright": lambda X, rng: 255 - X // 10,
    "dull": lambda X, rng: 128 + rng.normal(size=X.shape),
    "black": lambda X, rng: np.zeros_like(X),
    "grey": lambda X, rng: np.full_like(X, 100),
    "white": lambda X, rng: np.full_like(X, 255),
    "black, after rounding": lambda X, rng: rng.normal(0, 1e-12, X.shape),
    "white, after rounding": lambda X, rng: rng.normal(255, 1e-12, X.shape),
    "noise": lambda X, rng: rng.integers(256, size=X.shape),
    "black and white noise": lambda X, rng: rng.integers(2, size=X.shape) * 255,
    "adversarial": lambda X, rng: X + rng.choice([-16.0, 16.0], X.shape),
    "one bright pixel": lambda X, rng: np.eye(len(X), X.shape[1]) * 255,
    "one dark pixel": lambda X, rng: np.eye(len(X), X.shape[1]),
    "a dead pixel": lambda X, rng: np.where(np.arange(X.shape[1]) == 3, 1e6, X),
    "digits": lambda X, rng: np.where(X > 100, 16, 0),
    "three quarters": lambda X, rng: X * 0.75,
    "five times": lambda X, rng: X * 5.0,
}


@pytest.fixture(scope="module")
def images(sample):
    """Two hundred real images as rows, and their labels."""
    return sample.X_train[:200], sample.y_train[:200]


def learn(X, n_channels=1):
    return Normalisation.learn(X, np.arange(len(X)), (1, 1, n_channels))


@pytest.mark.parametrize(("training", "given"), DIFFERENT)
@pytest.mark.parametrize("n_images", [5, 32, 200])
def test_another_scale_is_a_warning(images, training, given, n_images):
    X, _ = images
    fitted = learn(SCALES[training](X))
    rows = SCALES[given](X)[:n_images]
    with pytest.warns(UserWarning, match="on the scale of the training") as caught:
        warn_of_other_scale(rows, fitted)
    assert len(caught) == 1


# Factor and offset of scales on which the strange images are made.
LINEAR = {
    "0 to 255": (1.0, 0.0),
    "0 to 1": (1 / 255, 0.0),
    "-1 to 1": (1 / 127.5, -1.0),
    "standardised": (1 / 90, -73 / 90),
    "16 bits": (257.0, 0.0),
}
# Images of nearly one colour that is close to zero. Their values do not tell whether
# they are dark or dull, or were divided by 255.
ALIKE = {("almost black", "0 to 1"), ("almost black", "16 bits"), ("dull", "-1 to 1")}


@pytest.mark.parametrize("scale", LINEAR)
@pytest.mark.parametrize("name", STRANGE)
def test_strange_images_on_the_same_scale_are_no_reason(images, name, scale):
    if (name, scale) in ALIKE:
        pytest.skip("cannot be told from images on another scale")
    X, _ = images
    factor, offset = LINEAR[scale]
    strange = STRANGE[name](X, np.random.default_rng(0))
    fitted = learn(X * factor + offset)
    if scale != "0 to 255":
        strange = strange * factor + offset
    warn_of_other_scale(strange, fitted)
    for row in range(0, 200, 7):  # single images
        warn_of_other_scale(strange[row : row + 1], fitted)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float16, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_dtypes_and_layouts_do_not_matter(images, dtype, order):
    X, _ = images
    rows = np.asarray(X, dtype=dtype, order=order)
    warn_of_other_scale(rows, learn(X))
    with pytest.warns(UserWarning, match="pass X / 255"):
        warn_of_other_scale(rows, learn(X / 255))
    with pytest.warns(UserWarning, match=r"pass X \* 255"):
        warn_of_other_scale((rows > 127).astype(dtype), learn(X))


def test_channels_have_their_own_mean_and_scale():
    rng = np.random.default_rng(0)
    X = rng.integers(256, size=(50, 64, 4)).astype(float)
    X *= 1, 0.1, 0, 0  # a dark and two constant channels
    X[..., 3] = 255
    fitted = learn(X.reshape(50, -1), 4)
    X[..., 2:] = rng.integers(256, size=(50, 64, 2))  # no longer constant
    warn_of_other_scale(X.reshape(50, -1), fitted)
    with pytest.warns(UserWarning, match=r"from 0 to 1, but .*pass X \* 255"):
        warn_of_other_scale(X.reshape(50, -1) / 255, fitted)


@pytest.mark.parametrize("n_features", [1, 2, 10, 30])
def test_rows_of_a_table_are_not_judged_alone(n_features):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, n_features)) * rng.choice([1e-6, 1, 1e6], n_features)
    fitted = learn(X)
    warn_of_other_scale(X, fitted)
    for row in range(len(X)):
        warn_of_other_scale(X[row : row + 1], fitted)


def test_few_rows_of_a_large_array_are_read(images):
    read = []

    class Recording(np.ndarray):
        def __getitem__(self, key):
            part = super().__getitem__(key)
            read.append(part.size)
            return np.asarray(part)

    for n_images, n_features in (10_000, 784), (33, 784), (50, 200_000), (1, 784):
        read.clear()
        X = np.zeros((n_images, n_features), dtype=np.uint8).view(Recording)
        warn_of_other_scale(X, learn(images[0]))
        assert 784 <= sum(read) <= max(2**16, n_features)


# Estimators -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted(images):
    return quick().fit(*images)


USES = {
    "predict": lambda clf, X, y: clf.predict(X),
    "predict_proba": lambda clf, X, y: clf.predict_proba(X),
    "predict_log_proba": lambda clf, X, y: clf.predict_log_proba(X),
    "decision_function": lambda clf, X, y: clf.decision_function(X),
    "score": lambda clf, X, y: clf.score(X, y),
    "one image": lambda clf, X, y: clf.predict(X[:1]),
    "a stack": lambda clf, X, y: clf.predict(X.reshape(-1, 28, 28)),
    "a frame": lambda clf, X, y: clf.predict(pd.DataFrame(X)),
    "a list": lambda clf, X, y: clf.predict(X[:3].tolist()),
    "warm start": lambda clf, X, y: clf.set_params(warm_start=True).fit(X, y),
    "partial_fit": lambda clf, X, y: clf.partial_fit(X, y),
    "grad_cam": lambda clf, X, y: grad_cam(clf, X[:2]),
    "feature_maps": lambda clf, X, y: feature_maps(clf, X[:2]),
    "frozen": lambda clf, X, y: FrozenEstimator(clf).predict(X),
    "encoder": lambda clf, X, y: ImageEncoder(FrozenEstimator(clf)).fit(X),
    "PredictionDisplay": lambda clf, X, y: PredictionDisplay.from_estimator(clf, X),
    "GradCAMDisplay": lambda clf, X, y: GradCAMDisplay.from_estimator(clf, X),
}
TWICE = {"GradCAMDisplay"}  # predicts, and computes maps


@pytest.mark.parametrize("use", USES)
def test_every_use_of_a_network_warns_once(images, fitted, use):
    X, y = images
    USES[use](copy.deepcopy(fitted), X, y)  # warnings are errors
    with pytest.warns(UserWarning, match=r"on the scale of.*pass X \* 255") as caught:
        USES[use](copy.deepcopy(fitted), (X / 255).astype(np.float32), y)
    assert len(caught) == 1 + (use in TWICE)
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize("warm_start", [False, True])
def test_held_out_images_on_another_scale_are_a_warning(images, fitted, warm_start):
    X, y = images
    clf = copy.deepcopy(fitted).set_params(warm_start=warm_start)
    clf.fit(X, y, X_val=X[:50], y_val=y[:50])
    with pytest.warns(UserWarning, match=r"pass X_val \* 255") as caught:
        clf.fit(X, y, X_val=X[:50] / 255, y_val=y[:50])
    assert len(caught) == 1


def test_a_new_fit_may_have_any_scale(images, fitted):
    X, y = images
    clf = copy.deepcopy(fitted).fit(X / 255, y, X_val=X[:50] / 255, y_val=y[:50])
    clf.predict(X / 255)


def test_steps_before_the_network_may_change_the_scale(images):
    X, y = images
    pipeline = make_pipeline(ImageNormalizer(), quick(epochs=1)).fit(X, y)
    pipeline.predict(X)
    with pytest.warns(UserWarning, match=r"from 0 to 0\.00392, .*Scale X in the same"):
        pipeline.predict(X / 255)


def test_pretrained_classifiers_and_encoders_warn(images):
    X, _ = images
    encoder = ImageEncoder("fashion-mnist-compact").fit(X)
    expected = r"mean of 72\.9 and a standard deviation of 90\. .*pass X \* 255"
    for use in load_pretrained("fashion-mnist-compact").predict, encoder.transform:
        use(X)
        with pytest.warns(UserWarning, match=expected):
            use(X / 255)
