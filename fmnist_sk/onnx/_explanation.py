"""Further outputs of an ONNX model: heat maps and features."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..architectures import OnnxTensor


def explanation_outputs(
    network: Any, image_shape: tuple[int, int, int]
) -> Callable[[OnnxTensor], dict[str, OnnxTensor]]:
    """Return a function that adds explanations to the graph of a network.

    Parameters
    ----------
    network : NamedNetwork or OwnNetwork
        Network.
    image_shape : tuple of int
        `(height, width, channels)`.

    Returns
    -------
    add : callable
        Function from the positions of the predicted classes to the outputs by name:
        "features" is what `ImageEncoder` returns, and "heatmap" what `grad_cam` returns
        by default. A network of your own has neither, and a network with hidden dense
        layers has heat maps only if their activation is "relu" or "linear".
    """

    def add(code):
        members = network.logits_of_members
        if not members:
            return {}
        outputs = {"features": _features(members)}
        layers = [_contributions(logits, code) for logits in members]
        if all(layers):
            outputs["heatmap"] = _heatmap(layers, image_shape)
        return outputs

    return add


def _features(members):
    """Return the inputs of the last layers, or the means of maps that are inputs."""
    features = []
    for logits in members:
        x = logits.source[1]
        kind, *maps = x.source
        if kind == "flatten" and maps[0].shape[1:3] != (1, 1):
            shape = None, maps[0].shape[3]
            x = maps[0].then("ReduceMean", *_axes(x, 2, 3), shape=shape, keepdims=0)
        features.append(x)
    first, *others = features
    if not others:
        return first
    shape = None, sum(each.shape[1] for each in features)
    return first.then("Concat", *(each.name for each in others), shape=shape, axis=1)


def _contributions(logits, code):
    """Return the contributions (n, 1, height, width) of the last maps, or None.

    This is HiResCAM: each map is multiplied with its gradients. The gradients are
    written out, because ONNX has no operator for them.
    """
    graph = logits.graph
    _, x, kernel, _ = logits.source
    gradient = OnnxTensor(graph, graph.constant(kernel.T), x.shape)
    gradient = gradient.then("Gather", code.name, axis=0)
    while x.source[0] == "dense":
        _, before, kernel, activation = x.source
        if activation == "relu":
            is_active = x.then("Greater", graph.constant(0, np.float32))
            is_active = is_active.then("CastLike", x.name)
            gradient = gradient.then("Mul", is_active.name)
        elif activation != "linear":
            return None
        kernel = graph.constant(kernel)
        gradient = gradient.then("Gemm", kernel, shape=before.shape, transB=1)
        x = before
    maps = x.source[1]
    height, width, n_maps = maps.shape[1:]
    shape = graph.constant([-1, n_maps, height, width], np.int64)
    gradient = gradient.then("Reshape", shape, shape=maps.shape)
    if maps.source[0] == "mean":
        maps = maps.source[1]
        share = 1 / math.prod(maps.shape[1:3])
        gradient = gradient.then("Mul", graph.constant(share, np.float32))
    return maps.then("Mul", gradient.name).then(
        "ReduceSum", *_axes(maps, 1), shape=(*maps.shape[:3], 1), keepdims=1
    )


def _heatmap(layers, image_shape):
    """Add the contributions of layers, enlarged to the size of the image."""
    finest = max((layer.shape[1:3] for layer in layers), key=math.prod)
    # A pixel that is divided has its contribution divided.
    shares = [math.prod(layer.shape[1:3]) / math.prod(finest) for layer in layers]
    total, *others = [
        _enlarge(layer, finest).then("Mul", layer.graph.constant(share, np.float32))
        for layer, share in zip(layers, shares, strict=True)
    ]
    if others:
        total = total.then("Sum", *(each.name for each in others))
    heat = _enlarge(total.then("Relu"), image_shape[:2])
    largest = heat.then("ReduceMax", *_axes(heat, 1, 2, 3), keepdims=1)
    # A map that is 0 everywhere stays 0.
    smallest = heat.graph.constant(np.finfo(np.float32).tiny)
    heat = heat.then("Div", largest.then("Max", smallest).name)
    return heat.then("Squeeze", *_axes(heat, 1), shape=(None, *image_shape[:2]))


def _enlarge(heat, size):
    if heat.shape[1:3] == size:
        return heat
    sizes = "", "", heat.graph.constant(size, np.int64)
    return heat.then(
        *("Resize", *sizes),
        shape=(None, *size, 1),
        axes=(2, 3),
        mode="linear",
        coordinate_transformation_mode="half_pixel",
    )


def _axes(tensor, *axes):
    return (tensor.graph.constant(axes, np.int64),)
