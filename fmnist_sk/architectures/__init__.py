"""Network architectures, one per file, and the blocks that they are made of.

An architecture is written once, as a function that stacks blocks on images. The blocks
come in five interpretations with the same weights in the same order: the layers that
train fast on a CPU (`_fast_blocks`), stock Keras layers for `to_keras`
(`_stock_blocks`), plain operations on folded weights for prediction
(`_folded_blocks`), the nodes of an ONNX graph (`_onnx_blocks`), and NumPy's functions
(`_numpy_blocks`). This subpackage does not depend on scikit-learn, and importing it
imports neither Keras nor TensorFlow.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Each file registers its architecture when it is imported.
from . import _compact as _compact
from . import _resnet as _resnet
from . import _standard as _standard
from . import _three_conv as _three_conv
from . import _two_conv as _two_conv
from . import _vgg as _vgg
from ._activations import ACTIVATIONS
from ._architecture import (
    ARCHITECTURES,
    NETWORK_PARAMETERS,
    Architecture,
    Recipe,
    register,
)
from ._description import NetworkDescription, describe_network, recipe_of
from ._ensemble import Ensemble

if TYPE_CHECKING:
    from ._export import to_keras
    from ._folding import fold
    from ._network import Network, build_network, initial_weights
    from ._numpy_blocks import numpy_function
    from ._onnx_blocks import OnnxBlocks
    from ._onnx_graph import OnnxArrays, OnnxGraph, OnnxTensor
    from ._prediction import prediction_function, prediction_weights

__all__ = [
    "ACTIVATIONS",
    "ARCHITECTURES",
    "NETWORK_PARAMETERS",
    "Architecture",
    "Ensemble",
    "Network",
    "NetworkDescription",
    "OnnxArrays",
    "OnnxBlocks",
    "OnnxGraph",
    "OnnxTensor",
    "Recipe",
    "build_network",
    "describe_network",
    "fold",
    "initial_weights",
    "numpy_function",
    "prediction_function",
    "prediction_weights",
    "recipe_of",
    "register",
    "to_keras",
]

# Model files refer to these classes by name, so the names must not change when the
# classes move to another module.
Ensemble.__module__ = NetworkDescription.__module__ = __name__

# These modules import NumPy, onnx, or Keras and TensorFlow.
_MODULE_OF = {
    "Network": "_network",
    "OnnxArrays": "_onnx_graph",
    "OnnxBlocks": "_onnx_blocks",
    "OnnxGraph": "_onnx_graph",
    "OnnxTensor": "_onnx_graph",
    "build_network": "_network",
    "fold": "_folding",
    "initial_weights": "_network",
    "numpy_function": "_numpy_blocks",
    "prediction_function": "_prediction",
    "prediction_weights": "_prediction",
    "to_keras": "_export",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})
