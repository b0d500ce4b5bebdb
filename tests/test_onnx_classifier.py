"""OnnxClassifier: scikit-learn's interface, threads, processes and damaged files."""

import copy
import json
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import onnx
import pytest
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

import fmnist_sk
from fmnist_sk import (
    FashionCNNClassifier,
    OnnxClassifier,
    PhotoConverter,
    export_onnx,
    load_pretrained,
)
from fmnist_sk.inspection import occlusion_sensitivity
from fmnist_sk.plotting import MisclassifiedImagesDisplay, PredictionDisplay


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "compact.onnx"
    export_onnx(load_pretrained("fashion-mnist-compact"), path)
    return path


@pytest.fixture
def clf(path):
    return OnnxClassifier(path)


def test_it_is_a_fitted_classifier(clf, sample):
    assert is_classifier(clf)
    assert clf.get_params() == {"path": clf.path}
    assert clf.classes_.tolist() == list(range(10))
    assert (clf.n_features_in_, clf.image_shape_) == (784, (28, 28, 1))
    assert not hasattr(clf, "feature_names_in_")
    before = clf.predict(sample.X_test)
    assert clf.fit(sample.X_train, sample.y_train) is clf
    np.testing.assert_array_equal(clf.predict(sample.X_test), before)
    assert clf.score(sample.X_test, sample.y_test) > 0.9
    probabilities = clf.predict_proba(sample.X_test)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(
        clf.predict_log_proba(sample.X_test), np.log(probabilities)
    )
    assert "OnnxClassifier" in clf._repr_html_()


def test_images_of_every_form(clf, sample):
    rows = sample.X_test[:5]
    expected = clf.predict_proba(rows)
    for X in (
        rows.reshape(5, 28, 28),
        rows.reshape(5, 28, 28, 1),
        rows.astype(np.float64),
        rows.astype(">i2"),
        np.asfortranarray(rows),
        rows.tolist(),
    ):
        np.testing.assert_array_equal(clf.predict_proba(X), expected)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((2, 783)), "X has 783 features, but OnnxClassifier is expecting 784"),
        (np.zeros((2, 14, 56)), r"X has images of shape \(14, 56\)"),
        (np.full((2, 784), np.nan), "Input X contains NaN"),
        (np.full((2, 784), 1e39), "too large for dtype"),
        (np.zeros((0, 784)), "Found array with 0 sample"),
        (np.zeros(784), "Expected 2D array, got 1D array"),
    ],
)
def test_bad_images_are_refused(clf, X, message):
    with pytest.raises(ValueError, match=message):
        clf.predict(X)


def test_values_that_overflow_when_they_are_normalised(clf):
    with (
        pytest.warns(UserWarning, match="Scale X in the same way"),
        pytest.raises(ValueError, match="too large for dtype"),
    ):
        clf.predict(np.full((2, 784), -3e38))


def test_images_of_another_scale_are_noticed(clf, sample):
    with pytest.warns(UserWarning, match=r"pass X \* 255"):
        clf.predict(sample.X_test / 255)


def test_a_prediction_does_not_depend_on_the_batch(clf, sample):
    expected = clf.decision_function(sample.X_test)
    for first, last in ((0, 1), (3, 5), (100, 400), (7, 71), (6, 71)):
        found = clf.decision_function(sample.X_test[first:last])
        np.testing.assert_array_equal(found, expected[first:last])


def test_threads_share_a_classifier(path, sample):
    clf = OnnxClassifier(path)  # which has not read its file
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: clf.predict_proba(sample.X_test), range(16)))
    for each in found:
        np.testing.assert_array_equal(each, found[0])


def test_the_number_of_threads_changes_no_bit(path, sample, tmp_path):
    np.save(tmp_path / "X.npy", sample.X_test)
    code = (
        "import sys, hashlib, numpy as np\n"
        "from fmnist_sk import OnnxClassifier\n"
        "clf = OnnxClassifier(sys.argv[1])\n"
        "logits = clf.decision_function(np.load(sys.argv[2]))\n"
        "print(hashlib.sha256(logits.tobytes()).hexdigest())"
    )
    command = [sys.executable, "-c", code, path, tmp_path / "X.npy"]
    found = {
        subprocess.run(
            command,
            env={"PATH": "", "TF_NUM_INTEROP_THREADS": n, "OMP_NUM_THREADS": n},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for n in ("1", "2", "5")
    }
    assert len(found) == 1


@pytest.mark.parametrize(
    "duplicate",
    [
        copy.copy,
        copy.deepcopy,
        clone,
        lambda clf: pickle.loads(pickle.dumps(clf)),
    ],
    ids=["copy", "deepcopy", "clone", "pickle"],
)
@pytest.mark.parametrize("used", [False, True])
def test_duplicates_do_not_need_the_file(duplicate, used, path, sample, tmp_path):
    own = tmp_path / "model.onnx"
    own.write_bytes(path.read_bytes())
    clf = OnnxClassifier(own)
    if used:
        clf.classes_  # noqa: B018 reads the file
    same = duplicate(clf)
    assert same is not clf
    expected = clf.predict_proba(sample.X_test[:9])
    own.unlink()
    np.testing.assert_array_equal(same.predict_proba(sample.X_test[:9]), expected)


def test_another_path_is_another_model(path, sample, tmp_path):
    other = tmp_path / "other.onnx"
    X, y = sample.X_train[:200], sample.y_train[:200] % 2
    export_onnx(FashionCNNClassifier(architecture="compact", epochs=1).fit(X, y), other)
    clf = OnnxClassifier(path)
    assert clf.predict_proba(X).shape == (200, 10)
    assert clf.set_params(path=other).predict_proba(X).shape == (200, 2)


def test_processes(clf, sample):
    X, y = sample.X_test[:100], sample.y_test[:100]
    scores = cross_val_score(clf, X, y, cv=4, n_jobs=2)
    assert scores.mean() == pytest.approx(clf.score(X, y))
    calls = (joblib.delayed(clf.predict)(X) for _ in range(2))
    for found in joblib.Parallel(n_jobs=2)(calls):
        np.testing.assert_array_equal(found, clf.predict(X))


def test_other_estimators_take_it(clf, sample):
    X, y = sample.X_test[:200], sample.y_test[:200]
    ConfusionMatrixDisplay.from_estimator(clf, X, y)
    PredictionDisplay.from_estimator(clf, X[:4], y[:4])
    MisclassifiedImagesDisplay.from_estimator(clf, X, y)
    calibrated = CalibratedClassifierCV(FrozenEstimator(clf), method="sigmoid")
    assert calibrated.fit(X, y).score(X, y) > 0.9
    voting = VotingClassifier([("a", clf), ("b", clf)], voting="soft").fit(X, y)
    assert voting.score(X, y) > 0.9
    assert occlusion_sensitivity(clf, X[:2]).shape == (2, 28, 28)
    pipeline = make_pipeline(PhotoConverter(), clf)
    assert pipeline.predict([image.reshape(28, 28) for image in X[:3]]).shape == (3,)


# Files ----------------------------------------------------------------------------


def test_a_missing_file(tmp_path):
    clf = OnnxClassifier(tmp_path / "none.onnx")
    for use in (lambda: clf.classes_, lambda: clf.predict([[0] * 784]), clf.fit):
        with pytest.raises(FileNotFoundError, match=r"none\.onnx"):
            use(*([None] if use == clf.fit else []))


@pytest.mark.parametrize("damage", ["empty", "text", "half", "foreign", "newer"])
def test_files_that_cannot_be_used(damage, path, tmp_path):
    model = onnx.load(path)
    damaged = tmp_path / "damaged.onnx"
    message = r"damaged\.onnx is not an ONNX file that ONNX Runtime"
    if damage == "foreign":
        del model.metadata_props[:]
        message = r"damaged\.onnx was not written by export_onnx"
    elif damage == "newer":
        about = {each.key: each.value for each in model.metadata_props}
        about |= {"format": json.dumps(99), "fmnist_sk": json.dumps("9.9")}
        onnx.helper.set_model_props(model, about)
        message = r"written by fmnist_sk 9\.9 in format 99.* Update fmnist_sk"
    content = model.SerializeToString()
    damaged.write_bytes(
        {"empty": b"", "text": b"Not ONNX.", "half": content[: len(content) // 2]}.get(
            damage, content
        )
    )
    with pytest.raises(ValueError, match=message):
        OnnxClassifier(damaged).predict(np.zeros((1, 784)))


def test_without_onnx_runtime(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match=r"pip install 'fmnist-sk\[onnx\]'"):
        OnnxClassifier(path).predict(np.zeros((1, 784)))
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"export_onnx requires the package 'onnx'"):
        export_onnx(load_pretrained(), path)


def test_it_needs_no_tensorflow(path):
    """On a machine without TensorFlow, Keras, SciKeras and matplotlib."""
    code = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in ("tensorflow", "keras", "scikeras", "matplotlib", "onnx", "skops"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
from fmnist_sk import OnnxClassifier, load_fashion_mnist_sample
X, y = load_fashion_mnist_sample(subset="test", return_X_y=True)
assert OnnxClassifier(sys.argv[1]).score(X, y) > 0.9
"""
    subprocess.run([sys.executable, "-c", code, path], check=True)


def test_the_public_names():
    assert fmnist_sk.onnx.__all__ == ["OnnxClassifier", "export_onnx", "in_memory"]
    assert set(fmnist_sk.onnx.__all__) <= set(dir(fmnist_sk.onnx))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fmnist_sk.onnx.nothing  # noqa: B018
