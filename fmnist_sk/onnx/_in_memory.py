"""Classifiers that ONNX Runtime computes without a file."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from .._pipelines import final_estimator
from ._classifier import OnnxClassifier
from ._session import OnnxModel


def in_memory(estimator: Any, *, explain: bool = False) -> OnnxClassifier | None:
    """Return an OnnxClassifier that predicts what an estimator predicts.

    It starts within a tenth of a second, whereas TensorFlow takes several seconds.

    Parameters
    ----------
    estimator : estimator
        Fitted classifier.
    explain : bool, default=False
        Whether to add the outputs "features" and "heatmap", where the network has them.

    Returns
    -------
    classifier : OnnxClassifier or None
        Classifier, or None if the packages `onnx` and `onnxruntime` are not installed,
        the estimator cannot be exported, or its export would start TensorFlow.
    """
    if isinstance(estimator, OnnxClassifier):
        return estimator
    if find_spec("onnx") is None or find_spec("onnxruntime") is None:
        return None
    fitted = getattr(final_estimator(estimator), "_fitted", None)
    if fitted is None or callable(fitted.description.architecture):
        return None
    from ._export import onnx_bytes

    try:
        content = onnx_bytes(estimator, explain=explain)
    except TypeError:  # a step or a label that cannot be exported
        return None
    return OnnxClassifier._of(OnnxModel("", content))
