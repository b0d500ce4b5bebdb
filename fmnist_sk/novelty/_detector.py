"""NoveltyDetector: images unlike the training images."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, OutlierMixin, clone
from sklearn.model_selection import KFold
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from .._batches import side_by_side
from .._compat import (
    HasMethods,
    Interval,
    StrOptions,
    _fit_context,
)
from .._documentation import DocumentationLinkMixin
from .._pipelines import final_estimator_and_input
from .._validation import (
    all_or_nothing,
    check_computed,
    validate_images,
)
from ..architectures import numpy_function
from ..inspection import check_is_network
from ..pretrained import PRETRAINED, load_pretrained
from ._gaussians import fit_gaussians, log_density, with_one_blas_thread

# The arrays of 8 images of 28 × 28 pixels fit in the cache of a core: 32 images take
# 1.1 times as long per image, 64 images 1.3 times.
_N_IMAGES = 8
# Folds for the threshold. Only the Gaussians are fitted in each fold, in 0.1 s.
_N_FOLDS = 10


class NoveltyDetector(
    DocumentationLinkMixin, MetaEstimatorMixin, OutlierMixin, BaseEstimator
):
    """Detector of images that are unlike the training images.

    A classifier predicts one of its classes for any image, often with high confidence.
    The detector compares the features of an image in all layers of the classifier's
    network with those of the training images. `predict` returns 1 for images like the
    training images, and -1 for other images.

    Parameters
    ----------
    estimator : estimator or {"fashion-mnist", "fashion-mnist-compact"}, \
            default="fashion-mnist-compact"
        Source of the network: a :class:`FashionCNNClassifier` with a named
        architecture, a Pipeline that ends in one, or a search over either. `fit` trains
        it. To use a network that is already fitted, wrap it in a
        :class:`sklearn.frozen.FrozenEstimator`, or pass the name of a classifier that
        :func:`load_pretrained` loads.
    false_positive_rate : float, default=0.05
        Expected share of new images like the training images that `predict` labels -1,
        greater than 0 and at most 0.5. It sets the threshold `offset_`.

    Attributes
    ----------
    estimator_ : estimator
        Fitted estimator.
    offset_ : float
        Threshold: `decision_function` is `score_samples` minus `offset_`.
    image_shape_ : tuple of int
        Shape of an image, `(height, width, channels)`.
    n_features_in_ : int
        Number of values per image.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of `X`, if `X` is a DataFrame whose column names are
        strings.

    See Also
    --------
    load_novelty_detector : Load a detector that is fitted to Fashion-MNIST.
    ImageEncoder : Features for other outlier detectors, such as
        :class:`sklearn.neighbors.LocalOutlierFactor`.

    Notes
    -----
    The features are the square roots of the mean of each feature map, as in [1]_ but
    without its adversarial noise. A Gaussian distribution is fitted to the features of
    the images that the network predicts as each class. The score is the logarithm of
    the largest of their densities. The covariance matrices are shrunk: the covariance
    of a class towards the pooled covariance of all classes, as in regularised
    discriminant analysis [2]_, and the pooled covariance towards the identity matrix.
    A target counts as much as `d` images, where `d` is the number of features.

    The threshold is a quantile of scores from a cross-validation with ten folds. The
    Gaussians are fitted in each fold, the network is not. If the network was trained on
    the same images, it knows them, and more than `false_positive_rate` of new images
    are flagged. In that case pass held-out images to `fit`, or set `offset_` to a
    quantile of the scores of held-out images.

    The network is evaluated in NumPy, so predictions do not start TensorFlow. An
    image's score does not depend on the other images.

    References
    ----------
    .. [1] K. Lee, K. Lee, H. Lee and J. Shin, "A simple unified framework for detecting
       out-of-distribution samples and adversarial attacks", NeurIPS 2018,
       arXiv:1807.03888.
    .. [2] J. H. Friedman, "Regularized discriminant analysis", Journal of the American
       Statistical Association 84 (1989).

    Examples
    --------
    >>> import numpy as np
    >>> from fmnist_sk import NoveltyDetector, load_fashion_mnist_sample
    >>> X = load_fashion_mnist_sample().data
    >>> detector = NoveltyDetector().fit(X)
    >>> noise = np.random.default_rng(0).integers(256, size=(3, 784))
    >>> detector.predict(noise)
    array([-1, -1, -1])
    """

    # Pickles and skops files name the public path, so that this file may move.
    __module__ = "fmnist_sk.novelty"

    estimator_: Any
    offset_: float
    image_shape_: tuple[int, int, int]
    n_features_in_: int
    feature_names_in_: NDArray[Any]

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit", "predict"]), StrOptions(set(PRETRAINED))],
        "false_positive_rate": [Interval(Real, 0, 0.5, closed="right")],
    }

    def __init__(
        self,
        estimator: Any = "fashion-mnist-compact",
        *,
        false_positive_rate: float = 0.05,
    ):
        self.estimator = estimator
        self.false_positive_rate = false_positive_rate

    # The nested estimator is validated by its own fit.
    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Fit the detector, and the estimator unless it is frozen or pretrained.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Training images, at least two.
        y : array-like of shape (n,), default=None
            Labels. A frozen or pretrained estimator does not need them.

        Returns
        -------
        self : NoveltyDetector
            Fitted detector.

        Raises
        ------
        TypeError
            If the estimator contains no network of this package, or the network is
            built by a function of the user.
        ValueError
            If a parameter or `X` is invalid, or `X` does not have the features that the
            network was trained on.
        """
        if isinstance(self.estimator, str):
            self.estimator_ = load_pretrained(self.estimator)
        else:
            self.estimator_ = clone(self.estimator).fit(X, y)
        # The estimator has already warned if the shape of its images is doubtful.
        validate_images(self, X, reset=True, warn_of_shape=False)
        codes, features = self._features(X)
        if len(features) < 2:
            raise ValueError(
                f"Found array with {len(features)} sample(s) while a minimum of 2 is "
                "required by NoveltyDetector."
            )
        self._gaussians = fit_gaussians(codes, features)
        scores = np.empty(len(features))
        folds = KFold(min(_N_FOLDS, len(features)), shuffle=True, random_state=0)
        for train, held_out in folds.split(features):
            gaussians = fit_gaussians(codes[train], features[train])
            scores[held_out] = log_density(gaussians, features[held_out])
        self.offset_ = float(np.quantile(scores, self.false_positive_rate))
        return self

    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """Compute how much images are like the training images.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images with the same range of values as the training images.

        Returns
        -------
        scores : ndarray of shape (n,)
            Log-density of each image's features. A higher score means more like the
            training images.

        Raises
        ------
        ValueError
            If `X` is invalid, or a value is so large that a feature overflows.
        """
        check_is_fitted(self)
        validate_images(self, X, reset=False)
        return log_density(self._gaussians, self._features(X)[1])

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Compute the distance of the scores from the threshold.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images with the same range of values as the training images.

        Returns
        -------
        scores : ndarray of shape (n,)
            `score_samples(X) - offset_`, which is negative for novel images.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """Predict whether images are like the training images.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images with the same range of values as the training images.

        Returns
        -------
        labels : ndarray of shape (n,)
            1 for images like the training images, -1 for novel images.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    @with_one_blas_thread
    def _features(self, X):
        """Return the predicted class, as a position, and the features of each image.

        The threads work on different images. If each product of matrices also had
        several threads, it would take three times as long.
        """
        classifier, X = final_estimator_and_input(self.estimator_, X)
        check_is_network(classifier)
        fitted = classifier._fitted
        if callable(fitted.description.architecture):
            raise TypeError(
                "NoveltyDetector requires a network with a named architecture, but "
                "this network is built by a function. Use a Pipeline of an "
                "ImageEncoder and a detector of scikit-learn instead."
            )
        rows, *_ = validate_images(classifier, X, reset=False)
        network = numpy_function(fitted.description, fitted.weights)

        def compute(part):
            codes, features = [], []
            for first in range(part.start, part.stop, _N_IMAGES):
                some = slice(first, min(first + _N_IMAGES, part.stop))
                # Not as uint8, which `take` would not normalise.
                pixels = np.asarray(rows[some], dtype=np.result_type(rows, np.float32))
                with np.errstate(over="ignore", invalid="ignore"):
                    logits, values = network(
                        fitted.normalisation.take(
                            pixels, slice(None), fitted.image_shape
                        )
                    )
                codes.append(check_computed(logits).argmax(axis=1))
                features.append(check_computed(values))
            return np.concatenate(codes), np.concatenate(features)

        parts = [result for _, result in side_by_side(compute, len(rows), 2**20)]
        codes, features = map(np.concatenate, zip(*parts, strict=True))
        # The distribution of the means of rectified maps is skewed. After the square
        # root it is closer to a Gaussian.
        return codes, np.sign(features) * np.sqrt(np.abs(features))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        if not isinstance(self.estimator, str):
            inner = get_tags(self.estimator)
            tags.target_tags.required = inner.target_tags.required
        return tags
