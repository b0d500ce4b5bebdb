"""export_onnx: ONNX Runtime predicts what the exported classifier predicts."""

import functools
import json
import subprocess
import sys

import keras
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, Normalizer, StandardScaler

from fmnist_sk import (
    FashionCNNClassifier,
    ImageAugmenter,
    ImageEncoder,
    ImageNormalizer,
    ImageReshaper,
    OnnxClassifier,
    PhotoConverter,
    export_onnx,
    load_pretrained,
)
from fmnist_sk._images import infer_image_shape
from fmnist_sk._inference import FittedNetwork, predictor_of
from fmnist_sk._training import Normalisation, resolve_default_tta
from fmnist_sk.architectures import (
    ACTIVATIONS,
    ARCHITECTURES,
    NETWORK_PARAMETERS,
    Ensemble,
    build_network,
    describe_network,
    initial_weights,
    numpy_function,
)
from fmnist_sk.inspection import grad_cam
from fmnist_sk.onnx._export import onnx_bytes
from fmnist_sk.onnx._session import OnnxModel

SMALL = {"filters": 6, "epochs": 1, "batch_size": 64, "random_state": 0}
RNG = np.random.default_rng(0)


def images_and_labels(shape, n=120, n_classes=4, dtype=np.uint8):
    """Images that are brighter for higher labels, so that a network learns a little."""
    y = np.arange(n) % n_classes
    X = RNG.integers(0, 120, size=(n, *shape)) + 30 * y.reshape(-1, *[1] * len(shape))
    return X.astype(dtype), y


def untrained(X, y, **parameters):
    """Fit a classifier with random weights and statistics, which takes no training."""
    clf = FashionCNNClassifier(random_state=0, temperature=1.3, **parameters)
    clf.n_features_in_ = X[0].size
    clf.image_shape_ = infer_image_shape(X.shape, clf.image_shape)
    clf.classes_, clf.temperature_ = np.unique(y), 1.3
    sizes = clf.image_shape_, len(clf.classes_)
    names = {name: getattr(clf, name) for name in NETWORK_PARAMETERS}
    description = describe_network(clf.architecture, *sizes, names)
    network = build_network(description)
    weights = [
        RNG.uniform(0.5, 1.5, w.shape).astype(np.float32) if w.ndim == 1 else w
        for w in initial_weights(description, network, seed=0)
    ]
    channels = sizes[0][-1]
    normalisation = Normalisation(np.full(channels, 99.0), np.full(channels, 50.0))
    tta = resolve_default_tta(description, clf.augmentation)
    clf._fitted = FittedNetwork(description, weights, normalisation, tta)
    return clf


def check_numpy(clf, X):
    """Compare the logits that NumPy computes, as novelty detection needs them."""
    fitted = clf._fitted
    rows = X.reshape(len(X), -1)
    images = fitted.normalisation.take(
        rows.astype(np.float32), slice(None), fitted.image_shape
    )
    logits, features = numpy_function(fitted.description, fitted.weights)(images)
    expected = predictor_of(fitted)(rows, None)
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-3)
    assert len(features) == len(X)
    assert np.isfinite(features).all()


def check(estimator, X, path, **options):
    """Export an estimator, compare all predictions, and return the ONNX classifier."""
    export_onnx(estimator, path, **options)
    exported = OnnxClassifier(path)
    expected = estimator.predict_proba(X)
    assert expected.std(axis=0).max() > 1e-4  # else the same for all images
    np.testing.assert_allclose(exported.predict_proba(X), expected, atol=1e-5, rtol=0)
    np.testing.assert_array_equal(exported.predict(X), estimator.predict(X))
    np.testing.assert_allclose(
        exported.decision_function(X), estimator.decision_function(X), atol=1e-4
    )
    np.testing.assert_array_equal(exported.classes_, estimator.classes_)
    assert exported.classes_.dtype == estimator.classes_.dtype
    return exported


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.onnx"


# Networks -------------------------------------------------------------------------

NETWORKS = {
    **{name: {"architecture": name} for name in sorted(ARCHITECTURES)},
    **{
        f"{name} {tta}": {"architecture": name, "tta": tta}
        for name, tta in [
            ("compact", "flip"),
            ("vgg", "shift"),
            ("two_conv", "flip_shift"),
        ]
    },
    "ensemble": {"architecture": Ensemble("vgg", ("compact", {"filters": 4}))},
    "ensemble of hidden layers": {"architecture": Ensemble("standard", "two_conv")},
    "even kernels": {"architecture": "vgg", "kernel_size": (2, 4)},
    "even kernels with strides": {"architecture": "compact", "kernel_size": (4, 2)},
    "two dense layers": {"architecture": "compact", "dense_units": (7, 5)},
    "no batch norm": {"architecture": "resnet", "batch_norm": False},
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_predicts_the_same(name, path):
    X, y = images_and_labels((13, 13))
    clf = untrained(X, y, **NETWORKS[name])
    check(clf, X, path)
    check_numpy(clf, X)


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_every_activation_predicts_the_same(activation, batch_norm, path):
    """Also activations that fall and rise, before which pooling would be wrong."""
    X, y = images_and_labels((9, 9), n_classes=2)
    parameters = {"activation": activation, "batch_norm": batch_norm, "tta": "flip"}
    clf = untrained(X, y, filters=6, dense_units=8, **parameters)
    check(clf, X, path)
    check_numpy(clf, X)


@pytest.mark.parametrize(
    "shape",
    [(9, 14, 3), (5, 4), (1, 30), (30, 1), (11, 11, 2), (8, 8), (1, 1)],
    ids=str,
)
@pytest.mark.parametrize("architecture", ["standard", "resnet", "three_conv"])
def test_every_shape_predicts_the_same(shape, architecture, path):
    X, y = images_and_labels(shape)
    clf = untrained(X, y, architecture=architecture, image_shape=shape, filters=6)
    exported = check(clf, X, path)
    check_numpy(clf, X)
    assert exported.image_shape_ == clf.image_shape_


def _own(image_shape, n_classes, end="logits"):
    images = keras.Input(image_shape)
    x = keras.layers.SeparableConv2D(6, 3, strides=2, padding="same")(images)
    x = keras.layers.Activation("gelu")(keras.layers.BatchNormalization()(x))
    x = keras.layers.Flatten()(x)
    activation = {"logits": None, "probabilities": "softmax", "scores": "sigmoid"}[end]
    return keras.Model(images, keras.layers.Dense(n_classes, activation=activation)(x))


class _Subclass(keras.Model):
    def __init__(self, n_classes):
        super().__init__()
        self.conv = keras.layers.Conv2D(4, 3, activation="relu")
        self.dense = keras.layers.Dense(n_classes)

    def call(self, x):
        return self.dense(keras.ops.mean(self.conv(x), axis=(1, 2)))


OWN = {
    **{end: functools.partial(_own, end=end) for end in ("logits", "probabilities")},
    "scores": functools.partial(_own, end="scores"),
    "subclass": lambda image_shape, n_classes: _Subclass(n_classes),
}


@pytest.mark.parametrize("tta", [None, "flip_shift"])
@pytest.mark.parametrize("name", OWN)
def test_own_networks_predict_the_same(name, tta, path):
    X, y = images_and_labels((10, 8))
    check(untrained(X, y, architecture=OWN[name], tta=tta), X, path)


def test_an_operation_without_onnx_form_is_named(path):
    def build(image_shape, n_classes):
        images = keras.Input(image_shape)
        x = keras.layers.Dense(n_classes)(keras.layers.Flatten()(images))
        return keras.Model(images, keras.ops.erfinv(keras.ops.tanh(x)))

    X, y = images_and_labels((4, 4))
    clf = FashionCNNClassifier(architecture=build, epochs=1).fit(X, y)
    with pytest.raises(ValueError, match=r"does not convert these .*: .*[Ee]rfinv"):
        export_onnx(clf, path)
    assert not path.exists()


# Pipelines ------------------------------------------------------------------------

PIPELINES = {
    "rescale": (ImageNormalizer(),),
    "standardize pixels": (ImageNormalizer("standardize", per="pixel"),),
    "all": (ImageReshaper(), ImageNormalizer(), ImageAugmenter(random_state=0)),
    "rows": (ImageReshaper(), ImageReshaper("flat")),
    "standard": (StandardScaler(),),
    "no mean": (StandardScaler(with_mean=False),),
    "min max": (MinMaxScaler((-1, 2)), "passthrough", MaxAbsScaler()),
    "inner pipeline": (make_pipeline(StandardScaler(), MinMaxScaler()),),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_pipelines_predict_the_same(name, path):
    X, y = images_and_labels((49,))
    pipeline = make_pipeline(*PIPELINES[name], FashionCNNClassifier(**SMALL))
    exported = check(pipeline.fit(X, y), X, path)
    # The model takes raw images, so it warns of another scale than theirs.
    with pytest.warns(UserWarning, match="values from 0 to"):
        exported.predict(X / 255)


def test_a_pipeline_with_pixels_of_colours(path):
    X, y = images_and_labels((5, 6, 3))
    steps = ImageNormalizer("standardize", per="channel"), FashionCNNClassifier(**SMALL)
    check(make_pipeline(*steps).fit(X, y), X, path)


def test_searches_and_frozen_estimators(path):
    X, y = images_and_labels((8, 8))
    inner = make_pipeline(ImageNormalizer(), FashionCNNClassifier(**SMALL))
    grid = {"fashioncnnclassifier__dropout": [0.1, 0.2]}
    search = GridSearchCV(inner, grid, cv=2).fit(X, y)
    check(search, X, path)
    check(FrozenEstimator(search), X, path)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ((Normalizer(),), "The step Normalizer cannot be exported"),
        ((MinMaxScaler(clip=True),), "The step MinMaxScaler cannot be exported"),
        ((PhotoConverter((5, 5)),), r"Export the steps after it, pipeline\[1:\]"),
    ],
)
def test_steps_that_cannot_be_exported(steps, message, path):
    X, y = images_and_labels((5, 5) if "pipeline" in message else (25,))
    pipeline = make_pipeline(*steps, FashionCNNClassifier(**SMALL)).fit(X, y)
    with pytest.raises(TypeError, match=message):
        export_onnx(pipeline, path)
    assert not path.exists()


def test_other_estimators_are_refused(path):
    X, y = images_and_labels((16,))
    with pytest.raises(TypeError, match="Got RandomForestClassifier instead"):
        export_onnx(RandomForestClassifier(2).fit(X, y), path)
    with pytest.raises(NotFittedError):
        export_onnx(FashionCNNClassifier(), path)
    with pytest.raises(ValueError, match="'dtype' parameter of export_onnx must be"):
        export_onnx(FashionCNNClassifier(**SMALL).fit(X, y), path, dtype="int8")


# The file -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [
        np.array([-3, 0, 7, 9]),
        np.array([2, 4, 6, 8], dtype=np.uint8),
        np.array(["coat", "Hemd", "包", "🩴"]),
        np.array(["a", "b", "c", "d"], dtype=object),
        np.array([0.0, 1.0, 2.0, 3.0], dtype=np.float32),
        np.array([False, True]),
    ],
    ids=lambda labels: str(labels.dtype),
)
def test_labels_of_every_kind(labels, path):
    X, y = images_and_labels((6, 6), n_classes=len(labels))
    clf = FashionCNNClassifier(**SMALL).fit(X, labels[y])
    check(clf, X, path)
    # Also as the file itself returns the labels.
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    images = X[..., None].astype(np.float32)
    found, probabilities = session.run(["label", "probabilities"], {"images": images})
    np.testing.assert_array_equal(found, clf.predict(X))
    np.testing.assert_allclose(probabilities, clf.predict_proba(X), atol=1e-5)


def test_labels_without_a_type_are_refused(path):
    X, y = images_and_labels((4, 4))
    days = np.array("2026-01-01", dtype="datetime64[D]") + y
    clf = FashionCNNClassifier(**SMALL).fit(X, days)
    with pytest.raises(TypeError, match="must be numbers, bools or strings"):
        export_onnx(clf, path)


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_the_type_of_the_images(dtype, path):
    X, y = images_and_labels((7, 7))
    clf = FashionCNNClassifier(**SMALL, tta="flip").fit(X, y)
    exported = check(clf, X, path, dtype=dtype)
    as_floats = exported.predict_proba(X.astype(np.float64))
    np.testing.assert_array_equal(as_floats, exported.predict_proba(X))
    if dtype == "uint8":
        with pytest.raises(ValueError, match="takes uint8 images"):
            exported.predict(X + 0.5)


def test_double_precision_keeps_small_differences(path):
    X, y = images_and_labels((7, 7))
    X = 1e9 + X.astype(np.float64)
    check(FashionCNNClassifier(**SMALL).fit(X, y), X, path, dtype="float64")


def test_the_file_is_small_and_describes_itself(path):
    clf = load_pretrained()
    export_onnx(clf, path)
    assert path.stat().st_size < 1.01 * sum(w.nbytes for w in clf._fitted.weights)
    model = onnx.load(path)
    about = {each.key: json.loads(each.value) for each in model.metadata_props}
    assert about["classes"] == list(range(10))
    assert about["image_shape"] == [28, 28, 1]
    assert about["fmnist_sk"] == model.producer_version
    names = {node.op_type for node in model.graph.node}
    assert not names & {"RandomUniform", "Dropout"}  # nothing of augmentation


def test_a_file_is_replaced_when_the_new_one_is_complete(path, monkeypatch):
    X, y = images_and_labels((4, 4))
    path.write_text("old")
    clf = FashionCNNClassifier(**SMALL).fit(X, y)
    with pytest.raises(FileNotFoundError):
        export_onnx(clf, path.parent / "no folder" / "model.onnx")
    export_onnx(clf, str(path))
    assert [each.name for each in path.parent.iterdir()] == ["model.onnx"]
    assert path.read_bytes() != b"old"


def test_exporting_and_predicting_start_no_tensorflow(tmp_path):
    code = """
import sys
from fmnist_sk import OnnxClassifier, export_onnx, load_pretrained
export_onnx(load_pretrained("fashion-mnist-compact"), "model.onnx")
OnnxClassifier("model.onnx").predict([[0.0] * 784, [9.0] * 784])
heavy = {"tensorflow", "keras", "scikeras", "matplotlib"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_a_keras_model_exports_at_once(path):
    X, y = images_and_labels((6, 6))
    clf = FashionCNNClassifier(**SMALL, tta="flip").fit(X, y)
    clf.to_keras().export(str(path), format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    images = X[..., None].astype(np.float32)
    (found,) = session.run(None, {session.get_inputs()[0].name: images})
    np.testing.assert_allclose(found, clf.predict_proba(X), atol=1e-5)


# Explanations ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "architecture",
    [
        *("compact", "resnet", "standard", "three_conv"),
        Ensemble(("vgg", {"filters": 4}), ("compact", {"filters": 3})),
    ],
    ids=str,
)
def test_heat_maps_and_features(architecture):
    X, y = images_and_labels((12, 10))
    clf = FashionCNNClassifier(
        architecture=architecture, epochs=3, augmentation=None, random_state=0
    ).fit(X, y)
    model = OnnxModel("", onnx_bytes(clf, explain=True))
    _, features, heat = model.run(
        X.reshape(len(X), -1), ["logits", "features", "heatmap"]
    )
    expected = grad_cam(clf, X)
    assert (expected.max(axis=(1, 2)) > 0).mean() > 0.5
    np.testing.assert_allclose(heat, expected, atol=1e-4)
    encoder = ImageEncoder(FrozenEstimator(clf)).fit(X)
    np.testing.assert_allclose(features, encoder.transform(X), atol=1e-4)


def test_no_heat_maps_of_other_activations():
    X, y = images_and_labels((8, 8))
    clf = FashionCNNClassifier(**SMALL, activation="gelu").fit(X, y)
    outputs = OnnxModel("", onnx_bytes(clf, explain=True)).outputs
    assert outputs == ["label", "probabilities", "logits", "features"]


# Data frames ----------------------------------------------------------------------


def test_names_of_columns_are_kept(path):
    X, y = images_and_labels((16,))
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(16)])
    exported = check(FashionCNNClassifier(**SMALL).fit(frame, y), frame, path)
    assert exported.feature_names_in_.tolist() == list(frame.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        exported.predict(frame[frame.columns[::-1]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        exported.predict(X)
