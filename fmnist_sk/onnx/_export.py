"""Export of fitted classifiers to ONNX files: `export_onnx`."""

from __future__ import annotations

import os
from typing import Any, Literal

import numpy as np

from .._compat import StrOptions, optional_import, validate_params
from .._learning import views_to_average
from .._pipelines import prediction_steps
from .._saving import write_whole
from .._validation import IGNORES_NAMES
from ..classifier import FashionCNNClassifier
from ._metadata import Metadata


@validate_params(
    {
        "estimator": "no_validation",
        "path": [str, os.PathLike],
        "dtype": [StrOptions({"float32", "float64", "uint8"})],
    },
    prefer_skip_nested_validation=True,
)
def export_onnx(
    estimator: Any,
    path: str | os.PathLike[str],
    *,
    dtype: Literal["float32", "float64", "uint8"] = "float32",
) -> None:
    """Export a fitted classifier to an ONNX file.

    The file contains everything from raw images to labels: the steps of a pipeline, the
    normalisation, the network, test-time augmentation, the temperature and the labels.
    ONNX Runtime computes its predictions in any language, without TensorFlow. In
    Python, :class:`OnnxClassifier` does this with scikit-learn's interface.

    Parameters
    ----------
    estimator : estimator
        Fitted :class:`FashionCNNClassifier`, a Pipeline that ends in one, or a search
        over either. The steps of the Pipeline before the classifier can be
        :class:`ImageReshaper`, :class:`ImageNormalizer`, :class:`ImageAugmenter`, which
        is left out, and scikit-learn's `StandardScaler`, `MinMaxScaler` and
        `MaxAbsScaler`.
    path : str or path-like
        Path of the file. A file of that name is replaced when the new file is complete.
    dtype : {"float32", "float64", "uint8"}, default="float32"
        Type of the images that the file takes. In the default type, the file takes
        images with the range of values of the training images, such as 0–255. "uint8"
        spares other programs the conversion of pixels. "float64" is for values with
        more than seven digits.

    Raises
    ------
    ImportError
        If the package `onnx` is not installed, or, for a network of your own,
        `tf2onnx`.
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.
    TypeError
        If `estimator` contains no `FashionCNNClassifier`, a step of the pipeline cannot
        be exported, or ONNX has no type for the labels.

    See Also
    --------
    OnnxClassifier : Predict with the file.
    save_model : Save an estimator so that it can be trained further.

    Notes
    -----
    The input `images` has the shape (n, height, width, channels) for any n. The outputs
    are `label` of shape (n,), and `probabilities` and `logits` of shape (n, n_classes).
    The metadata holds, as JSON, the labels (`classes`), `image_shape` and the version
    (`fmnist_sk`). The operators are those of opset 18.

    A named architecture is exported without TensorFlow. A network of your own is
    converted by `tf2onnx`, which must have a form for each of its operations.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fmnist_sk import OnnxClassifier, export_onnx
    >>> from fmnist_sk import load_fashion_mnist_sample, load_pretrained
    >>> X, y = load_fashion_mnist_sample(subset="test", return_X_y=True)
    >>> clf = load_pretrained("fashion-mnist-compact")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "model.onnx"
    ...     export_onnx(clf, path)
    ...     onnx_clf = OnnxClassifier(path)
    ...     onnx_clf.score(X, y) > 0.9
    True
    """
    optional_import("onnx", extra="onnx", why="export_onnx")
    write_whole(path, onnx_bytes(estimator, dtype))


def onnx_bytes(
    estimator: Any,
    dtype: Literal["float32", "float64", "uint8"] = "float32",
    *,
    explain: bool = False,
) -> bytes:
    """Return the content of the file that `export_onnx` writes.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator, as `export_onnx` takes it.
    dtype : {"float32", "float64", "uint8"}, default="float32"
        Type of the images.
    explain : bool, default=False
        Whether to add the outputs of `explanation_outputs`.

    Returns
    -------
    content : bytes
        ONNX model.
    """
    from onnx import checker

    from ._explanation import explanation_outputs
    from ._model import ModelParts, build_model
    from ._steps import scaling_of

    *transformers, classifier = prediction_steps(estimator)
    if not isinstance(classifier, FashionCNNClassifier):
        raise TypeError(
            "The estimator must be a fitted FashionCNNClassifier, a Pipeline that ends "
            f"in one, or a search over either. Got {type(classifier).__name__} instead."
        )
    fitted, shape = classifier._fitted, classifier.image_shape_
    mean, scale = (
        np.broadcast_to(each, shape)
        for each in (fitted.normalisation.mean, fitted.normalisation.scale)
    )
    center, scale = scaling_of(transformers, mean, scale)
    if all(np.ptp(each, axis=(0, 1)).max() == 0 for each in (center, scale)):
        center, scale = center[:1, :1], scale[:1, :1]
    means = center.mean(axis=(0, 1))
    deviations = np.sqrt((scale**2 + (center - means) ** 2).mean(axis=(0, 1)))
    network = _network(fitted)
    parts = ModelParts(
        network,
        center,
        scale,
        views_to_average(classifier, fitted),
        classifier.temperature_,
        Metadata(
            classifier.classes_,
            shape,
            means,
            deviations,
            getattr(estimator, "feature_names_in_", None),
            getattr(estimator, IGNORES_NAMES, False),
            getattr(estimator, "class_names_", None),
        ),
    )
    further = explanation_outputs(network, shape) if explain else None
    model = build_model(parts, dtype, further)
    checker.check_model(model, full_check=True)
    return model.SerializeToString()


def _network(fitted):
    """Return the function that adds a network to a graph."""
    if callable(fitted.description.architecture):
        from ._own_network import OwnNetwork

        return OwnNetwork(fitted)
    from ._named_network import NamedNetwork

    return NamedNetwork(fitted)
