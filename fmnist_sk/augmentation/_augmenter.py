"""ImageAugmenter: augmentation as a step of a pipeline."""

import inspect
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_is_fitted

from .._compat import _fit_context
from .._images import IMAGE_SHAPE_ATTRIBUTE
from .._validation import all_or_nothing
from ..preprocessing import BaseImageTransformer
from ._augment import augment_images
from ._containers import as_array, cast_like, frame_like, library_of, shallow_copy
from ._erasing import DEFAULT_SIZE
from ._operation import all_settings
from ._spec import check_augmentation


class ImageAugmenter(BaseImageTransformer):
    """Transformer that augments the training images of a pipeline.

    :meth:`fit_transform` changes every image at random, and :meth:`transform` returns
    images unchanged. A pipeline therefore trains on augmented images and predicts on
    the original images, also in cross-validation.

    .. note::
        `fit(X).transform(X)` does not equal `fit_transform(X)`, because only
        training images are augmented.

    Images are augmented once, before training.
    ``FashionCNNClassifier(augmentation=...)`` augments them anew in every epoch, so
    prefer it if the last step is this classifier.

    Parameters
    ----------
    horizontal_flip : float, default=0.5
        Probability, 0 to 1, that an image is mirrored left to right.
    rotation : float, default=10.0
        Largest angle in degrees, 0 to 180. Angles are uniform in both directions.
    zoom : float, default=0.1
        Largest change of size as a fraction below 1. Sizes are uniform between
        `1 - zoom` and `1 + zoom` times the original.
    shift : float, default=0.1
        Largest shift as a fraction, below 1, of the height and of the width, rounded to
        whole pixels. Shifts are uniform over whole pixels in both directions.
    shear : float, default=0.0
        Largest angle in degrees, below 90, by which vertical lines lean. Angles are
        uniform in both directions.
    brightness : float, default=0.0
        Largest amount, 0 to 1, added to or subtracted from all pixels, as a fraction of
        the range of the image's pixels.
    contrast : float, default=0.0
        Largest change, 0 to 1, of the pixels' distance from the image's mean as a
        fraction. Pixels stay within the range of the image.
    erasing : float, default=0.0
        Probability, 0 to 1, that a rectangle of an image is replaced by the image's
        mean.
    erasing_size : float, default=0.33
        Height and width of the rectangle as a fraction, above 0 and at most 1, of those
        of the image.
    image_shape : tuple of int, default=None
        Shape of one image, `(height, width)` or `(height, width, channels)`, if `X` has
        images as rows. By default, a row with a square number of values is a square
        grey image (784 = 28²), and any other row is an image of height 1.
    random_state : int, RandomState instance or None, default=None
        Random generator, or its seed. Pass an int to get the same augmented images at
        each call.

    Attributes
    ----------
    image_shape_ : tuple of int
        Shape of one image, `(height, width, channels)`.
    n_features_in_ : int
        Number of pixel values of one image.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if `X` was a DataFrame with string column names.

    See Also
    --------
    fmnist_sk.augmentation.augment_images : Augment arrays outside of a pipeline.
    AugmentedOverSampler : Add augmented copies of images.

    Examples
    --------
    >>> import numpy as np
    >>> from fmnist_sk import ImageAugmenter
    >>> X = np.arange(4, dtype=np.uint8).reshape(1, 4)
    >>> mirror = ImageAugmenter(horizontal_flip=1.0, rotation=0, zoom=0, shift=0)
    >>> mirror.fit_transform(X)
    array([[1, 0, 3, 2]], dtype=uint8)
    >>> mirror.transform(X)
    array([[0, 1, 2, 3]], dtype=uint8)
    """

    def __init__(
        self,
        *,
        horizontal_flip: float = 0.5,
        rotation: float = 10.0,
        zoom: float = 0.1,
        shift: float = 0.1,
        shear: float = 0.0,
        brightness: float = 0.0,
        contrast: float = 0.0,
        erasing: float = 0.0,
        erasing_size: float = DEFAULT_SIZE,
        image_shape: Sequence[int] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.horizontal_flip = horizontal_flip
        self.rotation = rotation
        self.zoom = zoom
        self.shift = shift
        self.shear = shear
        self.brightness = brightness
        self.contrast = contrast
        self.erasing = erasing
        self.erasing_size = erasing_size
        self.image_shape = image_shape
        self.random_state = random_state

    _SETTINGS: ClassVar = [
        name
        for name in inspect.signature(__init__).parameters
        if name in all_settings()
    ]
    _parameter_constraints: ClassVar[dict] = {
        **{name: [all_settings()[name].values] for name in _SETTINGS},
        "image_shape": [tuple, list, None],
        "random_state": ["random_state"],
    }

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the shape of the images.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Training images.
        y : None
            Ignored. Pipelines pass it.

        Returns
        -------
        self : object
            Fitted augmenter.

        Raises
        ------
        ValueError
            If a parameter or `X` is invalid.
        """
        self._fit_images(X)
        return self

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: ArrayLike, y: Any = None) -> NDArray[Any]:
        """Learn the shape of the images and augment them.

        .. note::
            `fit(X).transform(X)` does not equal `fit_transform(X)`, because only
            training images are augmented.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Training images, which are not changed.
        y : None
            Ignored. Pipelines pass it.

        Returns
        -------
        X_augmented : ndarray or DataFrame
            Augmented images of the shape and dtype of `X`. A DataFrame of the library
            that `set_output` names keeps the dtype of each column.

        Raises
        ------
        ValueError
            If a parameter or `X` is invalid.
        """
        rows, shape = self._fit_images(X)
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        augmented = augment_images(
            rows.reshape(-1, *self.image_shape_),
            self._settings(),
            np.random.default_rng(seed),
        )
        if self._returns_frame_like(X):
            index = getattr(X, "index", None)  # polars has none
            frame = frame_like(augmented.reshape(rows.shape), X, index=index)
            return self._with_image_shape(frame, shape)
        return self._as_output(cast_like(augmented, X), shape, X)

    def _fit_images(self, X):
        """Check the images, and the parameters that the constraints cannot check."""
        check_augmentation(self._settings())
        return self._validate_images(X, reset=True, image_shape=self.image_shape)

    def _settings(self):
        return {name: getattr(self, name) for name in self._SETTINGS}

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Check images and return them unchanged.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images.

        Returns
        -------
        X_same : ndarray or DataFrame
            Unchanged images, of the shape and dtype of `X`, without a copy if `X` is an
            array. A DataFrame of the library that `set_output` names keeps the dtype of
            each column.

        Raises
        ------
        ValueError
            If `X` is invalid or its images differ in size from the training images.
        """
        check_is_fitted(self)
        rows, shape = self._validate_images(X, reset=False)
        if self._returns_frame_like(X):
            return self._with_image_shape(shallow_copy(X), shape)
        return self._as_output(as_array(X, rows), shape, X)

    def _returns_frame_like(self, X):
        """Return whether `X` is a DataFrame of the library that `set_output` names."""
        return library_of(X) == _get_output_config("transform", self)["dense"]

    def _with_image_shape(self, frame, shape):
        """Store the shape of the images in the frame if `X` stands for a stack."""
        attributes = getattr(frame, "attrs", {})  # polars has none
        # The parameter `image_shape` may contradict the shape stored in `X`.
        attributes.pop(IMAGE_SHAPE_ATTRIBUTE, None)
        if len(shape) > 2:
            attributes[IMAGE_SHAPE_ATTRIBUTE] = self.image_shape_
        return frame

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = [
            *("float64", "float32", "float16"),
            *("int64", "int32", "int16", "int8"),
            *("uint64", "uint32", "uint16", "uint8"),
            "bool",
        ]
        return tags
