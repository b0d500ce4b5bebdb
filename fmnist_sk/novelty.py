"""NoveltyDetector: images unlike the training images."""

from __future__ import annotations

import functools
import io
import threading
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, OutlierMixin, clone
from sklearn.model_selection import KFold
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from ._batches import side_by_side
from ._compat import (
    HasMethods,
    Interval,
    StrOptions,
    _fit_context,
    _threadpool_controller_decorator,
)
from ._documentation import DocumentationLinkMixin
from ._pipelines import final_estimator_and_input
from ._validation import (
    IGNORES_NAMES,
    all_or_nothing,
    check_computed,
    validate_images,
)
from .architectures import numpy_function
from .inspection import check_is_network
from .pretrained import PRETRAINED, load_pretrained, shipped

_NAME = "novelty-detector"
# SHA-256 of the file in `_data`. `examples/train_novelty_detector.py` writes the file
# and prints this hash.
_SHA256 = "43fa1f62b7f8bd808d204651b7803283300180bcd01d555995414d98844992c8"
# The arrays of 8 images of 28 × 28 pixels fit in the cache of a core: 32 images take
# 1.1 times as long per image, 64 images 1.3 times.
_N_IMAGES = 8
# Folds for the threshold. Only the Gaussians are fitted in each fold, in 0.1 s.
_N_FOLDS = 10


_BLAS_LOCK = threading.RLock()


def _with_one_blas_thread(function):
    """Decorate a function that computes matrix products with one thread.

    The limit holds for the whole process. Threads that set it at the same time would
    undo each other's limit, and the results would differ in the last digits, so one
    thread calls such a function at a time.
    """
    limited = _threadpool_controller_decorator(limits=1, user_api="blas")(function)

    @functools.wraps(function)
    def call(*args, **kwargs):
        with _BLAS_LOCK:
            return limited(*args, **kwargs)

    return call


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
        self._gaussians = _fit_gaussians(codes, features)
        scores = np.empty(len(features))
        folds = KFold(min(_N_FOLDS, len(features)), shuffle=True, random_state=0)
        for train, held_out in folds.split(features):
            gaussians = _fit_gaussians(codes[train], features[train])
            scores[held_out] = _log_density(gaussians, features[held_out])
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
        return _log_density(self._gaussians, self._features(X)[1])

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

    @_with_one_blas_thread
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


def load_novelty_detector() -> NoveltyDetector:
    """Load a detector of images that are unlike Fashion-MNIST.

    The detector expects what the pretrained classifiers expect: grey images of 28 × 28
    pixels with values from 0 to 255, which show one light garment on a black
    background. It flags about 5 % of such images. The file ships with the package, so
    nothing is downloaded. No pickle is loaded, and TensorFlow does not start.

    Returns
    -------
    detector : NoveltyDetector
        Fitted detector, a new object at each call.

    Raises
    ------
    OSError
        If a file in the package is missing or damaged.

    See Also
    --------
    load_pretrained : Load a pretrained classifier.
    NoveltyDetector : Fit a detector to your own images.

    Notes
    -----
    The network is `load_pretrained("fashion-mnist-compact")`. The model card in the
    documentation describes how the detector was fitted and which images it detects.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from fmnist_sk import load_fashion_mnist_sample, load_novelty_detector
    >>> detector = load_novelty_detector()
    >>> X_test = load_fashion_mnist_sample(subset="test").data
    >>> bool((detector.predict(X_test) == 1).mean() > 0.9)
    True
    >>> digits = load_digits().images.repeat(3, axis=1).repeat(3, axis=2)  # 24 × 24
    >>> digits = np.pad(digits * 15, [(0, 0), (2, 2), (2, 2)])
    >>> bool((detector.predict(digits) == -1).mean() > 0.9)
    True
    """
    detector = unpack(shipped(_NAME, _SHA256))
    setattr(detector, IGNORES_NAMES, True)
    return detector


# Gaussian distributions, as a dict of arrays:
# - "centre" and "scale" of shape (n_features,), which standardise the features,
# - "means" of shape (n_gaussians, n_features),
# - "factors" of shape (n_gaussians, n_features, n_features): lower triangular matrices.
#   The product with a deviation from the mean has uncorrelated elements of variance 1.


# With one thread, so that the number of cores does not change the last bits.
@_with_one_blas_thread
def _fit_gaussians(codes, features):
    """Fit one Gaussian to the features of each class that is predicted."""
    centre, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale <= 1e-12 * np.abs(centre)] = 1.0
    standardised = (features - centre) / scale
    n, n_features = features.shape
    classes = [standardised[codes == code] for code in np.unique(codes)]
    means = [each.mean(axis=0) for each in classes]
    scatters = [
        (each - mean).T @ (each - mean)
        for each, mean in zip(classes, means, strict=True)
    ]
    pooled = (sum(scatters) + n_features * np.eye(n_features)) / (n + n_features)
    covariances = [
        (scatter + n_features * pooled) / (len(each) + n_features)
        for each, scatter in zip(classes, scatters, strict=True)
    ]
    factors = np.linalg.inv(np.linalg.cholesky(np.stack(covariances)))
    return {
        "centre": centre,
        "scale": scale,
        "means": np.stack(means),
        "factors": factors,
    }


def _log_density(gaussians, features):
    """Return the logarithm of the largest density at each image's features."""
    standardised = (features - gaussians["centre"]) / gaussians["scale"]
    densities = [
        np.log(np.diag(factor)).sum()
        - 0.5 * (((standardised - mean) @ factor.T) ** 2).sum(axis=1)
        for mean, factor in zip(gaussians["means"], gaussians["factors"], strict=True)
    ]
    constant = np.log(gaussians["scale"]).sum()
    constant += 0.5 * features.shape[1] * np.log(2 * np.pi)
    return np.max(densities, axis=0) - constant


def pack(detector: NoveltyDetector) -> bytes:
    """Convert a fitted detector to the content of the file that is shipped.

    Parameters
    ----------
    detector : NoveltyDetector
        Fitted detector with a pretrained network.

    Returns
    -------
    content : bytes
        Archive of arrays: matrices in half precision, everything else in single
        precision, and the name of the network.
    """
    gaussians = detector._gaussians
    lower = np.tril_indices(gaussians["means"].shape[1])
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        estimator=np.array(detector.estimator),
        false_positive_rate=detector.false_positive_rate,
        offset=detector.offset_,
        factors=gaussians["factors"][:, *lower].astype(np.float16),
        **{
            name: gaussians[name].astype(np.float32)
            for name in ("centre", "scale", "means")
        },
    )
    return buffer.getvalue()


def unpack(content: bytes) -> NoveltyDetector:
    """Restore the detector that `pack` converted.

    Parameters
    ----------
    content : bytes
        Content of the file, as `pack` returns it.

    Returns
    -------
    detector : NoveltyDetector
        Fitted detector.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    detector = NoveltyDetector(
        arrays["estimator"].item(),
        false_positive_rate=arrays["false_positive_rate"].item(),
    )
    detector.estimator_ = load_pretrained(detector.estimator)
    detector.offset_ = arrays["offset"].item()
    detector.image_shape_ = detector.estimator_.image_shape_
    detector.n_features_in_ = detector.estimator_.n_features_in_
    n_gaussians, n_features = arrays["means"].shape
    factors = np.zeros((n_gaussians, n_features, n_features))
    factors[:, *np.tril_indices(n_features)] = arrays["factors"]
    detector._gaussians = {
        "factors": factors,
        **{
            name: arrays[name].astype(np.float64)
            for name in ("centre", "scale", "means")
        },
    }
    return detector
