"""Operations of the compiled training step."""

import numpy as np
import pytest
from _small import quick

from fmnist_sk._training import OPTIMIZERS


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd", "nesterov"])
def test_the_fused_optimizers_do_what_keras_does(optimizer):
    import keras
    import tensorflow as tf

    from fmnist_sk._training._fused_optimizers import FUSED

    settings = dict(OPTIMIZERS[optimizer])
    name, _ = settings.pop("name"), settings.pop("weight_decay")
    rng = np.random.default_rng(0)
    start = rng.normal(size=(3, 4)).astype(np.float32)
    gradients = rng.normal(size=(5, 3, 4)).astype(np.float32)
    results = []
    for make in keras.optimizers.get(name).__class__, FUSED[name]:
        variable = keras.Variable(start)
        instance = make(**settings, weight_decay=0.01)
        for gradient in gradients:
            instance.apply([tf.constant(gradient)], [variable])
        results.append(variable.numpy())
    np.testing.assert_allclose(results[1], results[0], rtol=1e-5, atol=1e-6)
    assert np.abs(results[0] - start).max() > 1e-3


@pytest.mark.parametrize("architecture", ["standard", "two_conv", "resnet"])
def test_nothing_of_the_training_step_is_compiled_by_xla(architecture, sample):
    """On a CPU, convolutions of XLA take three times as long as those of oneDNN."""
    from fmnist_sk._training import _graph_pool

    X, y = sample.X_train[:40].astype(np.uint16), sample.y_train[:40]
    clf = quick(architecture=architecture, filters=4, dense_units=0, epochs=1)
    clf.fit(X, y).fit(X.astype(np.uint8), y)
    graph = next(reversed(_graph_pool._idle.values()))[-1]
    functions = list(graph.train_steps.traces.values())
    assert len(functions) == 2  # for uint8 pixels and for normalised images
    for function in functions:
        definition = function.graph.as_graph_def()
        nodes = [*definition.node, *definition.library.function]
        assert not [n.name for n in nodes if n.attr["_XlaMustCompile"].b]
        names = {node.op for f in definition.library.function for node in f.node_def}
        assert "Conv2DBackpropFilter" in names


@pytest.mark.parametrize("units", [8, 16, 20])
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_batch_normalisation_of_any_width(units, dtype):
    """Maps whose number is slow in oneDNN's bfloat16 are normalised in float32."""
    import tensorflow as tf

    from fmnist_sk.architectures._fast_layers import DenseBlock

    x = np.random.default_rng(0).normal(3, 2, (64, units)).astype(np.float32)
    block = DenseBlock(units, batch_norm=True, activation="linear", dtype=dtype)
    block(x[:2])
    block.kernel.assign(tf.eye(units))
    y = tf.cast(block(x, training=True), tf.float32).numpy()
    expected = (x - x.mean(axis=0)) / x.std(axis=0)
    np.testing.assert_allclose(y, expected, atol=0.05 if "b" in dtype else 1e-2)


def test_folded_weights_predict_what_keras_predicts(sample):
    """Training changes the moving statistics from their initial values."""
    X, y = sample.X_train[:300], sample.y_train[:300]
    for architecture in "standard", "resnet":
        clf = quick(architecture=architecture, filters=8, activation="gelu")
        expected = clf.fit(X, y).to_keras().predict(X.reshape(-1, 28, 28, 1), verbose=0)
        np.testing.assert_allclose(clf.predict_proba(X), expected, atol=2e-5)


def test_folding_is_of_kernels_with_three_arrays_after_them():
    from fmnist_sk.architectures._folding import fold

    kernel = np.ones((3, 3, 1, 2), np.float32)
    beta, mean = np.float32([1, 2]), np.float32([3, -4])
    variance = np.float32([4, 16]) - np.float32(1e-3)
    last = [np.ones((2, 5), np.float32), np.zeros(5, np.float32)]
    folded = fold([kernel, beta, mean, variance, *last])
    np.testing.assert_allclose(folded[0][0, 0, 0], [1 / 2, 1 / 4], rtol=1e-6)
    np.testing.assert_allclose(folded[1], [1 - 3 / 2, 2 + 4 / 4], rtol=1e-6)
    assert folded[2:] == last
    assert fold([kernel, beta, *last]) == [kernel, beta, *last]


def test_a_prediction_graph_has_no_more_arguments_than_it_needs(sample):
    from fmnist_sk._inference import predictor_of

    clf = quick(architecture="standard").fit(sample.X_train[:100], sample.y_train[:100])
    predictor = predictor_of(clf._fitted)
    assert len(clf._fitted.weights) == 14
    assert len(predictor._tensors) == 8
