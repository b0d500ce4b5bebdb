"""Training images that a model finds similar to an image."""

import threading

import numpy as np

from ..datasets import load_fashion_mnist_sample

# Images of one call, which takes one core, so that another can answer requests.
_AT_ONCE = 50


class SimilarImages:
    """Search among the training images that ship with the package.

    The images are the 3,000 training images of the sample, of the 60,000 that the
    pretrained models were trained on. Similarity is the cosine of the angle between the
    features of two images, before the last layer of the network.

    Parameters
    ----------
    model : ServedModel
        Model of Fashion-MNIST's images and classes.
    """

    def __init__(self, model):
        self._model = model
        self._images, self._codes = load_fashion_mnist_sample(return_X_y=True)
        self._images = self._images.reshape(-1, 28, 28)
        self._features = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._embed, daemon=True)

    @property
    def ready(self):
        """Return whether the features have been computed."""
        return self._features is not None

    def start(self):
        """Compute the features in a thread of their own."""
        self._thread.start()

    def stop(self):
        """End the thread, which must not run while the interpreter shuts down."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def find(self, embeddings, n_images=5):
        """Find the most similar training images.

        Parameters
        ----------
        embeddings : ndarray of shape (n, n_features)
            Features of images, as the model computes them.
        n_images : int, default=5
            Number of training images per image.

        Returns
        -------
        found : list of list of tuple, or None
            Pixels, class (0 to 9) and similarity of the training images of each image,
            most similar first. None if they are not `ready`.
        """
        features = self._features
        if features is None:
            return None
        similarity = _unit(embeddings) @ features.T
        nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :n_images]
        return [
            [(self._images[i], int(self._codes[i]), float(values[i])) for i in row]
            for row, values in zip(nearest, similarity, strict=True)
        ]

    def _embed(self):
        parts = []
        for first in range(0, len(self._images), _AT_ONCE):
            if self._stopped.is_set():
                return
            images = self._images[first : first + _AT_ONCE]
            outputs = self._model.compute(images, "embeddings")
            parts.append(_unit(outputs["embeddings"]))
        self._features = np.concatenate(parts)


def _unit(features):
    """Scale vectors to the length 1."""
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.maximum(length, np.finfo(np.float32).tiny)
