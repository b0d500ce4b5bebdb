"""Pictures: the files that a user means, and the images that a model gets."""

import os
import sys

import numpy as np
from joblib import Parallel, delayed

from .._pictures import convert_picture, open_file, open_picture
from .._pipelines import divide_after_reading
from ..datasets import CLASS_NAMES, picture_extensions, pictures_in
from . import CommandError
from . import _files as files
from . import _models as models

# Weights of red, green and blue in grey, from ITU-R BT.601, as in most programs.
_LUMA = np.array([0.299, 0.587, 0.114])
# EXIF orientations of a picture that lies on its side.
_ORIENTATION, _SIDEWAYS = 0x0112, range(5, 9)


class PictureReader:
    """Reader that turns pictures into the images of a model.

    A model that begins with a converter converts pictures itself. For any other model,
    pictures of its size are read as they are, and other pictures are converted.

    Parameters
    ----------
    model : estimator
        Fitted classifier.
    names : list of str
        Names of its classes.
    mode : {"fashion-mnist", "resize"}, default=None
        Conversion, which takes the place of the model's own converter. None stands for
        the model's own converter, otherwise for "fashion-mnist" if the classes are
        those of Fashion-MNIST, and for "resize" if not.
    convert : bool, default=True
        Whether to convert pictures. If not, they must have the size of the images.
    white : float, default=255
        Value of white in the images that the model was trained on. Pictures are scaled
        to it.

    Attributes
    ----------
    image_shape : tuple of int
        Shape of one image, `(height, width, channels)`.
    estimator : estimator
        Classifier of the images that `read` returns.
    """

    def __init__(self, model, names, *, mode=None, convert=True, white=255.0):
        self.image_shape = models.model_image_shape(model)
        self.convert, self.white = convert, white
        self._guessed = False
        own, self.estimator = divide_after_reading(model)
        self._own = own if convert and mode is None else None
        grey = self.image_shape[2] == 1
        if mode == "fashion-mnist" and not grey:
            raise CommandError(
                "--mode: fashion-mnist requires a model of grey images, but this model "
                f"expects images with {self.image_shape[2]} channels.",
                status=2,
            )
        trained_on = "fashion-mnist" if grey and _fashion_mnist(names) else "resize"
        self.mode = mode or trained_on
        self._guesses = mode is None and trained_on == "resize"
        self._prepared = None

    def prepared(self):
        """Return a classifier that predicts like `estimator`, ready to predict."""
        if self._prepared is None:
            self._prepared = models.prepare(self.estimator)
        return self._prepared

    def read(self, path):
        """Read a picture.

        Parameters
        ----------
        path : str or UntrustedPicture
            Path of the picture, or its content.

        Returns
        -------
        image : ndarray or None
            Image for `estimator`, or None if the picture cannot be read.
        error : str or None
            Why it cannot be read.
        """
        try:
            return self._image(path), None
        except Exception as error:  # Pillow's readers raise many kinds
            return None, files.reason(path, error)

    def read_all(self, paths):
        """Read pictures in threads, one for each core.

        Parameters
        ----------
        paths : list of str
            Paths of the pictures.

        Returns
        -------
        found : list of tuple
            Image and error of each picture, as `read` returns them.
        """
        return Parallel(n_jobs=-1, prefer="threads")(
            delayed(self.read)(path) for path in paths
        )

    def print_note(self):
        """Print a note if pictures were resized only because of the default."""
        if not self._guessed:
            return
        height, width, _ = self.image_shape
        print(
            f"fmnist-sk: note: pictures were resized to {width} × {height} pixels, "
            "because the model does not contain a converter. To choose the "
            "conversion, set --mode.",
            file=sys.stderr,
        )

    def read_array(self, X):
        """Convert the images of an array.

        Parameters
        ----------
        X : ndarray of shape (n, ...)
            Images, which may be rows of pixels.

        Returns
        -------
        images : ndarray of shape (n, ...)
            Images for `estimator`.
        """
        if self._own is None:
            return X
        if X.ndim == 2 and X.shape[1] == np.prod(self.image_shape):
            height, width, channels = self.image_shape
            X = X.reshape(-1, height, width, *([channels] if channels > 1 else []))
        return np.asarray(self._own.transform(X))

    def _image(self, path):
        if self._own is not None:
            return np.asarray(self._own.transform([path]))[0]
        height, width, channels = self.image_shape
        if channels not in (1, 3):
            raise CommandError(
                f"the model expects images of {channels} channels. Pass them in a .npy "
                "or .npz file."
            )
        size = _size(path)
        if size == (width, height):
            return self._as_it_is(path)
        if not self.convert:
            raise CommandError(
                f"is {size[0]} pixels wide and {size[1]} high, but the model expects "
                f"images {width} pixels wide and {height} high. Resize the image, or "
                "leave out --no-convert."
            )
        grey = channels == 1
        image = convert_picture(path, (height, width), mode=self.mode, grey=grey)
        self._guessed = self._guesses
        image = image.reshape(self.image_shape)
        if self.white == 255:
            return image
        return (self.white / 255 * image).astype(np.float32)

    def _as_it_is(self, path):
        """Read a picture as pixels from 0 (black) to `white`."""
        picture = np.asarray(open_picture(path)) / 255
        if picture.ndim == 2:
            picture = picture[..., np.newaxis].repeat(3, axis=-1)
        if picture.shape[-1] == 4:  # transparent pixels are black, the background
            picture = picture[..., :3] * picture[..., 3:]
        if self.image_shape[2] == 1:
            picture = (picture @ _LUMA)[..., np.newaxis]
        if self.white == 255:
            return (255 * picture).round().astype(np.uint8)
        return (self.white * picture).astype(np.float32)


def _fashion_mnist(names):
    return [str(name) for name in names] == list(CLASS_NAMES)


def _size(path):
    """Return the width and the height of a picture, turned upright."""
    try:
        with open_file(path) as image:
            width, height = image.size
            sideways = image.getexif().get(_ORIENTATION) in _SIDEWAYS
    except Exception:  # which message is for the user, `open_picture` knows
        return open_picture(path).size
    return (height, width) if sideways else (width, height)


def sources_in(arguments):
    """Return the files that the arguments of a command mean, in their order.

    Parameters
    ----------
    arguments : list of str
        Paths of files and folders. A folder stands for all pictures in it.

    Returns
    -------
    sources : list of (str, str or None)
        Path of a file, and why it cannot be used. The reason is None for a file, and
        not None for a folder without pictures.
    """
    extensions, sources = picture_extensions(), []
    for path in arguments:
        if os.path.isdir(path):
            found = [(each, None) for each in pictures_in(path, extensions)]
            sources += found or [(path, "contains no pictures")]
        else:
            sources.append((path, None))
    return sources
