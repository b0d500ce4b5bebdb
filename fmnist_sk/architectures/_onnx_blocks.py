"""Blocks for ONNX files: nodes of a graph, with folded weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._activations import MONOTONIC_ACTIVATIONS
from ._blocks import Blocks
from ._onnx_graph import OnnxTensor
from ._sizes import same_padding

# Attributes of the operators are Keras's own values, where ONNX has other defaults.
_OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("Relu", {}),
    "elu": ("Elu", {}),
    "selu": ("Selu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.2}),
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "softplus": ("Softplus", {}),
}


class OnnxBlocks(Blocks):
    """Blocks of nodes of an ONNX graph.

    Parameters
    ----------
    weights : iterable of ndarray
        Weights that `fold` returns, in the same order.

    Attributes
    ----------
    logits_of_members : list of OnnxTensor
        Logits of each member of an ensemble, or of the only network.
    """

    def __init__(self, weights: Iterable[NDArray[np.float32]]):
        self._weights = iter(weights)
        self.logits_of_members: list[OnnxTensor] = []

    def conv(
        self,
        x,
        filters,
        kernel_size,
        *,
        strides=1,
        padding="same",
        pool_size=(1, 1),
        batch_norm,
        activation,
    ):
        """Apply convolution, bias, pooling and activation, ordered like `ConvBlock`."""
        kernel, bias = next(self._weights), next(self._weights)
        pairs = list(zip(x.shape[1:3], kernel_size, strict=True))
        if padding == "same":
            before, after = zip(
                *(same_padding(*pair, strides) for pair in pairs), strict=True
            )
            sizes = [-(-size // strides) for size, _ in pairs]
        else:
            before = after = 0, 0
            sizes = [(size - window) // strides + 1 for size, window in pairs]
        x = x.then(
            "Conv",
            x.graph.constant(kernel.transpose(3, 2, 0, 1)),
            x.graph.constant(bias),
            shape=(None, *sizes, filters),
            kernel_shape=kernel_size,
            strides=(strides, strides),
            pads=(*before, *after),
        )
        # ONNX Runtime computes a relu in the convolution before it. For the other
        # activations, pooling first leaves a quarter of the pixels.
        pools_first = activation != "relu" and (
            batch_norm or activation in MONOTONIC_ACTIVATIONS
        )
        steps = [
            lambda x: _pool(x, pool_size),
            lambda x: _activate(x, activation),
        ]
        for step in steps if pools_first else reversed(steps):
            x = step(x)
        return x

    def dense(self, x, units, *, batch_norm, activation):
        """Apply a dense layer, bias and activation."""
        product = self._product(x)
        features = _activate(product, activation)
        features.source = (*product.source, activation)
        return features

    def dropout(self, x, rate):
        """Return x unchanged, because nothing is dropped in prediction."""
        return x

    def flatten(self, x):
        """Turn maps into features, one per pixel and map."""
        shape = x.graph.constant((-1, x.n_features), np.int64)
        features = x.then("Reshape", shape, shape=(None, x.n_features))
        features.source = "flatten", x
        return features

    def global_average_pool(self, x):
        """Turn maps into features, one per map."""
        pooled = x.then("GlobalAveragePool", shape=(None, 1, 1, x.shape[3]))
        pooled.source = "mean", x
        return self.flatten(pooled)

    def activated_sum(self, x, shortcut, activation):
        """Add two stacks of maps of the same shape and apply an activation."""
        return _activate(x.then("Add", shortcut.name), activation)

    def logits(self, x, n_classes):
        """Apply the output layer."""
        logits = self._product(x)
        logits.source = (*logits.source, "linear")
        self.logits_of_members.append(logits)
        return logits

    def average(self, logits):
        """Average the logits of several networks."""
        first, *others = logits
        total = first.then("Sum", *(each.name for each in others))
        share = first.graph.constant(np.float32(1 / len(logits)))
        return total.then("Mul", share)

    def _product(self, x):
        kernel, bias = next(self._weights), next(self._weights)
        kind, *maps = x.source
        if kind == "flatten":
            # The kernel has one row per (height, width, channel).
            by_place = kernel.reshape(*maps[0].shape[1:], -1)
            kernel = by_place.transpose(2, 0, 1, 3).reshape(kernel.shape)
        constants = x.graph.constant(kernel), x.graph.constant(bias)
        product = x.then("Gemm", *constants, shape=(None, kernel.shape[1]))
        product.source = "dense", x, kernel
        return product


def _pool(x, pool_size):
    if pool_size == (1, 1):
        return x
    shape = None, *(x.shape[i + 1] // pool_size[i] for i in (0, 1)), x.shape[3]
    return x.then("MaxPool", shape=shape, kernel_shape=pool_size, strides=pool_size)


def _activate(x, activation):
    """Apply an activation, with operators that every version of ONNX Runtime has."""
    if activation == "linear":
        return x
    if activation == "mish":
        return x.then("Mul", x.then("Softplus").then("Tanh").name)
    if activation in ("silu", "swish"):
        return x.then("Mul", x.then("Sigmoid").name)
    if activation == "gelu":
        constant = x.graph.constant
        scaled = x.then("Mul", constant(np.float32(np.sqrt(0.5))))
        doubled = scaled.then("Erf").then("Add", constant(np.float32(1)))
        return x.then("Mul", doubled.name).then("Mul", constant(np.float32(0.5)))
    operator, attributes = _OPERATORS[activation]
    return x.then(operator, **attributes)
