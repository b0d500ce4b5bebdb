"""Compiled prediction graph that takes NumPy weights."""

from functools import lru_cache

import numpy as np

from .. import _engine, architectures
from .._batches import activation_bytes, rows_per_call, side_by_side
from .._training import Normalisation
from .._validation import check_computed
from ..augmentation import UNSURE_BELOW, tta_views
from ._kept import KeptBeside

# Image dtypes of the graph: uint8 pixels, or images that are already normalised.
_DTYPES = np.dtype(np.uint8), np.dtype(np.float32)


class Predictor:
    """Prediction graph with the weights of one fitted network.

    Parameters
    ----------
    fitted : FittedNetwork
        Fitted state, which is not referenced afterwards, so that it can be freed.
    """

    def __init__(self, fitted):
        tf = _engine.start()
        self._normalisation, self._image_shape = (
            fitted.normalisation,
            fitted.image_shape,
        )
        self._n_classes = fitted.description.n_classes
        # Dropout has no effect on predictions, so all rates share a graph.
        self._description = fitted.description.with_dropout(0.0)
        weights = architectures.prediction_weights(self._description, fitted.weights)
        self._tensors = [tf.constant(w) for w in weights]
        self._signature = tuple(tf.TensorSpec(w.shape, w.dtype) for w in weights)
        self._constants = {
            dtype: [tf.constant(a) for a in fitted.normalisation.constants(dtype)]
            for dtype in _DTYPES
        }

    def __call__(self, X, tta):
        """Predict logits.

        Parameters
        ----------
        X : ndarray of shape (n, n_features)
            Images as rows.
        tta : {None, "flip", "shift", "flip_shift"}
            Test-time views, whose logits are averaged for the images that the network
            is unsure of.

        Returns
        -------
        logits : ndarray of shape (n, n_classes), dtype float64
            Logits.

        Raises
        ------
        ValueError
            If a value is so large that a logit overflows.
        """
        logits = np.empty((len(X), self._n_classes))
        dtype = _DTYPES[0 if X.dtype == np.uint8 else 1]
        graph, n_bytes = _prediction_graph(self._description, dtype, self._signature)

        def predict(rows):
            images = self._normalisation.take(X, rows, self._image_shape)
            values = self._run(graph, images).astype(np.float64)
            if tta is not None:
                largest = np.sort(values, axis=1)[:, -2:]
                unsure = largest[:, -1] - largest[:, 0] < UNSURE_BELOW
                if unsure.any():
                    views = tta_views(images[unsure], tta)[1:]
                    others = self._run_views(graph, views, rows_per_call(n_bytes))
                    values[unsure] += others.sum(axis=0, dtype=np.float64)
                    values[unsure] /= 1 + len(views)
            return values

        for rows, values in side_by_side(predict, len(X), n_bytes):
            logits[rows] = values
        return logits

    def _run_views(self, graph, views, size):
        """Return the logits (n_views, n, n_classes), with few calls for few images."""
        images = np.concatenate(views)
        parts = [images[i : i + size] for i in range(0, len(images), size)]
        logits = np.concatenate([self._run(graph, part) for part in parts])
        return logits.reshape(len(views), -1, self._n_classes)

    def _run(self, graph, images):
        tf = _engine.start()
        if len(images) == 1:
            # The matrix product of a single row sums in a different order than that of
            # several rows, but an image's logits must not depend on its batch.
            return self._run(graph, np.repeat(images, 2, axis=0))[:1]
        constants = self._constants[images.dtype]
        logits = graph(tf.constant(images), *constants, *self._tensors)
        return check_computed(logits.numpy())


#: Predictor of a fitted network, made for the first prediction.
predictor_of = KeptBeside(Predictor)


@lru_cache(maxsize=32)
def _prediction_graph(description, dtype, of_weights):
    """Compile a network as a function of images of a dtype, constants and weights.

    Also return the bytes of activations per image.
    """
    tf = _engine.start()
    with _engine.building():
        apply = architectures.prediction_function(description)

        def predict(images, mean, factor, *weights):
            return apply(Normalisation.in_graph(images, mean, factor), weights)

        shape, channels = description.image_shape, description.image_shape[-1:]
        # Keras does not need AutoGraph, which would only take time.
        traced = tf.function(predict, jit_compile=False, autograph=False)
        graph = traced.get_concrete_function(
            tf.TensorSpec([None, *shape], dtype),
            tf.TensorSpec(channels, tf.float32),
            tf.TensorSpec(channels, tf.float32),
            *of_weights,
        )
    return graph, activation_bytes(graph)
