"""`save_model` and `load_model`: supported estimators, trusted types and errors."""

import io
import os
import sys
import types
from pathlib import Path
from zipfile import ZipFile

import joblib
import numpy as np
import pytest
import skops.io
from _model_files import MEMBER, SCHEMA, edit
from scipy.sparse import csr_array
from scipy.stats import randint
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    StratifiedShuffleSplit,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

import fmnist_sk
from fmnist_sk import (
    FashionCNNClassifier,
    ImageAugmenter,
    ImageEncoder,
    ImageNormalizer,
    ImageReshaper,
    OnnxClassifier,
    load_model,
    save_model,
)
from fmnist_sk.architectures import Ensemble
from fmnist_sk.persistence._format import FORMAT
from fmnist_sk.persistence._types import OWN_TYPES

SMALL = {
    "architecture": "compact",
    "filters": 2,
    "epochs": 1,
    "batch_size": 64,
    "dropout": 0.2,
    "augmentation": "light",
    "random_state": 0,
}


def small(**parameters):
    return FashionCNNClassifier(**SMALL | parameters)


def build_linear(image_shape, n_classes):
    """Build an architecture whose function a file can only refer to by name."""
    import keras

    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(n_classes),
        ]
    )


def assert_same_predictions(model, other, X):
    np.testing.assert_array_equal(model.predict_proba(X), other.predict_proba(X))


@pytest.fixture(scope="module")
def data(sample):
    return sample.X_train[:200], sample.y_train[:200]


@pytest.fixture(scope="module")
def fitted(data):
    """Fitted model, which the tests do not change."""
    return small().fit(*data)


def test_a_memory_mapped_model_is_read_only_and_can_be_saved(tmp_path, data, fitted):
    joblib.dump(fitted, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert all(isinstance(weights, np.memmap) for weights in mapped._fitted.weights)
    assert_same_predictions(mapped, fitted, data[0])
    save_model(mapped, tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops")
    assert {type(weights) for weights in loaded._fitted.weights} == {np.ndarray}
    assert_same_predictions(loaded, fitted, data[0])


def ensembles():
    pipeline = make_pipeline(
        ImageReshaper(image_shape=(28, 28)),
        ImageNormalizer(),
        ImageAugmenter(random_state=np.random.RandomState(0)),
        small(),
    )
    grid = {"fashioncnnclassifier__epochs": [1]}
    splits = StratifiedShuffleSplit(2, random_state=0)
    scores = ["accuracy", "neg_log_loss", "roc_auc", "f1_macro"]
    return {
        "pipeline": pipeline,
        "grid": GridSearchCV(pipeline, grid, cv=2),
        "scores": GridSearchCV(
            small(), {"epochs": [1]}, cv=splits, scoring=scores, refit="accuracy"
        ),
        "random": RandomizedSearchCV(small(), {"epochs": [1, 2]}, n_iter=1, cv=2),
        "sigmoid": CalibratedClassifierCV(small(), cv=2),
        "isotonic": CalibratedClassifierCV(small(), cv=2, method="isotonic"),
        "voting": VotingClassifier([("a", small()), ("b", pipeline)], voting="soft"),
        "stacking": StackingClassifier([("a", small())], cv=2),
        "bagging": BaggingClassifier(small(), 2),
        "one versus rest": OneVsRestClassifier(small()),
        "threshold": TunedThresholdClassifierCV(small(), cv=2),
    }


@pytest.mark.parametrize("name", ensembles())
@pytest.mark.parametrize("labels", ["int", "str"])
def test_skops_keeps_pipelines_searches_and_ensembles(name, labels, tmp_path, data):
    X, y = data[0], (data[1] % 2).astype(labels)
    model = ensembles()[name].fit(X, y)
    save_model(model, tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops")
    assert_same_predictions(loaded, model, X)
    assert loaded.classes_.dtype == model.classes_.dtype
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_the_trusted_types_are_those_that_our_estimators_hold(data):
    public = [getattr(fmnist_sk, name) for name in fmnist_sk.__all__]
    ours = [c for c in public if isinstance(c, type) and issubclass(c, BaseEstimator)]
    ours.remove(OnnxClassifier)  # refers to a file of its own
    assert FashionCNNClassifier in ours
    held = set()
    parameters = {
        FashionCNNClassifier: SMALL,
        ImageEncoder: {"estimator": FashionCNNClassifier(**SMALL)},
    }
    ensemble = FashionCNNClassifier(architecture=Ensemble("compact", "compact"))
    X, y = data
    images = X.reshape(-1, 28, 28)  # PhotoConverter does not take rows
    for estimator in ensemble, *(c(**parameters.get(c, {})) for c in ours):
        estimator.fit(images, y)
        held |= set(skops.io.get_untrusted_types(data=skops.io.dumps(estimator)))
    assert held == set(OWN_TYPES)


def test_an_architecture_of_the_user_has_to_be_trusted(tmp_path, data):
    model = FashionCNNClassifier(architecture=build_linear, epochs=1).fit(*data)
    save_model(model, tmp_path / "model.skops")
    name = f"{build_linear.__module__}.build_linear"
    with pytest.raises(TypeError, match=rf"untrusted types: {name}\. .*trusted="):
        load_model(tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops", trusted=[name])
    assert loaded.architecture is build_linear
    assert_same_predictions(loaded, model, data[0])


class Foreign(BaseEstimator):
    """Class that is not a trusted type."""


def test_an_unknown_type_in_a_pipeline_is_named(tmp_path):
    path = tmp_path / "model.skops"
    save_model(make_pipeline(Foreign(), small()), path)
    with pytest.raises(TypeError, match=rf"{path} .*{Foreign.__module__}.Foreign"):
        load_model(path)
    loaded = load_model(path, trusted=[f"{Foreign.__module__}.Foreign"])
    assert isinstance(loaded[0], Foreign)


def build_locally():
    def build_linear(image_shape, n_classes):
        raise AssertionError

    return build_linear


@pytest.mark.parametrize(
    "model",
    [
        small(architecture=lambda image_shape, n_classes: None),
        small(architecture=build_locally()),
        small(class_weight={False: 1, True: 2}),
        small(class_weight={np.False_: 1, np.True_: 2}),
        RandomizedSearchCV(small(), {"filters": randint(2, 4)}),
    ],
    ids=["lambda", "local function", "bool keys", "numpy bools", "distribution"],
)
def test_what_cannot_be_saved_leaves_the_old_file(model, tmp_path):
    path = tmp_path / "model.skops"
    path.write_text("the old one", encoding="utf-8")
    with pytest.raises(TypeError, match="cannot be saved without pickle"):
        save_model(model, path)
    assert path.read_text(encoding="utf-8") == "the old one"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("class_weight", [{-1: 1.0, 3: 2.0}, {"a": 1, "b": 0.5}])
def test_weights_of_classes_keep_the_types_of_labels(class_weight, tmp_path):
    save_model(small(class_weight=class_weight), tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops")
    assert loaded.class_weight == class_weight


def test_a_failed_write_leaves_nothing_behind(tmp_path, fitted):
    (tmp_path / "model.skops").mkdir()
    with pytest.raises(OSError, match=r"model\.skops"):
        save_model(fitted, tmp_path / "model.skops")
    assert [path.name for path in tmp_path.iterdir()] == ["model.skops"]


def test_a_file_can_be_replaced_and_read_by_others(tmp_path, data, fitted):
    path = tmp_path / "model.skops"
    save_model(small(), path)
    save_model(fitted, str(path))
    other = tmp_path / "other"
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode
    assert_same_predictions(load_model(str(path)), fitted, data[0])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.skops"):
        load_model(tmp_path / "nothing.skops")


def test_other_files_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        load_model(tmp_path / "folder")
    if Path(os.devnull).exists():
        with pytest.raises(ValueError, match=f"{os.devnull} is not a regular file"):
            load_model(os.devnull)


def test_a_module_that_is_missing_is_named(tmp_path, monkeypatch):
    module = types.ModuleType("gone")
    module.build = build_linear
    monkeypatch.setattr(build_linear, "__module__", "gone")
    monkeypatch.setattr(build_linear, "__qualname__", "build")
    monkeypatch.setattr(build_linear, "__name__", "build")
    path = tmp_path / "model.skops"
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "gone", module)
        save_model(small(architecture=build_linear), path)
    with pytest.raises(ImportError, match=rf"{path} .*'gone'"):
        load_model(path, trusted=["gone.build"])


def test_a_content_that_could_be_compressed_a_lot_is_stored(tmp_path):
    path = tmp_path / "model.skops"
    for X in np.zeros((5000, 1000)), csr_array(np.eye(5000)):
        model = KNeighborsClassifier().fit(X, np.arange(5000) % 2)
        save_model(model, path)
        loaded = load_model(path, trusted=["scipy.sparse._csr.csr_array"])
        np.testing.assert_array_equal(loaded.predict(X[:5]), model.predict(X[:5]))
        assert (path.stat().st_size > 2**25) == isinstance(X, np.ndarray)


def test_a_long_description_is_stored(tmp_path):
    path = tmp_path / "model.skops"
    model = small(class_weight=dict.fromkeys(range(4000), 1.0))
    save_model(model, path)
    assert path.stat().st_size > 2**20
    assert load_model(path).class_weight == model.class_weight


def test_warnings_about_versions_stay_warnings(tmp_path, monkeypatch):
    path = tmp_path / "model.skops"
    with monkeypatch.context() as patch:
        patch.setattr("sklearn.base.__version__", "1.6.0")
        save_model(make_pipeline(small()), path)
    with pytest.raises(InconsistentVersionWarning, match=r"from version 1\.6"):
        load_model(path)
    with pytest.warns(InconsistentVersionWarning):
        load_model(path)


@pytest.fixture(scope="module")
def content(fitted, tmp_path_factory):
    path = tmp_path_factory.mktemp("content") / "model.skops"
    save_model(fitted, path)
    return path.read_bytes()


def other_zip():
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr("schema.json", "{}")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"not a model at all" * 100,
        lambda content: other_zip(),
        lambda content: skops.io.dumps(ImageReshaper()),
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content[100:],
    ],
    ids=["empty", "text", "zip", "skops", "cut by 1", "half", "without the start"],
)
def test_a_file_that_is_no_intact_model_is_named(damage, content, tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(damage(content))
    with pytest.raises(
        ValueError, match=rf"{path} was not written by .* or is damaged"
    ):
        load_model(path)


def test_a_flipped_byte_is_found_or_harmless(content, tmp_path, data, fitted):
    path, rng, n_found = tmp_path / "model.skops", np.random.default_rng(0), 0
    for position in rng.integers(len(content), size=60):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        try:
            loaded = load_model(path)
        except ValueError as error:
            n_found += str(path) in str(error)
        else:  # a time stamp of the archive
            assert_same_predictions(loaded, fitted, data[0])
    assert n_found > 30


def test_a_newer_format_is_said_to_be_newer(content, tmp_path, data, fitted):
    path = tmp_path / "model.skops"
    newer = {"format": FORMAT + 1, "fmnist_sk": "9.0", "more": {}}
    path.write_bytes(edit(content, MEMBER, lambda about: newer))
    with pytest.raises(ValueError, match=r"fmnist_sk 9\.0 in format .* Update"):
        load_model(path)
    path.write_bytes(edit(content, SCHEMA, lambda schema: schema | {"protocol": 999}))
    with pytest.raises(ValueError, match=r"protocol 999.* update skops"):
        load_model(path)
    path.write_bytes(
        edit(content, MEMBER, lambda about: about | {"fmnist_sk": "0.0.1"})
    )
    assert_same_predictions(load_model(path), fitted, data[0])


def test_without_skops_it_says_what_to_install(monkeypatch, tmp_path, fitted):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    for call in (
        lambda: save_model(fitted, tmp_path / "model.skops"),
        lambda: load_model(tmp_path / "model.skops"),
    ):
        with pytest.raises(ImportError, match=r"pip install 'fmnist-sk\[skops\]'"):
            call()
