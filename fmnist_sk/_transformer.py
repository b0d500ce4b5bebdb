"""What the transformers of images share: how X comes in and how it goes out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_array

from ._images import PIXEL_DTYPES, flatten_images
from ._validation import check_stack, validate_images


class ImageTransformer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Base of the transformers that give one value for each value of an image."""

    image_shape_: tuple[int, int, int]
    n_features_in_: int
    feature_names_in_: NDArray[Any]

    def _validate_images(self, X, *, reset, image_shape=None):
        """Give checked images as rows, and the shape that they came in.

        Learns `image_shape_` if `reset`.
        """
        rows, _, shape = validate_images(self, X, reset=reset, image_shape=image_shape)
        return rows, shape

    def _validate_transformed(self, X):
        """Give checked output of `transform` as rows, and the shape it came in."""
        flat = flatten_images(X)
        rows = check_array(flat, dtype=PIXEL_DTYPES)
        shape = rows.shape if flat is X else np.shape(X)
        if rows.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {rows.shape[1]} features, but {type(self).__name__} is "
                f"expecting {self.n_features_in_} features as input."
            )
        check_stack(self, shape)
        return rows, shape

    def _as_output(self, images, shape):
        """Give images the shape, or rows where `set_output` asks for a DataFrame."""
        if _get_output_config("transform", self)["dense"] != "default":
            shape = (len(images), self.n_features_in_)
        return images.reshape(shape)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32", "uint8"]
        return tags
