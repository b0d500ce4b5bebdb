"""The model that the page serves, behind one small interface."""

from pathlib import Path

import numpy as np

from .. import _cli
from .._pictures import shown_name
from .._pipelines import final_estimator
from ..classifier import FashionCNNClassifier
from ..datasets import CLASS_NAMES
from ..pretrained import PRETRAINED

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
        self._estimator, self._white = self._reader.estimator, white
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
        if isinstance(final_estimator(model), FashionCNNClassifier):
            _cli.start_engine()
        served.warm_up()
        return served

    def warm_up(self):
        """Compute everything for a blank image, which compiles the graphs."""
        blank = np.zeros((1, *self.image_shape), np.uint8)
        self.predict(blank)
        self.heat_maps(blank)
        self.has_embeddings = self.embeddings(blank) is not None

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

    def predict(self, images):
        """Predict the probabilities of the classes.

        Parameters
        ----------
        images : ndarray of shape (n, ...)
            Images of `read`.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Probabilities.
        """
        return self._estimator.predict_proba(images)

    def heat_maps(self, images):
        """Compute the regions that contribute to the predicted class.

        Parameters
        ----------
        images : ndarray of shape (n, ...)
            Images of `read`.

        Returns
        -------
        heat_maps : ndarray of shape (n, height, width) or None
            Values from 0 to 1, or None for a model without such maps.
        """
        from ..inspection import grad_cam

        try:
            return grad_cam(self._estimator, images)
        except (TypeError, ValueError):  # not a network, or a network without maps
            return None

    def embeddings(self, images):
        """Compute the features of images, by which their similarity is measured.

        Parameters
        ----------
        images : ndarray of shape (n, ...)
            Images of `read`.

        Returns
        -------
        embeddings : ndarray of shape (n, n_features) or None
            Features, or None for a model without layers.
        """
        from ..inspection import layer_outputs, network_and_images

        try:
            classifier, rows = network_and_images(self._estimator, images)
            return layer_outputs(classifier._fitted).features(rows, "avg")
        except (TypeError, ValueError):
            return None
