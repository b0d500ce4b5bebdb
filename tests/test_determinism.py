"""Bitwise reproducible models for a seed, under all circumstances."""

import json
import random
from multiprocessing.pool import ThreadPool

import numpy as np
import pytest
from _processes import run_python
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

from fmnist_sk import FashionCNNClassifier

SMALL = {
    "architecture": "compact",
    "filters": 2,
    "epochs": 2,
    "batch_size": 64,
    "random_state": 0,
}
NETWORKS = {
    "compact": {},
    "dropout and augmentation": {"dropout": 0.3, "augmentation": "standard"},
    "two_conv": {"architecture": "two_conv", "dense_units": 8},
}


def small(**parameters):
    return FashionCNNClassifier(**SMALL | parameters)


def assert_same_model(model, other):
    for weights, others in zip(
        model._fitted.weights, other._fitted.weights, strict=True
    ):
        np.testing.assert_array_equal(weights, others)
    assert model.history_ == other.history_


def differ(model, other):
    return not np.array_equal(model._fitted.weights[0], other._fitted.weights[0])


@pytest.fixture(scope="module")
def data(sample):
    return sample.X_train[:200], sample.y_train[:200]


FIT_AND_STORE = """
import json, sys
import numpy as np
from fmnist_sk import FashionCNNClassifier

folder, parameters = sys.argv[1], json.loads(sys.argv[2])
data = np.load(f"{folder}/data.npz")
for i, settings in enumerate(parameters):
    model = FashionCNNClassifier(**settings).fit(data["X"], data["y"])
    np.savez(f"{folder}/{i}.npz", *model._fitted.weights)
print("null")
"""


def test_another_process_trains_the_same_model(data, tmp_path):
    models = [small(**parameters).fit(*data) for parameters in NETWORKS.values()]
    models.append(small(early_stopping=True, class_weight="balanced").fit(*data))
    np.savez(tmp_path / "data.npz", X=data[0], y=data[1])
    # In a different order, so that each fit follows other fits.
    parameters = json.dumps([model.get_params() for model in reversed(models)])
    run_python(FIT_AND_STORE, tmp_path, parameters)
    for i, model in enumerate(reversed(models)):
        with np.load(tmp_path / f"{i}.npz") as stored:
            for weights, others in zip(
                model._fitted.weights, stored.values(), strict=True
            ):
                np.testing.assert_array_equal(weights, others)


def test_threads_train_the_same_models(data):
    settings = [
        parameters | {"random_state": seed}
        for seed in (0, 1)
        for parameters in (*NETWORKS.values(), {"filters": 3})
    ] * 2
    # The threads run first, so that graphs are traced in several threads at once.
    with ThreadPool(4) as pool:
        racing = pool.map(lambda p: small(**p).fit(*data), settings, chunksize=1)
    for parameters, model in zip(settings, racing, strict=True):
        assert_same_model(model, small(**parameters).fit(*data))
    assert differ(racing[0], racing[len(NETWORKS) + 1])


def test_random_states_are_used_and_advance(data):
    state = np.random.RandomState(1)
    first = small(random_state=state).fit(*data)
    second = small(random_state=state).fit(*data)
    other = small(random_state=np.random.RandomState(2)).fit(*data)
    again = small(random_state=np.random.RandomState(1)).fit(*data)
    assert differ(first, second)
    assert differ(first, other)
    assert_same_model(first, again)


def test_without_a_seed_every_fit_differs(data):
    assert differ(*(small(random_state=None).fit(*data) for _ in range(2)))


def build_with_keras_initialisers(image_shape, n_classes):
    import keras

    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(4, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(n_classes),
        ]
    )


@pytest.mark.parametrize(
    "parameters",
    [*NETWORKS.values(), {"architecture": build_with_keras_initialisers}],
    ids=[*NETWORKS, "callable"],
)
def test_global_random_states_are_neither_used_nor_changed(parameters, data):
    parameters = {"filters": None, **parameters}
    models = []
    for seed in (1, 2):
        np.random.seed(seed)  # noqa: NPY002
        random.seed(seed)
        before = random.getstate(), np.random.get_state()  # noqa: NPY002
        models.append(small(**parameters).fit(*data))
        models[-1].predict(data[0])
        assert random.getstate() == before[0]
        after = np.random.get_state()  # noqa: NPY002
        np.testing.assert_equal(after, before[1])
    assert_same_model(*models)


@pytest.mark.parametrize("parameters", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("optimizer", ["adamw", "nesterov"])
def test_fit_is_as_many_calls_of_partial_fit(parameters, optimizer, data):
    model = small(optimizer=optimizer, lr_schedule="constant", **parameters)
    whole = clone(model).set_params(epochs=3).fit(*data)
    for _ in range(3):
        model.partial_fit(*data, classes=range(10))
    assert_same_model(model, whole)
    assert model.n_iter_ == whole.n_iter_ == 3
    np.testing.assert_array_equal(
        model.predict_proba(data[0]), whole.predict_proba(data[0])
    )


def test_fit_is_as_many_calls_of_partial_fit_by_default_and_with_weights(data):
    weights = np.random.default_rng(0).integers(3, size=len(data[1]))
    model = FashionCNNClassifier(lr_schedule="constant", random_state=3)
    whole = clone(model).set_params(epochs=3).fit(*data, sample_weight=weights)
    for _ in range(3):
        model.partial_fit(*data, classes=range(10), sample_weight=weights)
    assert_same_model(model, whole)


def idle_callbacks():
    import keras

    class Epochs(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            assert logs["loss"] > 0

    class Batches(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            assert logs["loss"] > 0

    return {"epochs": Epochs(), "batches": Batches()}


@pytest.mark.parametrize("watching", ["epochs", "batches"])
@pytest.mark.parametrize("parameters", NETWORKS.values(), ids=NETWORKS)
def test_a_callback_that_only_watches_changes_nothing(watching, parameters, data):
    watched = small(callbacks=[idle_callbacks()[watching]], **parameters).fit(*data)
    assert_same_model(watched, small(**parameters).fit(*data))


def test_verbosity_changes_nothing(data, capsys):
    models = [small(verbose=verbose).fit(*data) for verbose in (0, 1, 2)]
    assert_same_model(models[0], models[1])
    assert_same_model(models[0], models[2])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize(
    "parameters",
    [*NETWORKS.values(), {"architecture": "standard", "filters": None}],
    ids=[*NETWORKS, "standard"],
)
def test_an_image_is_predicted_the_same_alone_and_in_company(parameters, dtype, sample):
    # More images than one call of the prediction graph takes.
    X = sample.X_train[:600].astype(dtype)
    model = small(**parameters).fit(X[:200], sample.y_train[:200])
    together = model.decision_function(X)
    for rows in ([0], [599], [1, 0], [5, 6, 7], range(100), range(590, 600)):
        alone = model.decision_function(X[list(rows)])
        np.testing.assert_array_equal(alone, together[list(rows)])


@pytest.mark.parametrize("tta", ["flip", "shift", "flip_shift"])
def test_averaged_predictions_do_not_depend_on_the_company(tta, data):
    model = small(tta=tta).fit(*data)
    together = model.decision_function(data[0])
    np.testing.assert_array_equal(model.decision_function(data[0][:1]), together[:1])


def test_other_models_do_not_change_predictions(data):
    X = data[0]
    model = small().fit(*data)
    before = model.predict_proba(X)
    for parameters in (*NETWORKS.values(), {"random_state": 1}):
        small(**parameters).fit(*data).predict(X)
    np.testing.assert_array_equal(model.predict_proba(X), before)
    assert_same_model(small().fit(*data), model)


def test_the_range_of_the_pixels_does_not_matter(sample):
    X, X_test = sample.X_train[:2000], sample.X_test
    y = sample.y_train[:2000]
    scaler = StandardScaler().fit(X.reshape(-1, 1))

    def standardise(images):
        return scaler.transform(images.reshape(-1, 1)).reshape(images.shape)

    ranges = {
        "uint8": lambda images: images,
        "0 to 1": lambda images: (images / 255).astype(np.float32),
        "standardised": standardise,
    }
    scores = {}
    for name, change in ranges.items():
        models = [
            FashionCNNClassifier(epochs=2, random_state=seed).fit(change(X), y)
            for seed in range(3)
        ]
        scores[name] = np.mean(
            [model.score(change(X_test), sample.y_test) for model in models]
        )
    # Of 1,000 images with three seeds. The networks differ by rounding only.
    assert np.ptp(list(scores.values())) <= 0.006
    assert min(scores.values()) > 0.7
