"""Steps of a pipeline before the network, as one shift and one scale of each pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

from ..augmentation import ImageAugmenter
from ..preprocessing import ImageNormalizer, ImageReshaper, PhotoConverter

_Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


def scaling_of(
    transformers: list[Any], mean: NDArray[np.float64], scale: NDArray[np.float64]
) -> _Pair:
    """Combine the steps of a pipeline with the network's own normalisation.

    Parameters
    ----------
    transformers : list of transformer
        Fitted steps before the network.
    mean, scale : ndarray of shape (height, width, channels)
        Normalisation of the network.

    Returns
    -------
    center, scale : ndarray of shape (height, width, channels)
        Shift and scale from raw pixels to normalised pixels: `(x - center) / scale`.

    Raises
    ------
    TypeError
        If a step cannot be exported.
    """
    shape = mean.shape
    for transformer in reversed(list(_single(transformers))):
        center, factor = _center_and_scale(transformer)
        center, factor = (
            np.resize(np.asarray(each, np.float64), mean.size).reshape(shape)
            for each in (center, factor)
        )
        # ((x - center) / factor - mean) / scale, as a single difference and quotient.
        mean, scale = center + mean * factor, factor * scale
    return mean, scale


def _single(transformers):
    """Yield the steps of pipelines in place of the pipelines."""
    for transformer in transformers:
        if isinstance(transformer, Pipeline):
            yield from _single(step for _, step in transformer.steps)
        elif transformer not in (None, "passthrough"):
            yield transformer


def _center_and_scale(transformer: Any) -> tuple[Any, Any]:
    """Return what a transformer subtracts from each value, and what it divides by."""
    if isinstance(transformer, (ImageReshaper, ImageAugmenter)):
        return 0.0, 1.0
    if isinstance(transformer, ImageNormalizer):
        return transformer.center_, transformer.scale_
    if isinstance(transformer, StandardScaler):
        center = transformer.mean_ if transformer.with_mean else 0.0
        return center, transformer.scale_ if transformer.with_std else 1.0
    if isinstance(transformer, MinMaxScaler) and not transformer.clip:
        return -transformer.min_ / transformer.scale_, 1 / transformer.scale_
    if isinstance(transformer, MaxAbsScaler) and not getattr(transformer, "clip", 0):
        return 0.0, transformer.scale_
    name = type(transformer).__name__
    if isinstance(transformer, PhotoConverter):
        raise TypeError(
            "PhotoConverter cannot be exported, because ONNX does not decode pictures. "
            "Export the steps after it, pipeline[1:], and predict with "
            "make_pipeline(PhotoConverter(), OnnxClassifier(path))."
        )
    raise TypeError(
        f"The step {name} cannot be exported. Steps before the network must be "
        "ImageReshaper, ImageNormalizer, ImageAugmenter, StandardScaler, MinMaxScaler "
        "without clip, or MaxAbsScaler."
    )
