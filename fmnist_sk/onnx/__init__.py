"""ONNX: export of fitted classifiers, and predictions without TensorFlow."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._classifier import OnnxClassifier

if TYPE_CHECKING:
    from ._export import export_onnx
    from ._in_memory import in_memory

__all__ = ["OnnxClassifier", "export_onnx", "in_memory"]

# Predictions from a file do not need these modules, whose import takes a tenth of a
# second.
_MODULE_OF = {"export_onnx": "_export", "in_memory": "_in_memory"}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})
