"""ImageReshaper: rows of pixels to images and back."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from .._compat import StrOptions, _fit_context
from .._validation import all_or_nothing
from ._base import BaseImageTransformer


class ImageReshaper(BaseImageTransformer):
    """Transformer that turns rows of pixels into images, or images into rows.

    Parameters
    ----------
    image_shape : tuple of int, "flat" or None, default=None
        Shape of one image, `(height, width)` or `(height, width, channels)`, or "flat"
        to return rows. By default, rows with a square number of columns become grey
        images, so 784 columns give 28 × 28. Other rows stay rows, which
        :class:`FashionCNNClassifier` reads as images of height 1, with a warning if
        they have more than 100 columns. Stacks of images keep their shape.

    Attributes
    ----------
    image_shape_ : tuple of int
        Shape of one image, `(height, width, channels)`. For rows that do not form a
        square it is `(1, n_features_in_, 1)`.
    n_features_in_ : int
        Number of pixel values of one image.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if `X` was a DataFrame with string column names.

    See Also
    --------
    ImageNormalizer : Bring pixel values to a common scale.

    Notes
    -----
    A DataFrame cannot hold arrays of several dimensions. With
    `set_output(transform="pandas")` the output is therefore rows, named like the
    columns of the input, and the shape of the images is stored in
    `attrs["image_shape"]` of the DataFrame. The estimators of this package read it from
    there. Steps of other libraries may drop it: set `image_shape` on the step after
    them. DataFrames of polars have no `attrs`.

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

    # Pickles and skops files name the public path, so that this file may move.
    __module__ = "fmnist_sk.preprocessing"

    _parameter_constraints: ClassVar[dict] = {
        "image_shape": [StrOptions({"flat"}), tuple, list, None],
    }

    def __init__(self, image_shape: Sequence[int] | Literal["flat"] | None = None):
        self.image_shape = image_shape

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the shape of the images.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images.
        y : None
            Ignored. Pipelines pass it.

        Returns
        -------
        self : object
            Fitted reshaper.

        Raises
        ------
        ValueError
            If `X` is invalid or `image_shape` does not fit it.
        """
        flat = isinstance(self.image_shape, str)
        _, shape = self._validate_images(
            X,
            reset=True,
            image_shape=None if flat else self.image_shape,
            warn_of_shape=not flat,
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
            Images.

        Returns
        -------
        X_reshaped : ndarray of shape (n, height, width, channels) or (n, pixels), or \
                DataFrame
            Images of the dtype of `X`, a view of `X` where possible.

        Raises
        ------
        ValueError
            If `X` is invalid or its images differ in size from the training images.
        """
        check_is_fitted(self)
        rows, _ = self._validate_images(X, reset=False)
        shape = rows.shape if self._gives_rows else (len(rows), *self.image_shape_)
        return self._as_output(rows, shape, X)

    def inverse_transform(self, X: ArrayLike) -> NDArray[Any]:
        """Turn images into rows.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images of the shape learned in `fit`.

        Returns
        -------
        X_rows : ndarray of shape (n, pixels)
            Rows of the dtype of `X`, a view of `X` where possible.

        Raises
        ------
        ValueError
            If `X` is invalid or its images differ in size from the training images.
        """
        check_is_fitted(self)
        rows, _ = self._validate_transformed(X)
        return rows
