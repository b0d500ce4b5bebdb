"""Functions as architectures that build a different network than before."""

import os
import pickle

import numpy as np
import pytest
from _processes import run_python
from _small import small_cnn

from fmnist_sk.architectures import describe_network

SHAPE = (28, 28, 1)


@pytest.fixture(scope="module")
def images(sample):
    """Sixty real images, read-only."""
    return sample.X_train[:60], sample.y_train[:60]


def own_cnn(architecture, **parameters):
    return small_cnn(architecture=architecture, **{"epochs": 2, **parameters})


def describe(architecture):
    return describe_network(architecture, SHAPE, 10, {})


def assert_keras_predicts_the_same(clf, X):
    np.testing.assert_allclose(
        clf.to_keras().predict(X.reshape(-1, *SHAPE), verbose=0),
        clf.predict_proba(X),
        atol=1e-5,
    )


def ending_in(*last):
    """Return a function whose network ends in the given layers."""

    def build(image_shape, n_classes):
        import keras

        layers = [make(keras) for make in last]
        dense = [keras.layers.Flatten(), keras.layers.Dense(n_classes)]
        return keras.Sequential([keras.Input(image_shape), *dense, *layers])

    return build


UNITS, SCALE, RATE = 4, 1.0, 0.0


def reads_globals(image_shape, n_classes):
    import keras

    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.AveragePooling2D(4),
            keras.layers.Flatten(),
            keras.layers.Dense(UNITS, activation="relu"),
            keras.layers.Lambda(lambda x: x * SCALE, output_shape=(UNITS,)),
            keras.layers.Dropout(RATE),
            keras.layers.Dense(n_classes),
        ]
    )


@pytest.mark.parametrize(("name", "value"), [("UNITS", 6), ("SCALE", 30.0)])
def test_a_changed_global_is_another_network(name, value, images, monkeypatch):
    X, y = images
    first = own_cnn(reads_globals).fit(X, y)
    before = first.predict_proba(X)
    pickled = pickle.dumps(first)
    monkeypatch.setitem(globals(), name, value)
    second = own_cnn(reads_globals).fit(X, y)
    assert np.abs(second.predict_proba(X) - before).max() > 1e-3
    assert_keras_predicts_the_same(second, X)
    # What was fitted before goes on predicting with its own network, for images of
    # another dtype, too, which take another graph, and in copies.
    for clf in first, pickle.loads(pickled):
        np.testing.assert_array_equal(clf.predict_proba(X), before)
        np.testing.assert_allclose(
            clf.predict_proba(X.astype(np.float64)), before, atol=1e-5
        )
    for resume in (
        first.partial_fit,
        first.set_params(warm_start=True).fit,
    ):
        with pytest.raises(ValueError, match="parameters of the network"):
            resume(X, y)
    monkeypatch.undo()
    first.fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickled).predict_proba(X), before)
    assert_keras_predicts_the_same(pickle.loads(pickled), X)


def test_a_change_that_only_training_sees_is_another_network(monkeypatch):
    before = describe(reads_globals)
    assert describe(reads_globals) == before
    assert hash(describe(reads_globals)) == hash(before)
    monkeypatch.setitem(globals(), "RATE", 0.5)
    assert describe(reads_globals) != before


def test_changed_closures_defaults_and_code_are_other_networks():
    def with_closure(image_shape, n_classes, units=3):
        model = reads_globals(image_shape, n_classes)
        return model if not wide else own_dense(image_shape, n_classes, units)

    def other_code(image_shape, n_classes, units=3):
        return (wide, own_dense(image_shape, n_classes, units + 1))[1]

    def own_dense(image_shape, n_classes, units):
        import keras

        layers = [keras.layers.Dense(units), keras.layers.Dense(n_classes)]
        return keras.Sequential(
            [keras.Input(image_shape), keras.layers.Flatten(), *layers]
        )

    wide, seen = False, []
    for change in (
        lambda: None,
        lambda: setattr(with_closure, "__defaults__", (5,)),
        lambda: setattr(with_closure, "__code__", other_code.__code__),
    ):
        change()
        seen.append(describe(with_closure))
        wide = True
        seen.append(describe(with_closure))
    assert len(set(seen)) == len({d.fingerprint for d in seen}) == 4
    assert (seen[2], seen[4]) == (seen[3], seen[5])


OTHER_PROCESS = """
import json, pickle
import numpy as np
import own

with open("clf.pickle", "rb") as file:
    clf = pickle.load(file)
X, errors = np.load("X.npy"), []
own.SCALE = 30.0
for ask in clf.predict_proba, lambda X: clf.to_keras():
    try:
        ask(X)
    except ValueError as error:
        errors.append("different network" in str(error))
own.SCALE = 1.0
print(json.dumps([*errors, clf.predict_proba(X).tolist()]))
"""


def test_another_process_predicts_with_the_same_network_or_not_at_all(
    images, tmp_path, monkeypatch
):
    X, y = images
    (tmp_path / "own.py").write_text(
        """
UNITS, SCALE = 4, 1.0

def build(image_shape, n_classes):
    import keras
    return keras.Sequential([
        keras.Input(image_shape), keras.layers.Flatten(),
        keras.layers.Dense(UNITS, activation="relu"),
        keras.layers.Lambda(lambda x: x * SCALE, output_shape=(UNITS,)),
        keras.layers.Dense(n_classes),
    ])
"""
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    import own

    clf = own_cnn(own.build).fit(X, y)
    (tmp_path / "clf.pickle").write_bytes(pickle.dumps(clf))
    np.save("X.npy", X)
    *refused, probabilities = run_python(OTHER_PROCESS)
    assert refused == [True, True]
    np.testing.assert_array_equal(probabilities, clf.predict_proba(X))


def test_repeated_fits_of_a_function_add_no_graphs(images):
    from fmnist_sk._inference._predictor import _prediction_graph
    from fmnist_sk._training._graph_pool import _idle
    from fmnist_sk.architectures._own_network import _known

    X, y = images

    def count():
        clf = own_cnn(reads_globals, epochs=1).fit(X, y)
        clf.predict(X)
        return (
            sum(map(len, _idle.values())),
            _prediction_graph.cache_info().misses,
            len(_known),
        )

    assert count() == count() == count()


def test_networks_are_remembered_in_bounded_number():
    from fmnist_sk.architectures import _own_network

    for _ in range(_own_network._MAX_KNOWN + 3):
        describe(ending_in())
    assert len(_own_network._known) <= _own_network._MAX_KNOWN


def test_a_network_that_draws_random_numbers_shares_graphs():
    def noisy(keras):
        return keras.layers.Lambda(
            lambda x: x + keras.random.normal(keras.ops.shape(x)), output_shape=(10,)
        )

    function = ending_in(noisy)
    description = describe(function)
    assert description.response == ()
    assert describe(function) == description


CALLED = {"factor": 1.0, "drop": 0.0}


def reads_globals_when_called(image_shape, n_classes):
    import keras

    class OnlyInTraining(keras.layers.Layer):
        def call(self, x, training=False):
            return x * (1 - CALLED["drop"]) if training else x

    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Flatten(),
            OnlyInTraining(),
            keras.layers.Lambda(lambda x: x * CALLED["factor"]),
            keras.layers.Dense(n_classes),
        ]
    )


@pytest.mark.parametrize(
    ("name", "value"), [("factor", 1.01), ("factor", 3.0), ("drop", 0.5)]
)
def test_a_global_that_layers_read_is_another_network(images, monkeypatch, name, value):
    X, y = images
    before = own_cnn(reads_globals_when_called).fit(X, y)
    monkeypatch.setitem(CALLED, name, value)
    after = own_cnn(reads_globals_when_called).fit(X, y)
    assert any(
        (a != b).any()
        for a, b in zip(before._fitted.weights, after._fitted.weights, strict=True)
    )


def test_a_graph_is_not_traced_with_another_global(images, monkeypatch):
    """The graph of another dtype is traced for the first prediction with it."""
    X, y = images
    clf = own_cnn(reads_globals_when_called).fit(X, y)
    expected = clf.predict_proba(X)
    monkeypatch.setitem(CALLED, "factor", 3.0)
    np.testing.assert_array_equal(clf.predict_proba(X), expected)
    with pytest.raises(ValueError, match="builds a different network"):
        clf.predict_proba(X.astype(np.float32))
    monkeypatch.setitem(CALLED, "factor", 1.0)
    np.testing.assert_allclose(
        clf.predict_proba(X.astype(np.float32)), expected, atol=1e-5
    )
