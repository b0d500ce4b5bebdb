"""ImageEncoder: features of images from a trained network."""

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
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _routing_enabled,
    process_routing,
)
from sklearn.utils.validation import check_is_fitted

from ._compat import HasMethods, StrOptions, _fit_context
from ._documentation import DocumentationLinkMixin
from ._validation import all_or_nothing, validate_images
from .inspection import layer_outputs, network_and_images
from .pretrained import PRETRAINED, load_pretrained


class ImageEncoder(
    DocumentationLinkMixin,
    MetaEstimatorMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Transformer that encodes images as features of a trained network.

    The last layer of a network is a linear classifier. Its input is a vector of dozens
    or hundreds of features, in which similar images are close to each other. Use these
    features for other classifiers, clustering, search for similar images, t-SNE or
    UMAP. The features also distinguish classes that the network was not trained on.

    Parameters
    ----------
    estimator : estimator or {"fashion-mnist", "fashion-mnist-compact"}
        Source of the network: a :class:`FashionCNNClassifier`, a Pipeline that ends in
        one, or a search over either. `fit` trains it. To use a network that is already
        fitted, wrap it in a :class:`sklearn.frozen.FrozenEstimator`, or pass the name
        of a classifier that :func:`load_pretrained` loads.
    pooling : {"avg", "max"} or None, default="avg"
        Pooling of the features if the input of the last layer is feature maps: the mean
        or the maximum of each map, or None for all pixels. It has no effect on networks
        with a dense layer before the last layer.

    Attributes
    ----------
    estimator_ : estimator
        Fitted estimator.
    image_shape_ : tuple of int
        Shape of an image, `(height, width, channels)`.
    n_features_in_ : int
        Number of values per image.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of `X`, if `X` is a DataFrame whose column names are
        strings.

    See Also
    --------
    load_pretrained : Load a pretrained classifier.
    fmnist_sk.inspection.feature_maps : Compute the outputs of a hidden layer.

    Notes
    -----
    Test-time augmentation of the classifier is not applied: the features are those of
    the image as it is.

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

    # The nested estimator is validated by its own fit.
    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike | None = None, **fit_params: Any) -> Self:
        """Fit the estimator, unless it is frozen or pretrained.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Training images.
        y : array-like of shape (n,), default=None
            Labels. A frozen or pretrained estimator does not need them.
        **fit_params : dict
            Metadata for `fit` of the estimator, such as `sample_weight` or `groups`. If
            metadata routing is enabled, the estimator gets the metadata that it
            requests. Ignored if the estimator is the name of a pretrained classifier.

        Returns
        -------
        self : ImageEncoder
            Fitted encoder.

        Raises
        ------
        TypeError
            If the estimator contains no network of this package, or the network is not
            a graph of layers.
        ValueError
            If a parameter or `X` is invalid, or `X` does not have the features that the
            network was trained on.
        """
        if isinstance(self.estimator, str):
            self.estimator_ = load_pretrained(self.estimator)
        else:
            if _routing_enabled():
                fit_params = process_routing(self, "fit", **fit_params).estimator.fit
            self.estimator_ = clone(self.estimator).fit(X, y, **fit_params)
        classifier, _ = network_and_images(self.estimator_, X)
        # The estimator has already warned if the shape of its images is doubtful.
        validate_images(self, X, reset=True, warn_of_shape=False)
        if math.prod(classifier.image_shape_) == self.n_features_in_:
            # Rows do not show whether images are oblong or in colour.
            self.image_shape_ = classifier.image_shape_
        self._n_features_out = layer_outputs(classifier._fitted).n_features(
            self.pooling
        )
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Encode images.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images with the same range of values as the training images.

        Returns
        -------
        features : ndarray of shape (n, n_features_out), dtype float32
            Features of each image.

        Raises
        ------
        ValueError
            If `X` is invalid, or a value is so large that a feature overflows.
        """
        check_is_fitted(self)
        validate_images(self, X, reset=False)
        classifier, rows = network_and_images(self.estimator_, X)
        return layer_outputs(classifier._fitted).features(rows, self.pooling)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the metadata that `fit` passes to the estimator.

        Returns
        -------
        routing : sklearn.utils.metadata_routing.MetadataRouter
            Requests of the estimator.
        """
        router = MetadataRouter(owner=self)
        if isinstance(self.estimator, str):
            return router
        # Before scikit-learn 1.9, pipelines find only what `fit_transform` requests.
        mapping = MethodMapping().add(caller="fit", callee="fit")
        mapping.add(caller="fit_transform", callee="fit")
        return router.add(estimator=self.estimator, method_mapping=mapping)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        if not isinstance(self.estimator, str):
            inner = get_tags(self.estimator)
            tags.target_tags.required = inner.target_tags.required
        return tags
