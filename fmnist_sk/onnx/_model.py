"""ONNX model of a network: from raw images to labels and probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper

from .. import __version__
from ..architectures import OnnxArrays, OnnxGraph, OnnxTensor
from ..augmentation import UNSURE_BELOW, tta_views
from ._metadata import Metadata

# ONNX Runtime reads these versions from 1.14 on, which appeared in February 2023.
OPSET, _IR_VERSION = 18, 8


@dataclass(frozen=True)
class ModelParts:
    """Parts of a model.

    Attributes
    ----------
    network : callable
        Function that adds the network to a graph: from an `OnnxTensor` of normalised
        maps to one of logits.
    center, scale : ndarray of shape (1, 1, channels) or (height, width, channels)
        Value that is subtracted from each pixel, and divisor of the difference.
    tta : {"flip", "shift", "flip_shift"} or None
        Test-time views.
    temperature : float
        Divisor of the logits.
    metadata : Metadata
        Description of the model.
    """

    network: Callable[[OnnxTensor], OnnxTensor]
    center: NDArray[np.float64]
    scale: NDArray[np.float64]
    tta: str | None
    temperature: float
    metadata: Metadata


def build_model(
    parts: ModelParts,
    dtype: Literal["float32", "float64", "uint8"] = "float32",
    further_outputs: Callable[[OnnxTensor], dict[str, OnnxTensor]] | None = None,
) -> ModelProto:
    """Build an ONNX model.

    Parameters
    ----------
    parts : ModelParts
        Parts of the model.
    dtype : {"float32", "float64", "uint8"}, default="float32"
        Type of the images.
    further_outputs : callable, default=None
        Function that adds further outputs to the graph: from the positions of the
        predicted classes to tensors by their names.

    Returns
    -------
    model : onnx.ModelProto
        Model with the input "images" and the outputs "label", "probabilities" and
        "logits".

    Raises
    ------
    TypeError
        If ONNX has no type for the labels.
    """
    labels = _labels_for_onnx(parts.metadata.classes)
    graph = OnnxGraph()
    images = OnnxTensor(graph, "images", (None, *parts.metadata.image_shape))
    x = _normalise(images, parts, dtype)
    logits = parts.network(x)
    if parts.tta is not None:
        logits = _with_views(x, logits, parts)
    if parts.temperature != 1:
        logits = logits.then("Mul", graph.constant(1 / parts.temperature, np.float32))
    code = logits.then("ArgMax", shape=(None,), axis=1, keepdims=0)
    label = graph.node("Gather", graph.constant(labels), code.name, axis=0)
    further = further_outputs(code) if further_outputs else {}
    outputs = {
        "label": OnnxTensor(graph, label, (None,)),
        "probabilities": logits.then("Softmax", axis=1),
        "logits": logits,
        **further,
    }
    infos = []
    for name, tensor in outputs.items():
        graph.nodes.append(helper.make_node("Identity", [tensor.name], [name]))
        infos.append(_value(name, tensor.shape))
    infos[0] = _value("label", (None,), labels.dtype)
    proto = helper.make_graph(
        graph.nodes,
        "fmnist_sk",
        [_value("images", images.shape, dtype)],
        infos,
        graph.constants,
    )
    model = helper.make_model(
        proto,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
        producer_name="fmnist_sk",
        producer_version=__version__,
    )
    helper.set_model_props(model, parts.metadata.to_properties())
    return model


def _normalise(images: OnnxTensor, parts: ModelParts, dtype: str) -> OnnxTensor:
    """Return normalised float32 maps of raw images."""
    constant, x = images.graph.constant, images
    if dtype == "uint8":
        x = x.then("Cast", to=TensorProto.FLOAT)
    # Large values with small differences need double precision up to the difference.
    precision = np.float64 if dtype == "float64" else np.float32
    x = x.then("Transpose", perm=(0, 3, 1, 2))
    x = x.then("Sub", constant(parts.center.transpose(2, 0, 1), precision))
    x = x.then("Mul", constant(1 / parts.scale.transpose(2, 0, 1), precision))
    return x.then("Cast", to=TensorProto.FLOAT) if dtype == "float64" else x


def _with_views(x: OnnxTensor, logits: OnnxTensor, parts: ModelParts) -> OnnxTensor:
    """Average the logits of several views of the images that the network is unsure of.

    If there are no such images, the network gets a batch of no images, which takes
    20 µs. It is not in a branch of an `If`, because there ONNX Runtime 1.32 uses slower
    convolutions: predictions would take a third longer.
    """
    graph, constant = x.graph, x.graph.constant
    rows = _rows_of_unsure(logits)
    views = tta_views(x.then("Gather", rows, axis=0), parts.tta, xp=OnnxArrays)[1:]
    stack = OnnxArrays.concatenate(views, 0) if len(views) > 1 else views[0]
    shape = constant([len(views), -1, logits.shape[1]], np.int64)
    others = parts.network(stack).then("Reshape", shape)
    others = others.then("ReduceSum", constant([0], np.int64), keepdims=0)
    total = logits.then("Gather", rows, axis=0).then("Add", others.name)
    mean = total.then("Mul", constant(1 / (1 + len(views)), np.float32))
    places = graph.node("Unsqueeze", rows, constant([1], np.int64))
    return logits.then("ScatterND", places, mean.name)


def _rows_of_unsure(logits: OnnxTensor) -> str:
    """Return the positions of the images that the network is unsure of."""
    graph, constant = logits.graph, logits.graph.constant
    n_largest = min(2, logits.shape[1] or 1)
    number = constant([n_largest], np.int64)
    largest, _ = graph.node("TopK", logits.name, number, n_outputs=2, axis=1)
    first, last = (
        graph.node("Gather", largest, constant(i, np.int64), axis=1)
        for i in (0, n_largest - 1)
    )
    lead = graph.node("Sub", first, last)
    unsure = graph.node("Less", lead, constant(UNSURE_BELOW, np.float32))
    rows = graph.node("NonZero", unsure)
    return graph.node("Reshape", rows, constant([-1], np.int64))


def _labels_for_onnx(classes: NDArray[Any]) -> NDArray[Any]:
    """Return labels in a type that ONNX has."""
    if classes.dtype.kind in "biuf" and classes.dtype.itemsize <= 8:
        return classes
    labels = classes.tolist()
    for label in labels:
        if not isinstance(label, str):
            raise TypeError(
                "Labels in an ONNX file must be numbers, bools or strings. Got "
                f"{label!r} of type {type(label).__name__}."
            )
    return np.array(labels, dtype=object)


def _value(name: str, shape: tuple[int | None, ...], dtype: Any = np.float32) -> Any:
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, kind, ["n", *shape[1:]])
