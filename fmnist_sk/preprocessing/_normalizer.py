"""ImageNormalizer: pixel values on a common scale."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from .._compat import StrOptions, _fit_context
from .._validation import all_or_nothing, check_computed
from ._base import BaseImageTransformer

# Statistics convert this many values at a time, to keep the float64 copy small.
_CHUNK_VALUES = 2**18


class ImageNormalizer(BaseImageTransformer):
    """Transformer that brings pixel values to a common scale.

    It subtracts `center_` from each value and divides the difference by `scale_`. Both
    are learned from the training images. :class:`FashionCNNClassifier` normalises
    images itself and does not need this step.

    Parameters
    ----------
    method : {"rescale", "standardize"}, default="rescale"
        Method of scaling:

        - "rescale": to the range 0–1. Images of dtype uint8 are divided by 255. Other
          dtypes are scaled by the smallest and largest value of the training images.
        - "standardize": to zero mean and unit variance on the training images.
    per : {"global", "channel", "pixel"}, default="global"
        Whether all values share one center and scale, or each colour channel or each
        value of the image has its own.
    image_shape : tuple of int, default=None
        Shape of one image, `(height, width)` or `(height, width, channels)`, if `X` has
        images as rows. `per="channel"` needs it for rows of colour images. By default,
        rows are grey images.

    Attributes
    ----------
    center_ : float or ndarray of shape (channels,) or (`n_features_in_`,), float64
        Smallest value of the training images (0 for uint8) for "rescale", their mean
        for "standardize": one number, one per channel or one per pixel value.
    scale_ : float or ndarray of shape (channels,) or (`n_features_in_`,), float64
        Range of the training images (255 for uint8) for "rescale", their standard
        deviation for "standardize"; 1 where the training images are constant.
    image_shape_ : tuple of int
        Shape of one image, `(height, width, channels)`.
    n_features_in_ : int
        Number of pixel values of one image.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if `X` was a DataFrame with string column names.

    See Also
    --------
    ImageReshaper : Turn rows into images and back.
    sklearn.preprocessing.StandardScaler : Standardise any features, as
        `method="standardize", per="pixel"` does for images.

    Notes
    -----
    Pass images of the same range to `fit` and to `transform`. After a fit on uint8
    images with values 0–255, `transform` divides by 255 and makes images with values
    0–1 very dark.

    The output is float64 if the input is float64, int32 or larger integers, or bool. It
    is float32 for all other dtypes.

    Examples
    --------
    >>> import numpy as np
    >>> from fmnist_sk import ImageNormalizer
    >>> X = np.array([[0, 51, 102, 204]], dtype=np.uint8)
    >>> ImageNormalizer().fit_transform(X)
    array([[0. , 0.2, 0.4, 0.8]], dtype=float32)
    >>> normalizer = ImageNormalizer(method="standardize").fit(X)
    >>> normalizer.center_, round(normalizer.scale_, 2)
    (89.25, 75.43)
    """

    # Pickles and skops files name the public path, so that this file may move.
    __module__ = "fmnist_sk.preprocessing"

    center_: float | NDArray[np.float64]
    scale_: float | NDArray[np.float64]

    _parameter_constraints: ClassVar[dict] = {
        "method": [StrOptions({"rescale", "standardize"})],
        "per": [StrOptions({"global", "channel", "pixel"})],
        "image_shape": [tuple, list, None],
    }

    def __init__(
        self,
        method: Literal["rescale", "standardize"] = "rescale",
        per: Literal["global", "channel", "pixel"] = "global",
        image_shape: Sequence[int] | None = None,
    ):
        self.method = method
        self.per = per
        self.image_shape = image_shape

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the center and the scale.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Training images. Memory-mapped arrays are read in parts.
        y : None
            Ignored. Pipelines pass it.

        Returns
        -------
        self : object
            Fitted normalizer.

        Raises
        ------
        ValueError
            If `X` is invalid or so large that its range or deviation overflows, or
            `image_shape` does not fit it.
        """
        rows, _ = self._validate_images(
            X,
            reset=True,
            image_shape=self.image_shape,
            warn_of_shape=self.per == "channel",
        )
        n_groups = {
            "global": 1,
            "channel": self.image_shape_[-1],
            "pixel": self.n_features_in_,
        }[self.per]
        with np.errstate(over="ignore", invalid="ignore"):
            if self.method == "standardize":
                center, scale = _mean_and_deviation(rows, n_groups)
            elif rows.dtype == np.uint8:
                center, scale = np.zeros(n_groups), np.full(n_groups, 255.0)
            else:
                center, scale = _minimum_and_range(rows, n_groups)
            for statistic in center, scale:
                check_computed(statistic.astype(_output_dtype(rows.dtype)))
        # In single precision, a smaller scale would be zero or divide to infinity.
        scale[scale < np.finfo(np.float32).tiny] = 1.0
        if self.per == "global":
            center, scale = center.item(), scale.item()
        self.center_, self.scale_ = center, scale
        return self

    @all_or_nothing
    def fit_transform(self, X: ArrayLike, y: Any = None) -> NDArray[Any]:
        """Learn the center and the scale, and normalise images.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Training images, which are not changed.
        y : None
            Ignored. Pipelines pass it.

        Returns
        -------
        X_normalized : ndarray of the shape of `X`, or DataFrame
            Normalised images, float64 or float32.

        Raises
        ------
        ValueError
            If `X` is invalid or so large that a result overflows, or `image_shape` does
            not fit it. The normalizer is then as it was before.
        """
        return self.fit(X).transform(X)

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Normalise images.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images, which are not changed.

        Returns
        -------
        X_normalized : ndarray of the shape of `X`, or DataFrame
            Normalised images, float64 or float32.

        Raises
        ------
        ValueError
            If `X` is invalid, its images differ in size from the training images, or a
            value is so large that the result overflows.
        """
        check_is_fitted(self)
        rows, shape = self._validate_images(X, reset=False)
        center, scale = self._center_and_scale(rows.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            normalized = np.subtract(rows, center, dtype=center.dtype)
            normalized /= scale
        check_computed(normalized)
        return self._as_output(normalized, shape, X)

    def inverse_transform(self, X: ArrayLike) -> NDArray[Any]:
        """Return normalised images to their original scale.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Normalised images, which are not changed.

        Returns
        -------
        X_original : ndarray of the shape of `X`
            Images on their original scale, float64 or float32. To get uint8 images,
            round them and use `astype`.

        Raises
        ------
        ValueError
            If `X` is invalid, its images differ in size from the training images, or a
            value is so large that the result overflows.
        """
        check_is_fitted(self)
        rows, shape = self._validate_transformed(X)
        center, scale = self._center_and_scale(rows.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            original = np.multiply(rows, scale, dtype=scale.dtype)
            original += center
        check_computed(original)
        return original.reshape(shape)

    def _center_and_scale(self, dtype):
        """Return center and scale of each value of a row in the dtype of the output."""
        dtype = _output_dtype(dtype)
        return (
            np.resize(statistic, self.n_features_in_).astype(dtype)
            for statistic in (self.center_, self.scale_)
        )


def _output_dtype(dtype):
    return np.float64 if dtype == np.float64 else np.float32


def _minimum_and_range(rows, n_groups):
    """Return minimum and range of each group; a group is every n_groups-th column."""
    minimum = rows.min(axis=0).reshape(-1, n_groups).min(axis=0).astype(np.float64)
    maximum = rows.max(axis=0).reshape(-1, n_groups).max(axis=0).astype(np.float64)
    return minimum, maximum - minimum


def _mean_and_deviation(rows, n_groups):
    """Return mean and standard deviation of each group of columns.

    A deviation within the round-off error of the computation counts as zero. The bound
    is that of scikit-learn's StandardScaler.
    """
    step = max(1, _CHUNK_VALUES // rows.shape[1])
    chunks = [rows[start : start + step] for start in range(0, len(rows), step)]
    means = sum(chunk.sum(axis=0, dtype=np.float64) for chunk in chunks) / len(rows)
    squares = sum(((chunk - means) ** 2).sum(axis=0) for chunk in chunks) / len(rows)

    grouped = means.reshape(-1, n_groups)
    mean = grouped.mean(axis=0)
    variance = (squares.reshape(-1, n_groups) + (grouped - mean) ** 2).mean(axis=0)
    check_computed(variance)
    n_values = rows.size // n_groups
    eps = np.finfo(np.float64).eps
    round_off = n_values * eps * variance + (n_values * mean * eps) ** 2
    variance[variance <= round_off] = 0.0
    return mean, np.sqrt(variance)
