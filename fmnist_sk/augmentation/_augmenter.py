"""ImageAugmenter: augmentation as a step of a pipeline."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._compat import _fit_context
from .._transformer import ImageTransformer
from ._operations import augment_images
from ._spec import ERASING_SIZE, MIXING, RANGES, check_augmentation

# An image is augmented once here: there is no next epoch to mirror the other half in.
_SETTINGS = [name for name in RANGES if name not in (*MIXING, "alternating_flip")]


class ImageAugmenter(ImageTransformer):
    """Augment the training images of a pipeline.

    :meth:`fit_transform` moves every image at random; :meth:`transform` leaves
    images alone. So a pipeline trains on augmented images and predicts on the
    images it is given, in cross-validation too.

    .. note::
        `fit(X).transform(X)` does not equal `fit_transform(X)`, because only
        training images are augmented.

    The images are moved once, before training.
    ``FashionCNNClassifier(augmentation=...)`` moves them afresh in every epoch, so
    prefer it where the last step is that network.

    Parameters
    ----------
    horizontal_flip : float, default=0.5
        The probability that an image is mirrored left to right.
    rotation : float, default=10.0
        The largest angle in degrees, 0 to 180. Angles are uniform, either way.
    zoom : float, default=0.1
        The largest change of size as a fraction below 1. Sizes are uniform between
        `1 - zoom` and `1 + zoom` times the original.
    shift : float, default=0.1
        The largest shift as a fraction below 1 of the height and of the width.
        Shifts are uniform over whole pixels, either way.
    shear : float, default=0.0
        The largest angle in degrees, below 90, by which verticals lean, either way.
    brightness : float, default=0.0
        The largest amount, 0 to 1, that is added to all pixels, as a fraction of the
        range of the image's pixels, either way.
    contrast : float, default=0.0
        The largest change, 0 to 1, of the pixels' distance from the image's mean as a
        fraction, either way. Pixels stay within the range of the image.
    erasing : float, default=0.0
        The probability that a rectangle of an image is erased by the image's mean.
    erasing_size : float, default=0.33
        Its height and width as a fraction of those of the image, above 0 and at most 1.
    image_shape : tuple of int, default=None
        `(height, width)` or `(height, width, channels)` of the images in `X` where
        `X` is rows. By default rows of 784 columns are images of 28 × 28, and so on
        for every square; columns that form no square are images of height 1.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same augmented images at each call.

    Attributes
    ----------
    image_shape_ : tuple of int
        `(height, width, channels)` of one image.
    n_features_in_ : int
        Number of pixel values of one image.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if `X` was a DataFrame with string column names.

    See Also
    --------
    augment_images : The same for arrays, outside of a pipeline.

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

    _parameter_constraints: ClassVar[dict] = {
        **{name: [RANGES[name]] for name in _SETTINGS},
        "image_shape": [tuple, list, None],
        "random_state": ["random_state"],
    }

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
        erasing_size: float = ERASING_SIZE,
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

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the shape of the images.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            The training images.
        y : None
            Ignored; here because pipelines pass it.

        Returns
        -------
        self : object
            The fitted augmenter.

        Raises
        ------
        ValueError
            If a parameter or `X` is invalid.
        """
        self._fit_images(X)
        return self

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
            The training images; never changed.
        y : None
            Ignored; here because pipelines pass it.

        Returns
        -------
        X_augmented : ndarray or DataFrame
            The augmented images, of the shape and dtype of `X`.

        Raises
        ------
        ValueError
            If a parameter or `X` is invalid.
        """
        rows, shape = self._fit_images(X)
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        augmented = augment_images(
            rows.reshape(-1, *self.image_shape_),
            {name: getattr(self, name) for name in _SETTINGS},
            np.random.default_rng(seed),
        )
        return self._as_output(augmented, shape, X)

    def _fit_images(self, X):
        """Check the parameters that constraints cannot, then the images."""
        check_augmentation({name: getattr(self, name) for name in _SETTINGS})
        return self._validate_images(X, reset=True, image_shape=self.image_shape)

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Check images and leave them as they are.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            The images.

        Returns
        -------
        X_same : ndarray or DataFrame
            The same images, of the shape and dtype of `X`; no copy where `X` is an
            array.

        Raises
        ------
        ValueError
            If `X` is invalid or of another size than the training images.
        """
        check_is_fitted(self)
        rows, shape = self._validate_images(X, reset=False)
        return self._as_output(rows, shape, X)
