"""ONNX: export of fitted classifiers, and predictions without TensorFlow."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._classifier import OnnxClassifier
from ._session import OnnxModel as OnnxModel

if TYPE_CHECKING:
    from ._export import export_onnx, onnx_bytes

__all__ = ["OnnxClassifier", "export_onnx", "onnx_bytes"]


def __getattr__(name: str) -> Any:
    # Predictions do not need the module of the export, whose import takes a tenth of a
    # second.
    if name not in ("export_onnx", "onnx_bytes"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("._export", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), "export_onnx", "onnx_bytes"})
