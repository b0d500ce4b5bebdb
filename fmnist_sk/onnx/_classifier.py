"""OnnxClassifier: predictions with ONNX Runtime."""

from __future__ import annotations

import copy
import os
from contextlib import suppress
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from .._documentation import DocumentationLinkMixin
from .._images import warn_of_other_scale
from .._logits import LogitsMixin
from .._validation import validate_images
from ._session import OnnxModel


class OnnxClassifier(
    LogitsMixin, DocumentationLinkMixin, ClassifierMixin, BaseEstimator
):
    """Classifier that predicts from an ONNX file, without TensorFlow.

    :func:`export_onnx` writes the file, and ONNX Runtime computes the predictions. The
    classifier is fitted from the beginning. It reads the file at its first use and then
    keeps the content. Copies, clones and pickles contain it and do not need the file.
    Threads can share the classifier.

    Parameters
    ----------
    path : str or path-like
        Path of the file.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels of the exported classifier.
    image_shape_ : tuple of int
        Shape of one image, `(height, width, channels)`.
    n_features_in_ : int
        Number of values per image.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the classifier was trained on a DataFrame whose column
        names are strings.
    class_names_ : list of str
        Names of the classes, if the command line trained the model.

    See Also
    --------
    export_onnx : Write the file. Its example also predicts from the file.

    Notes
    -----
    Every method, and every attribute that ends with an underscore, raises an
    ImportError if ONNX Runtime is not installed, a FileNotFoundError if there is no
    such file, and a ValueError if the file is damaged or was not written by
    :func:`export_onnx`.

    The same images yield bitwise the same predictions in any batch, with any number of
    threads.

    Examples
    --------
    >>> from fmnist_sk import OnnxClassifier
    >>> OnnxClassifier("no-such-file.onnx").classes_
    Traceback (most recent call last):
    ...
    FileNotFoundError: [Errno 2] No such file or directory: 'no-such-file.onnx'
    """

    _loaded: OnnxModel

    # Pickles name the public path, so that this file may move.
    __module__ = "fmnist_sk.onnx"

    def __init__(self, path: str | os.PathLike[str]):
        self.path = path

    @classmethod
    def _of(cls, model: OnnxModel) -> Self:
        """Return the classifier of a model that is already loaded."""
        classifier = cls(model.path)
        classifier._loaded = model
        return classifier

    @property
    def classes_(self) -> NDArray[Any]:
        """Sorted labels."""
        return self._model.metadata.classes

    @property
    def image_shape_(self) -> tuple[int, int, int]:
        """Shape of one image, `(height, width, channels)`."""
        return self._model.metadata.image_shape

    @property
    def n_features_in_(self) -> int:
        """Number of values per image."""
        height, width, channels = self.image_shape_
        return height * width * channels

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Names of the columns of the training data."""
        names = self._model.metadata.feature_names
        if names is None:
            raise AttributeError("The classifier was trained on data without names.")
        return names

    @property
    def class_names_(self) -> list[str]:
        """Names of the classes."""
        names = self._model.metadata.class_names
        if names is None:
            raise AttributeError("The model contains no names of its classes.")
        return names

    @property
    def _ignores_feature_names(self):
        return self._model.metadata.ignores_names

    @property
    def _model(self):
        model = vars(self).get("_loaded")
        if model is None or model.path != self.path:
            model = self._loaded = OnnxModel(self.path)
        return model

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Return the classifier unchanged, for pipelines and cross-validations.

        Parameters
        ----------
        X : array-like
            Ignored.
        y : array-like, default=None
            Ignored.

        Returns
        -------
        self : OnnxClassifier
            The same classifier.
        """
        self.__sklearn_is_fitted__()
        return self

    def _rows_of(self, X):
        rows, *_ = validate_images(self, X, reset=False)
        warn_of_other_scale(rows, self._model.metadata)
        return rows

    def _logits(self, X):
        (logits,) = self._model.run(self._rows_of(X), ["logits"])
        return logits.astype(np.float64)

    def __sklearn_is_fitted__(self):
        # Reads the file here, because predictions are made by a copy.
        return bool(self._model)

    def __getstate__(self):
        # Copies and pickles hold the model, because there may be no such file where
        # they are used. Without a file, they raise the error when they are used.
        with suppress(OSError):
            self.__sklearn_is_fitted__()
        return super().__getstate__()

    def __sklearn_clone__(self):
        return copy.copy(self)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
