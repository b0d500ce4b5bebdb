"""PhotoConverter: photographs of any size to small images of one shape."""

import os
from collections.abc import Sequence
from functools import partial
from itertools import chain
from numbers import Integral
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.parallel import Parallel, delayed

from .._compat import StrOptions, _fit_context
from .._documentation import DocumentationLinkMixin
from .._images import check_image_shape
from .._pictures import MODES, convert_picture
from .._validation import all_or_nothing
from ._base import in_container

# Pictures per task of a thread. A task costs a fraction of a millisecond.
_PICTURES_PER_TASK = 16


class PhotoConverter(DocumentationLinkMixin, TransformerMixin, BaseEstimator):
    """Transformer that turns photographs of any size into small images of one shape.

    It reads paths of files, images of Pillow, and arrays. In a pipeline before
    :class:`FashionCNNClassifier`, or before a classifier of :func:`load_pretrained`,
    the pipeline takes photographs.

    Parameters
    ----------
    image_shape : (int, int), default=(28, 28)
        Height and width of the images in pixels.
    mode : {"fashion-mnist", "resize"}, default="fashion-mnist"
        Conversion of a photograph:

        - `"fashion-mnist"` finds the object in the photograph and draws it like the
          images of Fashion-MNIST [1]_: light on black, centred, and so large that it
          fills the height or the width. The background can be light, dark, coloured or
          textured.
        - `"resize"` keeps the whole photograph and its aspect ratio, and fills the rest
          of the image with the median colour of the photograph's border.
    color_mode : {"grayscale", "rgb"}, default="grayscale"
        Whether the images are grey or in colour. `"rgb"` requires `mode="resize"`.
    n_jobs : int, default=None
        Number of threads that read and convert photographs. None stands for 1 unless in
        a :obj:`joblib.parallel_config` context. -1 stands for all processors. Two
        threads are 1.8 times as fast as one with `mode="resize"`, but only 1.1 times
        with `mode="fashion-mnist"`. For thousands of photographs, use processes:
        `with parallel_config("loky", n_jobs=2)`.

    Attributes
    ----------
    image_shape_ : tuple of int
        Shape of one image, `(height, width, channels)`.

    See Also
    --------
    ImageReshaper : Turn rows of pixels into images.
    load_pretrained : Load a classifier for images like those of Fashion-MNIST.

    Notes
    -----
    Pillow reads the files, so all of its formats are supported. Photographs are turned
    upright by their EXIF data. Animations count as their first frame. 16 bits per
    channel are scaled to 8 bits. Transparent pixels are background.

    In the mode `"fashion-mnist"`, the background is a plane of colours that is fitted
    to the border of the photograph. The pixel value of an image is the difference of
    the photograph from this background, scaled so that the largest differences are 255.
    The object must be a single one, and most of the border must show the background. A
    photograph without an object becomes a black image.

    The converter is stateless: `fit` checks the parameters and learns nothing.

    References
    ----------
    .. [1] H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for
       benchmarking machine learning algorithms", arXiv:1708.07747, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from PIL import Image
    >>> from sklearn.pipeline import make_pipeline
    >>> from fmnist_sk import PhotoConverter, load_fashion_mnist_sample, load_pretrained
    >>> X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)
    >>> boot = Image.fromarray(255 - X_test[0].reshape(28, 28)).resize((600, 600))
    >>> PhotoConverter().fit_transform([boot]).shape
    (1, 28, 28)
    >>> model = make_pipeline(PhotoConverter(), load_pretrained())
    >>> bool(model.predict([boot])[0] == y_test[0])
    True
    """

    # Pickles and skops files name the public path, so that this file may move.
    __module__ = "fmnist_sk.preprocessing"

    image_shape_: tuple[int, int, int]

    _parameter_constraints: ClassVar[dict] = {
        "image_shape": [tuple, list],
        "mode": [StrOptions(set(MODES))],
        "color_mode": [StrOptions({"grayscale", "rgb"})],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        image_shape: Sequence[int] = (28, 28),
        *,
        mode: Literal["fashion-mnist", "resize"] = "fashion-mnist",
        color_mode: Literal["grayscale", "rgb"] = "grayscale",
        n_jobs: int | None = None,
    ):
        self.image_shape = image_shape
        self.mode = mode
        self.color_mode = color_mode
        self.n_jobs = n_jobs

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Check the parameters.

        Parameters
        ----------
        X : sequence of photographs
            Photographs, which are not read.
        y : None
            Ignored. Pipelines pass it.

        Returns
        -------
        self : PhotoConverter
            The converter.

        Raises
        ------
        ValueError
            If a parameter is invalid, or `X` is not a sequence of photographs.
        """
        photographs(X)
        self.image_shape_ = self._checked_shape()
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Convert photographs.

        Parameters
        ----------
        X : sequence of str, path-like, PIL.Image.Image or ndarray
            Photographs: paths of files, images of Pillow, or arrays of shape
            `(height, width)` or `(height, width, channels)` with 1 to 4 channels. The
            sequence is a list, an array, a Series or a DataFrame of one column, or an
            array of shape `(n, height, width)` or `(n, height, width, channels)`.
            Values of arrays are integers from 0 to 255, uint16, or floats from 0 to 1.

        Returns
        -------
        images : ndarray of shape (n, height, width) or (n, height, width, 3), \
                dtype uint8, or DataFrame
            Images with values from 0 to 255.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If a file is damaged or not a picture, or `X` is not a sequence of
            photographs. The message names the file or the position.
        TypeError
            If an element of `X` is not a photograph.
        """
        self._validate_params()
        height, width, channels = shape = self._checked_shape()
        found = photographs(X)
        convert = partial(
            convert_all, size=(height, width), mode=self.mode, grey=channels == 1
        )
        tasks = range(0, len(found), _PICTURES_PER_TASK)
        converted = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(convert)(found[first : first + _PICTURES_PER_TASK], first)
            for first in tasks
        )
        images = np.stack(list(chain.from_iterable(converted)))
        return in_container(self, images, images.shape, X, shape)

    def _checked_shape(self):
        height, width, channels = check_image_shape(self.image_shape)
        if self.color_mode == "rgb" and self.mode == "fashion-mnist":
            raise ValueError(
                "color_mode='rgb' requires mode='resize', because the images of "
                "Fashion-MNIST are grey."
            )
        if channels != 1:
            raise ValueError(
                "The 'image_shape' parameter must be (height, width). Got "
                f"{self.image_shape!r} instead. For images in colour, set color_mode."
            )
        return height, width, 3 if self.color_mode == "rgb" else 1

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the names of the pixels, if an image is a row.

        Parameters
        ----------
        input_features : object
            Ignored. scikit-learn passes it.

        Returns
        -------
        names : ndarray of str objects
            Names "pixel_0_0", "pixel_0_1", ..., row before column, with the number of
            the channel for images in colour.
        """
        shape = self._checked_shape()
        positions = np.ndindex(shape[:2] if shape[2] == 1 else shape)
        names = ["_".join(map(str, ("pixel", *position))) for position in positions]
        return np.array(names, dtype=object)

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = ["uint8"]
        return tags


def convert_all(found, first, **options):
    """Convert photographs, and name the position of one that fails.

    Parameters
    ----------
    found : list
        Photographs.
    first : int
        Position of the first photograph in `X`.
    **options : dict
        Arguments of `convert_picture`.

    Returns
    -------
    images : list of ndarray
        Images.
    """
    images = []
    for position, photograph in enumerate(found, first):
        try:
            images.append(convert_picture(photograph, **options))
        except (TypeError, ValueError) as error:
            raise type(error)(f"X[{position}]: {error}") from error
    return images


def photographs(X):
    """Return the photographs in a sequence as a list.

    Parameters
    ----------
    X : sequence
        Photographs, as :meth:`PhotoConverter.transform` takes them.

    Returns
    -------
    found : list of str, path-like, PIL.Image.Image or ndarray
        Photographs, which are not read.

    Raises
    ------
    TypeError
        If `X` is not a sequence.
    ValueError
        If `X` is a single photograph, is empty, or has the shape of a table.
    """
    if isinstance(X, (str, bytes, os.PathLike)) or hasattr(X, "getbands"):
        raise ValueError(
            "Expected a sequence of photographs, got a single photograph instead. Put "
            "it into a list: [photograph]."
        )
    if hasattr(X, "columns"):
        if len(X.columns) != 1:
            raise ValueError(
                "A DataFrame of photographs must have one column. Got "
                f"{len(X.columns)} columns instead. Select the column of paths, for "
                "instance with a ColumnTransformer."
            )
        X = X[X.columns[0]]
    if not hasattr(X, "__len__"):
        raise TypeError(
            f"Expected a sequence of photographs, got {type(X).__name__} instead."
        )
    if not isinstance(X, (list, tuple)):
        X = np.asarray(X)
        if X.ndim == 2 and X.shape[1] == 1 and X.dtype.kind in "OUT":
            X = X[:, 0]
        if X.ndim not in (1, 3, 4):
            raise ValueError(
                "Expected a sequence of photographs, got an array of shape "
                f"{X.shape} instead. If its rows are pixels, use ImageReshaper."
            )
    if len(X) == 0:
        raise ValueError(
            "Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is "
            "required by PhotoConverter."
        )
    return [np.asarray(each) if isinstance(each, (list, tuple)) else each for each in X]
