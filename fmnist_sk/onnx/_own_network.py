"""Network that a function built, converted by tf2onnx."""

import logging
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx

from .. import _engine
from .._compat import optional_import
from ..architectures import OnnxTensor, build_network
from ._model import OPSET


class OwnNetwork:
    """Function that adds a network of the user's own to a graph.

    Parameters
    ----------
    fitted : FittedNetwork
        Fitted state, whose architecture is a function.

    Raises
    ------
    ImportError
        If tf2onnx is not installed.
    ValueError
        If the function now builds a network other than the fitted one, or tf2onnx
        cannot convert an operation of the network.
    """

    # Explanations need the layers of a named architecture.
    logits_of_members = ()

    def __init__(self, fitted):
        optional_import("tf2onnx", extra="onnx", why="export_onnx of your own network")
        _engine.start()
        network = build_network(fitted.description, stock=True)
        network.set_weights(fitted.weights)
        self._output, self._n_classes = network.output, fitted.description.n_classes
        # TensorFlow would refuse the name of a class that begins with an underscore.
        network.model.name = "network"
        self._graph = _convert(network.model, fitted.image_shape)

    def __call__(self, x):
        """Add the network to the graph of normalised maps and return its logits."""
        graph, constant = x.graph, x.graph.constant
        (images,), (output,) = self._graph.input, self._graph.output
        names = {images.name: x.then("Transpose", perm=(0, 2, 3, 1)).name}
        for weights in self._graph.initializer:
            values = onnx.numpy_helper.to_array(weights)
            names[weights.name] = constant(values)
        for node in self._graph.node:
            names |= {name: graph.new_name() for name in node.output if name}
        for node in self._graph.node:
            added = onnx.NodeProto()
            added.CopyFrom(node)
            _rename(added, names)
            if added.op_type == "Erfc":  # of an exact gelu; tf2onnx does not know it
                erf = graph.node("Erf", *added.input)
                inputs = constant(1, np.float32), erf
                added = onnx.helper.make_node("Sub", inputs, added.output)
            graph.nodes.append(added)
        scores = OnnxTensor(graph, names[output.name], (None, self._n_classes))
        if self._output == "logits":
            return scores
        # The softmax of the logarithm is the probabilities again.
        smallest = constant(np.finfo(np.float32).tiny)
        return scores.then("Max", smallest).then("Log")


def _convert(model, image_shape):
    """Convert a Keras model to an ONNX graph."""
    import tensorflow as tf

    signature = [tf.TensorSpec((None, *image_shape), tf.float32, "images")]
    logger = logging.getLogger("tf2onnx")
    level, logger.level = logger.level, logging.CRITICAL
    try:
        with (
            _engine.building(),
            tempfile.TemporaryDirectory() as folder,
            warnings.catch_warnings(),
        ):
            # Keras 3.15 mends tf2onnx for NumPy 2, with a FutureWarning.
            warnings.simplefilter("ignore")
            path = Path(folder, "network.onnx")
            model.export(
                str(path),
                format="onnx",
                verbose=False,
                input_signature=signature,
                opset_version=OPSET,
            )
            graph = onnx.load(path).graph
    finally:
        logger.level = level
    unknown = {
        node.op_type
        for node in graph.node
        if node.op_type != "Erfc" and not onnx.defs.has(node.op_type, node.domain)
    }
    if unknown:
        raise ValueError(
            "The network cannot be exported, because tf2onnx does not convert these "
            f"operations of TensorFlow: {', '.join(sorted(unknown))}."
        )
    return graph


def _rename(node, names):
    """Rename the tensors that a node and the graphs inside it read and compute."""
    for tensors in node.input, node.output:
        tensors[:] = [names.get(name, name) for name in tensors]
    node.name = ""
    for attribute in node.attribute:
        for inside in (attribute.g, *attribute.graphs):
            for each in inside.node:
                _rename(each, names)
