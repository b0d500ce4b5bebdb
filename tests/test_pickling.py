"""Round trips of models: joblib, pickle, copies and skops, also in a new process."""

import copy
import io
import json
import pickle
from multiprocessing.pool import ThreadPool

import joblib
import numpy as np
import pytest
from _processes import run_python
from sklearn.base import clone
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.pipeline import make_pipeline

from fmnist_sk import (
    FashionCNNClassifier,
    ImageReshaper,
    load_model,
    save_model,
)

SMALL = {
    "architecture": "compact",
    "filters": 2,
    "epochs": 1,
    "batch_size": 64,
    "dropout": 0.2,
    "augmentation": "light",
    "random_state": 0,
}
# Bytes that a file may take in addition to the weights.
EXTRA_BYTES = 20_000
PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)
WRITERS = {
    "joblib": joblib.dump,
    "joblib, compressed": lambda model, path: joblib.dump(model, path, compress=3),
    "skops": save_model,
} | {
    f"pickle, protocol {protocol}": lambda model, path, protocol=protocol: (
        path.write_bytes(pickle.dumps(model, protocol))
    )
    for protocol in PROTOCOLS
}
# Functions that read a model, with the file that was written for each.
READERS = {name: name for name in WRITERS} | {"joblib, mapped": "joblib"}


def small(**parameters):
    return FashionCNNClassifier(**SMALL | parameters)


def weight_bytes(model):
    return sum(weights.nbytes for weights in model._fitted.weights)


def assert_same_predictions(model, other, X):
    np.testing.assert_array_equal(model.predict_proba(X), other.predict_proba(X))


@pytest.fixture(scope="module")
def data(sample):
    return sample.X_train[:200], sample.y_train[:200]


@pytest.fixture(scope="module")
def fitted(data):
    """Fitted model, which the tests do not change."""
    return small().fit(*data)


@pytest.fixture(scope="module")
def partly_fitted(data):
    """Model with the state of the optimizer, which the tests do not change."""
    return small().partial_fit(*data, classes=range(10)).partial_fit(*data)


LOAD_AND_GO_ON = """
import json, pickle, sys
from pathlib import Path
import joblib, numpy as np
from fmnist_sk import load_model

readers, folder = json.loads(sys.argv[1]), Path(sys.argv[2])
data, results = np.load(folder / "data.npz"), {}
for reader, file in readers.items():
    for kind in ("fitted", "partly fitted"):
        path = folder / f"{file}, {kind}"
        if reader.startswith("pickle"):
            model = pickle.loads(path.read_bytes())
        elif reader == "skops":
            model = load_model(path)
        else:
            model = joblib.load(path, mmap_mode="r" if "mapped" in reader else None)
        results[f"{reader}, {kind}"] = model.predict_proba(data["X"])
        model.partial_fit(data["X"], data["y"])
        results[f"{reader}, {kind}, continued"] = model.predict_proba(data["X"])
np.savez(folder / "results.npz", **results)
print("null")
"""


@pytest.fixture(scope="module")
def elsewhere(data, fitted, partly_fitted, tmp_path_factory):
    """Probabilities that a new process computes with each kind of file."""
    folder = tmp_path_factory.mktemp("models")
    np.savez(folder / "data.npz", X=data[0], y=data[1])
    for name, write in WRITERS.items():
        write(fitted, folder / f"{name}, fitted")
        write(partly_fitted, folder / f"{name}, partly fitted")
    run_python(LOAD_AND_GO_ON, json.dumps(READERS), folder)
    return np.load(folder / "results.npz")


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", ["fitted", "partly fitted"])
def test_a_fresh_process_predicts_the_same(
    reader, kind, data, fitted, partly_fitted, elsewhere
):
    model = fitted if kind == "fitted" else partly_fitted
    np.testing.assert_array_equal(
        elsewhere[f"{reader}, {kind}"], model.predict_proba(data[0])
    )


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", ["fitted", "partly fitted"])
def test_a_fresh_process_continues_the_same(
    reader, kind, data, fitted, partly_fitted, elsewhere
):
    model = copy.deepcopy(fitted if kind == "fitted" else partly_fitted)
    expected = model.partial_fit(*data).predict_proba(data[0])
    np.testing.assert_array_equal(elsewhere[f"{reader}, {kind}, continued"], expected)


# Protocol 2 has no bytes and stores them as text, which is 1.5 times as long.
@pytest.mark.parametrize("name", [name for name in WRITERS if "2" not in name])
def test_files_are_little_more_than_the_weights(name, tmp_path, data):
    model = FashionCNNClassifier(epochs=60, batch_size=200, random_state=0)
    model.fit(*(array[:20] for array in data))
    path = tmp_path / "model"
    WRITERS[name](model, path)
    assert path.stat().st_size < 1.1 * weight_bytes(model) + EXTRA_BYTES


def test_only_partial_fit_keeps_the_optimizer_state(data, fitted, partly_fitted):
    # Adam keeps two numbers per weight.
    for model, copies in ((fitted, 1), (partly_fitted, 3)):
        size = len(pickle.dumps(model))
        assert 0.9 * copies * weight_bytes(model) < size
        assert size < 1.1 * copies * weight_bytes(model) + EXTRA_BYTES
    again = copy.deepcopy(partly_fitted).fit(*data)
    assert len(pickle.dumps(again)) < weight_bytes(again) + EXTRA_BYTES


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_pickles_hold_nothing_of_keras(protocol, data, partly_fitted):
    partly_fitted.predict(data[0])
    found = set()

    class Recorder(pickle.Unpickler):
        def find_class(self, module, name):
            found.add(module.partition(".")[0])
            return super().find_class(module, name)

    Recorder(io.BytesIO(pickle.dumps(partly_fitted, protocol))).load()
    assert "fmnist_sk" in found
    # In protocol 2, `_codecs.encode` creates bytes.
    assert found <= {"fmnist_sk", "numpy", "builtins", "copyreg", "_codecs"}


def test_a_deep_copy_goes_its_own_way(data, partly_fitted):
    before = partly_fitted.predict_proba(data[0])
    model = copy.deepcopy(partly_fitted)
    assert_same_predictions(model, partly_fitted, data[0])
    model.partial_fit(*data)
    assert not np.array_equal(model.predict_proba(data[0]), before)
    np.testing.assert_array_equal(partly_fitted.predict_proba(data[0]), before)


@pytest.mark.parametrize("name", ["joblib", "skops", "pickle, protocol 5"])
def test_an_unfitted_model_can_be_kept(name, tmp_path, data):
    path = tmp_path / "model"
    WRITERS[name](small(filters=(2, 3, 4, 5)), path)
    model = load_model(path) if name == "skops" else joblib.load(path)
    assert model.get_params() == small(filters=(2, 3, 4, 5)).get_params()
    with pytest.raises(NotFittedError):
        model.predict(data[0])


def test_pickling_while_threads_predict_and_fit(data, fitted):
    X = data[0]
    expected, busy = fitted.predict_proba(X), clone(fitted)

    def work(i):
        if i % 3 == 0:
            return pickle.loads(pickle.dumps(fitted)).predict_proba(X)
        if i % 3 == 1:
            busy.fit(*data)
        return fitted.predict_proba(X)

    with ThreadPool(4) as pool:
        for proba in pool.map(work, range(24)):
            np.testing.assert_array_equal(proba, expected)


def test_a_callback_does_not_bring_the_keras_model_along(data):
    import keras

    callback = keras.callbacks.ReduceLROnPlateau(monitor="loss")
    model = small(callbacks=[callback]).fit(*data)
    assert callback.model is None
    assert clone(model).callbacks[0].model is None
    loaded = pickle.loads(pickle.dumps(model))
    assert loaded.callbacks[0].model is None
    assert len(pickle.dumps(model)) < weight_bytes(model) + EXTRA_BYTES
    assert_same_predictions(loaded, model, data[0])


def test_a_pipeline_of_another_scikit_learn_warns(monkeypatch, data, fitted):
    pipeline = make_pipeline(ImageReshaper(), clone(fitted)).fit(*data)
    with monkeypatch.context() as patch:
        patch.setattr("sklearn.base.__version__", "1.6.0")
        content = pickle.dumps(pipeline)
    with pytest.warns(InconsistentVersionWarning, match="Pipeline from version 1.6.0"):
        loaded = pickle.loads(content)
    assert_same_predictions(loaded, pipeline, data[0])
