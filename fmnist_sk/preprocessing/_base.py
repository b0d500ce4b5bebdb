"""Base class of the image transformers: checking `X`, shaping the output."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_array

from .._documentation import DocumentationLinkMixin
from .._images import (
    IMAGE_SHAPE_ATTRIBUTE,
    carried_image_shape,
    flatten_images,
    infer_image_shape,
    pixel_dtypes,
)
from .._validation import check_stack, overflow_as_value_error, validate_images
from .._warnings import warn_user


class BaseImageTransformer(
    DocumentationLinkMixin, OneToOneFeatureMixin, TransformerMixin, BaseEstimator
):
    """Base class of the transformers that return one value for each pixel value."""

    image_shape_: tuple[int, int, int]
    n_features_in_: int
    feature_names_in_: NDArray[Any]

    def _validate_images(self, X, *, reset, image_shape=None, warn_of_shape=True):
        """Check images and return them as rows, with the shape the output should have.

        It also learns `image_shape_` if `reset` is True. A DataFrame that carries the
        shape of its images counts as a stack of images.
        """
        # Transformers work in the dtype of X: float64 is not too large for them.
        rows, _, shape = validate_images(
            self,
            X,
            reset=reset,
            image_shape=image_shape,
            single_precision=False,
            warn_of_shape=warn_of_shape,
        )
        if len(shape) == 2 and carried_image_shape(X) == self.image_shape_:
            shape = (len(rows), *self.image_shape_)
        return rows, shape

    def _validate_transformed(self, X):
        """Check output of `transform` and return it as rows, with its shape."""
        flat, shape = flatten_images(X)
        # See `validate_images`.
        with np.errstate(invalid="ignore"), overflow_as_value_error("X"):
            rows = check_array(flat, dtype=pixel_dtypes(flat))
        shape = rows.shape if shape is None else shape
        if rows.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {rows.shape[1]} features, but {type(self).__name__} is "
                f"expecting {self.n_features_in_} features as input."
            )
        check_stack(self, shape)
        return rows, shape

    def _as_output(self, images, shape, X):
        """Return images in a shape, or as rows if `set_output` asks for a DataFrame.

        Parameters
        ----------
        images : ndarray
            Transformed images, of any shape.
        shape : tuple of int
            Shape from `_validate_images`.
        X : array-like
            Input of the transformer, whose index a DataFrame gets.

        Returns
        -------
        output : ndarray or DataFrame
            Images in the container of `set_output`.
        """
        return in_container(self, images, shape, X, self.image_shape_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32", "uint8"]
        return tags


def in_container(transformer, images, shape, X, image_shape):
    """Return images in the container that `set_output` of a transformer asks for.

    Parameters
    ----------
    transformer : transformer
        Transformer that returns the images.
    images : ndarray
        Images, of any shape.
    shape : tuple of int
        Shape in which to return an array. With two dimensions, images are rows.
    X : array-like
        Input of the transformer, whose index a DataFrame gets.
    image_shape : tuple of int
        Shape of one image, `(height, width, channels)`.

    Returns
    -------
    output : ndarray or DataFrame
        Images in the container. A DataFrame of pandas carries the shape of the images
        where the array would be a stack of images. scikit-learn converts the rows to
        all other DataFrames.
    """
    container = _get_output_config("transform", transformer)["dense"]
    if container == "default":
        return images.reshape(shape)
    rows = images.reshape(len(images), math.prod(image_shape))
    if len(shape) == 2:
        return rows
    if container == "pandas":
        import pandas as pd

        index = X.index if isinstance(X, (pd.DataFrame, pd.Series)) else None
        frame = pd.DataFrame(rows, index=index, copy=False)
        frame.attrs[IMAGE_SHAPE_ATTRIBUTE] = image_shape
        return frame
    if infer_image_shape(rows.shape) != image_shape:
        warn_user(
            f"A DataFrame of {container} cannot store the shape of the images, "
            f"{image_shape}. {type(transformer).__name__} returns rows of "
            f"{math.prod(image_shape)} features. Set image_shape on the next step, or "
            'use set_output(transform="default") or "pandas".'
        )
    return rows
