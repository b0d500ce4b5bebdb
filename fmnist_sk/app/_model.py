"""The model that the page serves, behind one small interface."""

from pathlib import Path

import numpy as np

from .. import _cli
from .._pictures import shown_name
from ..datasets import CLASS_NAMES
from ..pretrained import PRETRAINED
from ._backends import backend_of

_FORMATS = (".skops", ".onnx")


class ServedModel:
    """Fitted classifier with everything that the page shows about a picture.

    Use `load` to create one. All methods can be called in several threads.

    Parameters
    ----------
    model : estimator
        Fitted classifier.
    name : str
        Name that clients see.
    mode : {"fashion-mnist", "resize"}, default=None
        Conversion of pictures. None stands for the choice of `PictureReader`.
    names : str, default=None
        Names of the classes, as in the option --class-names.
    white : float, default=255
        Value of white in the training images.

    Attributes
    ----------
    labels, names : list
        Labels and names of the classes.
    image_shape : tuple of int
        Shape of one image, `(height, width, channels)`.
    is_fashion_mnist : bool
        Whether the model predicts Fashion-MNIST's classes from images of its shape.
    has_embeddings : bool
        Whether the model has features to compare images by.
    """

    def __init__(self, model, name, *, mode=None, names=None, white=255.0):
        self.name = name
        self.labels = model.classes_.tolist()
        self.names = _cli.class_names(model, names)
        self._reader = _cli.PictureReader(model, self.names, mode=mode, white=white)
        self._backend, self._white = backend_of(self._reader.estimator), white
        self.image_shape = self._reader.image_shape
        self.has_embeddings = False
        self.is_fashion_mnist = (
            self.names == list(CLASS_NAMES)
            and tuple(self.image_shape) == (28, 28, 1)
            and white == 255
        )

    @classmethod
    def load(cls, name, *, mode=None, class_names=None, white=255.0):
        """Load a model, and make a prediction so that the next one is fast.

        Parameters
        ----------
        name : str
            Name of a pretrained classifier, or path of a .skops or .onnx file.
        mode : {"fashion-mnist", "resize"}, default=None
            Conversion of pictures.
        class_names : str, default=None
            Names of the classes, separated by commas.
        white : float, default=255
            Value of white in the training images.

        Returns
        -------
        served : ServedModel
            Model.

        Raises
        ------
        CommandError
            If the file has another format, which is found out from its name, before it
            is opened. The content of a pickle could run any code.
        """
        if name not in PRETRAINED and Path(name).suffix.lower() not in _FORMATS:
            raise _cli.CommandError(
                f"{shown_name(name)}: the web page only loads models from .skops and "
                ".onnx files, because loading a joblib or pickle file can run any "
                "code. Save the model with save_model(model, 'model.skops').",
                status=2,
            )
        model = _cli.load(name)
        shown = name if name in PRETRAINED else Path(name).name
        served = cls(model, shown, mode=mode, names=class_names, white=white)
        served.warm_up()
        return served

    def warm_up(self):
        """Compute everything for a blank image, which compiles graphs."""
        blank = np.zeros((1, *self.image_shape), np.uint8)
        outputs = self.compute(blank, "probabilities", "heat_maps", "embeddings")
        self.has_embeddings = outputs["embeddings"] is not None

    def read(self, picture):
        """Convert a picture.

        Parameters
        ----------
        picture : UntrustedPicture
            Content of a picture file.

        Returns
        -------
        image : ndarray or None
            Image for the other methods.
        error : str or None
            Reason why the picture cannot be read.
        """
        return self._reader.read(picture)

    def pixels(self, image):
        """Return an image of `read` as uint8 pixels that can be shown.

        Parameters
        ----------
        image : ndarray
            Image.

        Returns
        -------
        pixels : ndarray of shape (height, width) or (height, width, 3), dtype uint8
            Pixels.
        """
        height, width, channels = self.image_shape
        pixels = np.reshape(image, (height, width, channels))
        if pixels.dtype != np.uint8:
            pixels = np.clip(255 / self._white * pixels, 0, 255).round()
        pixels = pixels.astype(np.uint8)
        return pixels[..., :3] if channels >= 3 else pixels[..., 0]

    def compute(self, images, *names):
        """Compute outputs of the model.

        Parameters
        ----------
        images : ndarray of shape (n, ...)
            Images of `read`.
        *names : str
            Names of outputs: "probabilities" of the classes, "heat_maps" of the regions
            that contribute to the predicted class, from 0 to 1, and "embeddings", the
            features by which the similarity of images is measured.

        Returns
        -------
        outputs : dict
            Array of each output, or None if the model does not have it.
        """
        return self._backend.compute(images, *names)
