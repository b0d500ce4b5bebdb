"""ImageEncoder: what a trained network knows of an image, as features."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    MetaEstimatorMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from ._compat import HasMethods, StrOptions, _fit_context
from ._validation import all_or_nothing, validate_images
from .inspection import layer_outputs, network_and_images
from .pretrained import PRETRAINED, load_pretrained


class ImageEncoder(
    MetaEstimatorMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Encode images by a trained network without its last layer.

    The last layer of a network is a linear classifier. What it is given is what the
    network has made of an image: some dozens or hundreds of features in which images
    of a kind lie close together. They suit other classifiers, clustering, a search for
    similar images, t-SNE or UMAP, also of classes that the network was not trained on.

    Parameters
    ----------
    estimator : estimator or {"fashion-mnist", "fashion-mnist-compact"}
        What the network comes from: a :class:`FashionCNNClassifier`, a Pipeline that
        ends in one, or a search over either, which `fit` trains; one that is fitted
        already in a :class:`sklearn.frozen.FrozenEstimator`, which it does not; or the
        name of one that :func:`load_pretrained` loads.
    pooling : {"avg", "max"} or None, default="avg"
        What becomes of the features of a network that ends in maps: the average or the
        largest value of each map, or None for every pixel of it. It does not concern
        networks with a dense layer before the last.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator.
    image_shape_ : tuple of int
        `(height, width, channels)`.
    n_features_in_ : int
        Values an image.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of X's columns, if X is a DataFrame with strings for column names.

    See Also
    --------
    load_pretrained : A network that is trained already.
    fmnist_sk.inspection.feature_maps : What the layers before make of an image.

    Notes
    -----
    Test-time augmentation of the classifier has no part in it: the features are those
    of the image as it is.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from fmnist_sk import ImageEncoder, load_fashion_mnist_sample
    >>> X, y = load_fashion_mnist_sample(return_X_y=True)
    >>> X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)
    >>> encoder = ImageEncoder("fashion-mnist-compact").fit(X)
    >>> encoder.transform(X[:5]).shape
    (5, 32)
    >>> nearest = make_pipeline(encoder, KNeighborsClassifier()).fit(X[:500], y[:500])
    >>> nearest.score(X_test, y_test) > 0.9
    True
    """

    estimator_: Any
    image_shape_: tuple[int, int, int]
    n_features_in_: int
    feature_names_in_: NDArray[Any]

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit", "predict"]), StrOptions(set(PRETRAINED))],
        "pooling": [StrOptions({"avg", "max"}), None],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        pooling: Literal["avg", "max"] | None = "avg",
    ):
        self.estimator = estimator
        self.pooling = pooling

    # What is nested is validated by its own fit.
    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Fit the estimator, unless it is frozen or a pretrained one.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            The training images.
        y : array-like of shape (n,), default=None
            Their labels, which a frozen or pretrained estimator does without.

        Returns
        -------
        self : ImageEncoder
            The fitted encoder.

        Raises
        ------
        TypeError
            If the estimator has no network of this package.
        ValueError
            If a parameter or `X` is invalid, or not what the network was trained on.
        """
        if isinstance(self.estimator, str):
            self.estimator_ = load_pretrained(self.estimator)
        else:
            self.estimator_ = clone(self.estimator).fit(X, y)
        classifier, _ = network_and_images(self.estimator_, X)
        validate_images(self, X, reset=True)
        if math.prod(classifier.image_shape_) == self.n_features_in_:
            # Rows do not say that they are oblong or in colour; the network knows.
            self.image_shape_ = classifier.image_shape_
        self._n_features_out = layer_outputs(classifier).n_features(self.pooling)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Encode images.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images on the scale of the training images.

        Returns
        -------
        features : ndarray of shape (n, n_features_out), dtype float32
            Their features.
        """
        check_is_fitted(self)
        validate_images(self, X, reset=False)
        classifier, rows = network_and_images(self.estimator_, X)
        return layer_outputs(classifier).features(rows, self.pooling)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        if not isinstance(self.estimator, str):
            inner = get_tags(self.estimator)
            tags.target_tags.required = inner.target_tags.required
        return tags
