"""Transformers that reshape and normalise images in a pipeline."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from ._compat import _fit_context
from ._transformer import ImageTransformer

# Statistics take this many values at a time, so that their float64 copy stays small.
_CHUNK_VALUES = 2**18


class ImageReshaper(ImageTransformer):
    """Turn rows of pixels into images, or images into rows.

    Parameters
    ----------
    image_shape : tuple of int, "flat" or None, default=None
        What images are to be: `(height, width)` or `(height, width, channels)`, or
        "flat" for rows. By default rows whose number of columns is a square become
        grey images, so 784 columns give 28 × 28; rows that form no square stay rows
        (:class:`FashionCNNClassifier` reads such a row as a strip of height 1), and
        images stay images.

    Attributes
    ----------
    image_shape_ : tuple of int
        `(height, width, channels)` of one image. For rows that form no square it is
        `(1, n_features_in_, 1)`.
    n_features_in_ : int
        Number of pixel values of one image.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if `X` was a DataFrame with string column names.

    See Also
    --------
    ImageNormalizer : Bring pixel values to a common scale.

    Notes
    -----
    A DataFrame cannot hold images of several dimensions. So with
    `set_output(transform="pandas")` or "polars" the output is rows, under the names
    of the input's columns.

    Examples
    --------
    >>> import numpy as np
    >>> from fmnist_sk import ImageReshaper
    >>> X = np.zeros((10, 784), dtype=np.uint8)
    >>> ImageReshaper().fit_transform(X).shape
    (10, 28, 28, 1)
    >>> ImageReshaper(image_shape=(14, 56)).fit_transform(X).shape
    (10, 14, 56, 1)
    >>> images = np.zeros((10, 32, 32, 3))
    >>> ImageReshaper(image_shape="flat").fit_transform(images).shape
    (10, 3072)
    """

    _parameter_constraints: ClassVar[dict] = {
        "image_shape": [StrOptions({"flat"}), tuple, list, None],
    }

    def __init__(self, image_shape: Sequence[int] | Literal["flat"] | None = None):
        self.image_shape = image_shape

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the shape of the images.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            The images.
        y : None
            Ignored; here because pipelines pass it.

        Returns
        -------
        self : object
            The fitted reshaper.

        Raises
        ------
        ValueError
            If `X` is invalid or `image_shape` does not fit it.
        """
        flat = isinstance(self.image_shape, str)
        _, shape = self._validate_images(
            X, reset=True, image_shape=None if flat else self.image_shape
        )
        strip = self.image_shape is None and len(shape) == 2 and self._is_strip()
        self._gives_rows = flat or strip
        return self

    def _is_strip(self):
        height, width, _ = self.image_shape_
        return height == 1 and width > 1

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Reshape images.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            The images.

        Returns
        -------
        X_reshaped : ndarray of shape (n, height, width, channels) or (n, pixels)
            The images, of unchanged dtype; a view of `X` where NumPy can give one.

        Raises
        ------
        ValueError
            If `X` is invalid or of another size than the training images.
        """
        check_is_fitted(self)
        rows, _ = self._validate_images(X, reset=False)
        shape = rows.shape if self._gives_rows else (len(rows), *self.image_shape_)
        return self._as_output(rows, shape)

    def inverse_transform(self, X: ArrayLike) -> NDArray[Any]:
        """Give images as rows.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images of the learnt shape.

        Returns
        -------
        X_rows : ndarray of shape (n, pixels)
            The images as rows, of unchanged dtype; a view of `X` where NumPy can
            give one.

        Raises
        ------
        ValueError
            If `X` is invalid or of another size than the training images.
        """
        check_is_fitted(self)
        rows, _ = self._validate_transformed(X)
        return rows


class ImageNormalizer(ImageTransformer):
    """Bring pixel values to a common scale.

    What is learnt from the training images is applied to all images: from each
    value `center_` is subtracted, and the difference is divided by `scale_`.
    :class:`FashionCNNClassifier` normalises by itself and does not need this step.

    Parameters
    ----------
    method : {"rescale", "standardize"}, default="rescale"
        How the scale is chosen:

        - "rescale": to 0–1. Images of dtype uint8 are divided by 255, whatever
          values they hold; any other dtype is scaled by its smallest and largest
          training value.
        - "standardize": to zero mean and unit variance on the training images.
    per : {"global", "channel", "pixel"}, default="global"
        What has a center and a scale of its own: nothing, each colour channel or
        each value of the image.
    image_shape : tuple of int, default=None
        `(height, width)` or `(height, width, channels)` of the images in `X` where
        `X` is rows; `per="channel"` needs it for colour images in rows. By default
        rows are grey images.

    Attributes
    ----------
    center_ : float or ndarray of shape (channels,) or (`n_features_in_`,), float64
        The smallest value if rescaled (0 for uint8), the mean if standardised: one
        number, one per channel or one per pixel value.
    scale_ : float or ndarray of shape (channels,) or (`n_features_in_`,), float64
        The range if rescaled (255 for uint8), the standard deviation if
        standardised; 1 where the training images are constant.
    image_shape_ : tuple of int
        `(height, width, channels)` of one image.
    n_features_in_ : int
        Number of pixel values of one image.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if `X` was a DataFrame with string column names.

    See Also
    --------
    ImageReshaper : Turn rows into images and back.
    sklearn.preprocessing.StandardScaler : What `method="standardize", per="pixel"`
        does, for any features.

    Notes
    -----
    Like every transformer this one applies what it learnt: fitted on uint8 images
    of 0–255 it divides by 255, and images that already are 0–1 become very dark.
    Give `transform` images of the same range as `fit`.

    The output is float64 for float64 and for types that NumPy holds as neither
    small integers nor floats (int64, bool), and float32 for all others.

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

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn center and scale.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            The training images. Memory-mapped ones are read in parts.
        y : None
            Ignored; here because pipelines pass it.

        Returns
        -------
        self : object
            The fitted normalizer.

        Raises
        ------
        ValueError
            If `X` is invalid or `image_shape` does not fit it.
        """
        rows, _ = self._validate_images(X, reset=True, image_shape=self.image_shape)
        n_groups = {
            "global": 1,
            "channel": self.image_shape_[-1],
            "pixel": self.n_features_in_,
        }[self.per]
        if self.method == "standardize":
            center, scale = _mean_and_deviation(rows, n_groups)
        elif rows.dtype == np.uint8:
            center, scale = np.zeros(n_groups), np.full(n_groups, 255.0)
        else:
            center, scale = _minimum_and_range(rows, n_groups)
        # So small a scale would be zero, or divide to infinity, in single precision.
        scale[scale < np.finfo(np.float32).tiny] = 1.0
        if self.per == "global":
            center, scale = center.item(), scale.item()
        self.center_, self.scale_ = center, scale
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Normalise images.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            The images; never changed.

        Returns
        -------
        X_normalized : ndarray of the shape of `X`, or DataFrame
            The normalised images, float64 or float32.

        Raises
        ------
        ValueError
            If `X` is invalid or of another size than the training images.
        """
        check_is_fitted(self)
        rows, shape = self._validate_images(X, reset=False)
        center, scale = self._center_and_scale(rows.dtype)
        normalized = np.subtract(rows, center, dtype=center.dtype)
        normalized /= scale
        return self._as_output(normalized, shape)

    def inverse_transform(self, X: ArrayLike) -> NDArray[Any]:
        """Give normalised images their original scale back.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Normalised images; never changed.

        Returns
        -------
        X_original : ndarray of the shape of `X`
            The images on their original scale, float64 or float32. To have uint8
            images again, round them and use `astype`.

        Raises
        ------
        ValueError
            If `X` is invalid or of another size than the training images.
        """
        check_is_fitted(self)
        rows, shape = self._validate_transformed(X)
        center, scale = self._center_and_scale(rows.dtype)
        original = np.multiply(rows, scale, dtype=scale.dtype)
        original += center
        return original.reshape(shape)

    def _center_and_scale(self, dtype):
        """Give center and scale for each value of a row, in the dtype of the output."""
        dtype = np.float64 if dtype == np.float64 else np.float32
        return (
            np.resize(statistic, self.n_features_in_).astype(dtype)
            for statistic in (self.center_, self.scale_)
        )


def _minimum_and_range(rows, n_groups):
    """Give minimum and range of each group of columns, every n_groups-th being one."""
    minimum = rows.min(axis=0).reshape(-1, n_groups).min(axis=0).astype(np.float64)
    maximum = rows.max(axis=0).reshape(-1, n_groups).max(axis=0).astype(np.float64)
    return minimum, maximum - minimum


def _mean_and_deviation(rows, n_groups):
    """Give mean and standard deviation of each group of columns.

    Where the deviation is no more than the round-off of the computation, the data
    are constant and it is zero; the bound is that of scikit-learn's StandardScaler.
    """
    step = max(1, _CHUNK_VALUES // rows.shape[1])
    chunks = [rows[start : start + step] for start in range(0, len(rows), step)]
    means = sum(chunk.sum(axis=0, dtype=np.float64) for chunk in chunks) / len(rows)
    squares = sum(((chunk - means) ** 2).sum(axis=0) for chunk in chunks) / len(rows)

    grouped = means.reshape(-1, n_groups)
    mean = grouped.mean(axis=0)
    variance = (squares.reshape(-1, n_groups) + (grouped - mean) ** 2).mean(axis=0)
    n_values = rows.size // n_groups
    eps = np.finfo(np.float64).eps
    round_off = n_values * eps * variance + (n_values * mean * eps) ** 2
    variance[variance <= round_off] = 0.0
    return mean, np.sqrt(variance)
