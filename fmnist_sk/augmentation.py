"""Image augmentation: one specification, used in training, pipelines and prediction.

A specification is None, the name of a preset or a dict of settings, so that a
grid search can vary it. :func:`augment_images` applies it afresh to a stack of
images, :class:`ImageAugmenter` is the same as a pipeline step and
:func:`tta_views` gives the fixed views that are averaged at test time.
"""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, InvalidParameterError
from sklearn.utils.validation import check_is_fitted

from ._compat import _fit_context
from ._geometry import inverse_affine, translate, warp
from ._transformer import ImageTransformer

# What a specification may hold; each setting is off at zero.
_RANGES = {
    "horizontal_flip": Interval(Real, 0, 1, closed="both"),
    "rotation": Interval(Real, 0, 180, closed="both"),
    "zoom": Interval(Real, 0, 1, closed="left"),
    "shift": Interval(Real, 0, 1, closed="left"),
}

# For clothes of 28 × 28 pixels, where a shift of 0.04 is one pixel.
PRESETS = {
    "light": {"horizontal_flip": 0.5, "shift": 0.04},
    "standard": {"horizontal_flip": 0.5, "rotation": 5.0, "zoom": 0.05, "shift": 0.04},
    "strong": {"horizontal_flip": 0.5, "rotation": 15.0, "zoom": 0.15, "shift": 0.1},
}


def check_augmentation(spec: str | Mapping[str, float] | None) -> dict[str, float]:
    """Check an augmentation and give it as a dict of settings.

    Parameters
    ----------
    spec : None, {"light", "standard", "strong"} or dict
        The augmentation. A dict has any of these settings:

        - `horizontal_flip`: the probability, 0 to 1, that an image is mirrored;
        - `rotation`: the largest angle in degrees, 0 to 180, either way;
        - `zoom`: the largest change of size as a fraction, at least 0 and below 1,
          either way;
        - `shift`: the largest shift as a fraction of height and of width, at least
          0 and below 1, either way.

    Returns
    -------
    settings : dict of str to float
        The settings that are not zero; empty if nothing is to be done.

    Raises
    ------
    ValueError
        If the name or a setting is unknown or a value is out of its range. It is
        scikit-learn's `InvalidParameterError`, which is a TypeError as well.

    Examples
    --------
    >>> from fmnist_sk.augmentation import check_augmentation
    >>> check_augmentation("light")
    {'horizontal_flip': 0.5, 'shift': 0.04}
    >>> check_augmentation({"rotation": 10, "zoom": 0})
    {'rotation': 10.0}
    >>> check_augmentation(None)
    {}
    """
    if spec is None:
        return {}
    if isinstance(spec, str) and spec in PRESETS:
        return dict(PRESETS[spec])
    if not isinstance(spec, Mapping):
        raise InvalidParameterError(
            f"The augmentation must be None, a str among {sorted(PRESETS)} or a dict. "
            f"Got {spec!r} instead."
        )
    if unknown := [key for key in spec if key not in _RANGES]:
        raise InvalidParameterError(
            f"Unknown augmentation settings {unknown}. Known are {list(_RANGES)}."
        )
    for name, value in spec.items():
        # True is a Real, but whoever writes horizontal_flip=True hardly means that
        # every single image be mirrored.
        if isinstance(value, (bool, np.bool_)) or not _RANGES[name].is_satisfied_by(
            value
        ):
            raise InvalidParameterError(
                f"The augmentation setting {name!r} must be {_RANGES[name]}. "
                f"Got {value!r} instead."
            )
    return {name: float(spec[name]) for name in _RANGES if spec.get(name)}


def augment_images(
    images: NDArray[Any],
    spec: str | Mapping[str, float] | None,
    rng: np.random.Generator,
) -> NDArray[Any]:
    """Augment every image at random.

    Rotation, zoom and shift are one bilinear warp about the centre of the image;
    flips and shifts alone move whole pixels and blur nothing. A shift is always a
    whole number of pixels, at most `shift` times the height or width, rounded.
    What comes into view at the border repeats the nearest pixel: unlike a fixed
    value, that holds for images on any ground and of any scale.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width, channels)
        Of any real dtype; never changed. The warp computes in single precision.
    spec : None, str or dict
        See :func:`check_augmentation`.
    rng : numpy.random.Generator
        The source of randomness. All that is random is drawn from it with NumPy,
        so equal generators give bitwise equal images whatever the threads.

    Returns
    -------
    augmented : ndarray of shape (n_images, height, width, channels)
        Of the dtype of `images`, integers rounded; `images` itself if there is
        nothing to do.

    Raises
    ------
    ValueError
        If `spec` is invalid or `images` is not 4-dimensional.

    Examples
    --------
    >>> import numpy as np
    >>> from fmnist_sk.augmentation import augment_images
    >>> images = np.arange(3, dtype=np.uint8).reshape(1, 1, 3, 1)
    >>> rng = np.random.default_rng(0)
    >>> augment_images(images, {"horizontal_flip": 1.0}, rng).ravel()
    array([2, 1, 0], dtype=uint8)
    """
    settings = check_augmentation(spec)
    if images.ndim != 4:
        raise ValueError(
            "images must be of shape (n_images, height, width, channels). "
            f"Got {images.shape} instead."
        )
    for operation in _OPERATIONS:
        images = operation(images, settings, rng)
    return images


def _flip(images, settings, rng):
    """Mirror images left to right."""
    if "horizontal_flip" not in settings:
        return images
    mirrored = rng.random(len(images)) < settings["horizontal_flip"]
    flipped = images.copy()
    flipped[mirrored] = images[mirrored, :, ::-1]
    return flipped


def _move(images, settings, rng):
    """Rotate, zoom and shift images, exactly where whole pixels suffice."""
    n_images, height, width, _ = images.shape
    angle, zoom = np.zeros(n_images), np.ones(n_images)
    down = right = np.zeros(n_images, dtype=int)
    if rotation := np.deg2rad(settings.get("rotation", 0.0)):
        angle = rng.uniform(-rotation, rotation, n_images)
    if change := settings.get("zoom", 0.0):
        zoom = rng.uniform(1 - change, 1 + change, n_images)
    if shift := settings.get("shift", 0.0):
        most_down, most_right = round(shift * height), round(shift * width)
        down = rng.integers(-most_down, most_down, n_images, endpoint=True)
        right = rng.integers(-most_right, most_right, n_images, endpoint=True)
    if rotation or change:
        return warp(images, inverse_affine(angle, zoom, down, right, height, width))
    if down.any() or right.any():
        return translate(images, down, right)
    return images


# In the order they are applied. Each takes and gives a stack of images and draws
# from the generator only what its own settings need.
_OPERATIONS = (_flip, _move)


def tta_views(
    images: NDArray[Any], tta: Literal["flip", "flip_shift"] | None
) -> list[NDArray[Any]]:
    """Give the views of images over which a prediction is averaged.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width, channels)
        Of any dtype; never changed.
    tta : {None, "flip", "flip_shift"}
        None is the images alone; "flip" adds their mirror images; "flip_shift" has
        both three times: as they are and shifted by one pixel to the upper left
        and to the lower right, the border being repeated.

    Returns
    -------
    views : list of ndarray of shape (n_images, height, width, channels)
        1, 2 or 6 stacks of images; the first is `images`, and those that need no
        new pixels are views of its memory.

    Raises
    ------
    ValueError
        If `tta` is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> from fmnist_sk.augmentation import tta_views
    >>> images = np.arange(3).reshape(1, 1, 3, 1)
    >>> [view.ravel().tolist() for view in tta_views(images, "flip")]
    [[0, 1, 2], [2, 1, 0]]
    """
    if tta is None:
        return [images]
    if tta not in ("flip", "flip_shift"):
        raise InvalidParameterError(
            "The 'tta' parameter must be None or a str among {'flip', 'flip_shift'}. "
            f"Got {tta!r} instead."
        )
    views = [images]
    if tta == "flip_shift":
        padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
        views += [padded[:, 2:, 2:], padded[:, :-2, :-2]]
    return [view for upright in views for view in (upright, upright[:, :, ::-1])]


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
    feature_names_in_ : ndarray of shape (n_features_in_,)
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
        **{name: [interval] for name, interval in _RANGES.items()},
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
        image_shape: Sequence[int] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.horizontal_flip = horizontal_flip
        self.rotation = rotation
        self.zoom = zoom
        self.shift = shift
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
            {name: getattr(self, name) for name in _RANGES},
            np.random.default_rng(seed),
        )
        return self._as_output(augmented, shape)

    def _fit_images(self, X):
        """Check the parameters that constraints cannot, then the images."""
        check_augmentation({name: getattr(self, name) for name in _RANGES})
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
        return self._as_output(*self._validate_images(X, reset=False))
