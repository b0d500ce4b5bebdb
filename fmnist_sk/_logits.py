"""Predictions of a classifier from its logits."""

import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax, softmax
from sklearn.utils.validation import check_is_fitted


class LogitsMixin:
    """Prediction methods of a classifier that has logits.

    A subclass has `classes_` and `_logits`, a method from images to an ndarray of shape
    (n_samples, n_classes).
    """

    def _as_fitted(self):
        """Return a copy that stays as it is while another thread refits `self`."""
        check_is_fitted(self)
        return copy.copy(self)

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Compute the logits of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels), (n_samples, height, width) or \
                (n_samples, height, width, channels)
            Images on the scale of the training images.

        Returns
        -------
        logits : ndarray of shape (n_samples, n_classes), or (n_samples,) if there \
                are two classes
            Outputs of the network before the softmax. For two classes, the logit of the
            second class minus that of the first.

        Raises
        ------
        ValueError
            If `X` is invalid, or a value is so large that a logit overflows.
        """
        logits = self._as_fitted()._logits(X)
        return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Compute the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels), (n_samples, height, width) or \
                (n_samples, height, width, channels)
            Images on the scale of the training images.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Probabilities, in the order of `classes_`.

        Raises
        ------
        ValueError
            If `X` is invalid, or a value is so large that a logit overflows.
        """
        return softmax(self._as_fitted()._logits(X), axis=1)

    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Compute the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels), (n_samples, height, width) or \
                (n_samples, height, width, channels)
            Images on the scale of the training images.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            Logarithms, in the order of `classes_`; finite even where a probability
            rounds to 0.

        Raises
        ------
        ValueError
            If `X` is invalid, or a value is so large that a logit overflows.
        """
        return log_softmax(self._as_fitted()._logits(X), axis=1)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the label of each image.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels), (n_samples, height, width) or \
                (n_samples, height, width, channels)
            Images on the scale of the training images.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels from `classes_`.

        Raises
        ------
        ValueError
            If `X` is invalid, or a value is so large that a logit overflows.
        """
        fitted = self._as_fitted()
        return fitted.classes_[fitted._logits(X).argmax(axis=1)]
