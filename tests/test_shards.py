"""Shards of a batch, and bitwise equal results for any number of threads."""

import numpy as np
import pytest
from _processes import run_python
from _small import quick
from sklearn.model_selection import GridSearchCV

from fmnist_sk._training import _graph
from fmnist_sk.architectures import ARCHITECTURES, build_network

RESULTS = """
import hashlib, json, sys
import keras
from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample
from fmnist_sk.architectures import Ensemble
from fmnist_sk.inspection import grad_cam

X, y = load_fashion_mnist_sample(return_X_y=True)

def own(image_shape, n_classes, norm=False):
    layers = keras.layers
    middle = [layers.BatchNormalization()] if norm else []
    return keras.Sequential([
        keras.Input(image_shape), layers.Conv2D(4, 3, strides=2), *middle,
        layers.Flatten(), layers.Dropout(0.3), layers.Dense(n_classes),
    ])

def with_norm(image_shape, n_classes):
    return own(image_shape, n_classes, norm=True)

small = {"epochs": 1, "filters": 8, "batch_size": 100}
settings = [
    {"architecture": "standard", "early_stopping": True, "dropout": 0.3},
    {"architecture": "vgg", "augmentation": {"cutmix": 1.0}},
    {"architecture": "resnet", "precision": "float32", "batch_size": 33},
    {
        "architecture": Ensemble("compact", "two_conv"),
        "batch_size": 300,
        "optimizer": "nesterov",
        "class_weight": "balanced",
    },
    {"architecture": own, "filters": None},
    {"architecture": with_norm, "filters": None},
]
found = []
for parameters in settings:
    clf = FashionCNNClassifier(random_state=0, **small | parameters)
    clf.fit(X[:300], y[:300])
    digest = hashlib.sha256(b"".join(w.tobytes() for w in clf._fitted.weights))
    for tta in None, "flip_shift":
        digest.update(clf.set_params(tta=tta).predict_proba(X[:600]).tobytes())
    digest.update(grad_cam(clf, X[:300]).tobytes())
    found.append(digest.hexdigest() + repr(clf.history_))
print(json.dumps(found))
"""


def test_the_number_of_threads_changes_no_bit(monkeypatch):
    found = {}
    for n_threads in 1, 4:
        monkeypatch.setenv("TF_NUM_INTEROP_THREADS", str(n_threads))
        found[n_threads] = run_python(RESULTS)
    assert found[1] == found[4]
    assert len(set(found[1])) == len(found[1]) == 6


def test_the_number_of_workers_changes_no_score(sample):
    X, y = sample.X_train[:600], sample.y_train[:600]
    scores = []
    for n_jobs in 1, 2:
        search = GridSearchCV(quick(batch_size=64), {"filters": [3, 8]}, n_jobs=n_jobs)
        search.fit(X, y)
        results = search.cv_results_
        scores.append([results[f"split{i}_test_score"] for i in range(5)])
        scores[-1].append(search.predict_proba(X)[:, 0])
    for one, two in zip(*scores, strict=True):
        np.testing.assert_array_equal(one, two)


def fitted_with(n_shards, sample, monkeypatch, **parameters):
    monkeypatch.setattr(_graph.TrainingGraph, "n_shards", lambda *_: n_shards)
    X, y = sample.X_train[:331], sample.y_train[:331]
    weights = np.random.default_rng(0).uniform(0.1, 3, len(y))
    clf = quick(
        architecture="two_conv",
        dropout=0.0,
        precision="float32",
        batch_size=67,
        optimizer="nesterov",  # Adam divides by gradients that are almost 0
        **parameters,
    )
    return clf.fit(X, y, sample_weight=weights)


@pytest.mark.parametrize("augmentation", [None, {"mixup": 1.0}])
def test_a_step_in_shards_is_the_step_of_the_whole_batch(
    augmentation, sample, monkeypatch
):
    """Without batch normalisation, up to rounding."""
    whole, *others = (
        fitted_with(n, sample, monkeypatch, augmentation=augmentation)
        for n in (1, 2, 3, 8)
    )
    for other in others:
        for a, b in zip(whole._fitted.weights, other._fitted.weights, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)
        for metric, values in whole.history_.items():
            np.testing.assert_allclose(other.history_[metric], values, rtol=1e-4)


def test_regularizers_of_an_own_network_count_once(sample, monkeypatch):
    import keras

    def regularised(image_shape, n_classes):
        return keras.Sequential(
            [
                keras.Input(image_shape),
                keras.layers.Flatten(),
                keras.layers.Dense(
                    n_classes, kernel_regularizer=keras.regularizers.L2(strength)
                ),
            ]
        )

    X, y = sample.X_train[:256], sample.y_train[:256]
    norms = {}
    for strength in 0.0, 3.0:  # which `regularised` reads
        for n_shards in 1, 2:
            with monkeypatch.context() as patch:
                patch.setattr(
                    _graph.TrainingGraph, "n_shards", lambda *_, n=n_shards: n
                )
                clf = quick(
                    architecture=regularised,
                    batch_size=128,
                    optimizer="sgd",
                ).fit(X, y)
            norms[strength, n_shards] = np.linalg.norm(clf._fitted.weights[0])
    assert norms[3.0, 1] == pytest.approx(norms[3.0, 2], rel=1e-4)
    assert norms[3.0, 1] < 0.99 * norms[0.0, 1]


@pytest.mark.parametrize("sizes", [(40,), (20, 20), (7, 30, 2)])
def test_moving_statistics_are_those_of_the_whole_batch(sizes):
    import tensorflow as tf

    from fmnist_sk.architectures._fast_layers import DenseBlock

    rng = np.random.default_rng(0)
    shards = [
        rng.normal(i, 1 + i, (n, 3)).astype(np.float32) for i, n in enumerate(sizes)
    ]
    block = DenseBlock(3, batch_norm=True, activation="relu")
    block.build((None, 3))
    block.kernel.assign(np.eye(3))
    block.momentum = lambda: tf.constant(0.25)
    with block.collecting_statistics():
        for shard in shards:
            block(shard, training=True)
        np.testing.assert_array_equal(block.moving_mean, np.zeros(3))
    every = np.concatenate(shards)
    np.testing.assert_allclose(block.moving_mean, 0.75 * every.mean(0), rtol=1e-5)
    expected = 0.25 + 0.75 * every.var(0, ddof=1)
    np.testing.assert_allclose(block.moving_variance, expected, rtol=1e-5)
    block(shards[0], training=True)
    assert not np.allclose(block.moving_mean, 0.75 * every.mean(0))


@pytest.fixture(scope="module")
def n_shards(sample):
    """Function from a batch size to a number of shards, for a named architecture."""
    from fmnist_sk._training import _graph_pool

    quick().fit(sample.X_train[:64], sample.y_train[:64])
    return next(reversed(_graph_pool._idle.values()))[-1].n_shards


def test_the_number_of_shards_as_documented(n_shards):
    found = [n_shards(n) for n in (1, 31, 32, 128, 191, 192, 256, 511, 512, 10_000)]
    assert found == [1, 1, 2, 2, 2, 3, 4, 7, 8, 8]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_named_architecture_is_trained_in_shards(architecture, sample):
    clf = quick(architecture=architecture, epochs=1, filters=4, activation="mish")
    clf.fit(sample.X_train[:40], sample.y_train[:40])
    assert build_network(clf._fitted.description, "mixed_bfloat16").can_be_sharded


def test_which_own_networks_are_trained_in_shards():
    import keras

    from fmnist_sk.architectures._network import Network

    layers = keras.layers

    class Custom(layers.Layer):
        def call(self, x):
            return x - keras.ops.mean(x, axis=0, keepdims=True)

    def can_be_sharded(*middle):
        model = keras.Sequential([keras.Input((6, 6, 1)), *middle, layers.Flatten()])
        return Network(model, model.weights).can_be_sharded

    frozen = layers.BatchNormalization(trainable=False)
    nested = keras.Sequential([layers.Conv2D(2, 3), layers.BatchNormalization()])
    assert can_be_sharded(layers.Conv2D(2, 3), layers.LayerNormalization())
    assert can_be_sharded(frozen, layers.Dropout(0.5), layers.RandomFlip())
    assert not can_be_sharded(layers.BatchNormalization())
    assert not can_be_sharded(nested)
    assert not can_be_sharded(Custom())
    assert not can_be_sharded(layers.Lambda(lambda x: x - keras.ops.mean(x)))
    assert not can_be_sharded(layers.Conv2D(2, 3, activity_regularizer="l2"))
    inputs = keras.Input((6, 6, 1))
    centred = inputs - keras.ops.mean(inputs, axis=0, keepdims=True)
    model = keras.Model(inputs, layers.Flatten()(centred))
    assert not Network(model, model.weights).can_be_sharded

    class CentredModel(keras.Model):
        def __init__(self):
            super().__init__()
            self.flatten = layers.Flatten()

        def call(self, x):
            return self.flatten(x - keras.ops.mean(x, axis=0, keepdims=True))

    model = CentredModel()
    assert not Network(model, []).can_be_sharded
    inside = keras.Sequential([keras.Input((6, 6, 1)), model])
    assert not Network(inside, []).can_be_sharded
