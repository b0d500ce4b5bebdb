"""The compiled prediction graph over NumPy weights."""

import threading
import weakref
from functools import lru_cache
from operator import is_not

import numpy as np

from . import _engine
from .augmentation import tta_views

# Enough to keep the cores busy; the activations of more images would only leave the
# processor's cache.
_ROWS_PER_CALL = 512

# What the graph takes: whole pixels, or images normalised already.
_DTYPES = np.dtype(np.uint8), np.dtype(np.float32)

_LOCK = threading.Lock()
_predictors: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


class Predictor:
    """A prediction graph with the weights of one fitted estimator handed over.

    Parameters
    ----------
    description : NetworkDescription
        The network's.
    weights : list of ndarray
        In the order of the network's variables.
    normalisation : Normalisation
        Of the images.
    """

    def __init__(self, description, weights, normalisation):
        tf = _engine.start()
        self.state = description, weights, normalisation
        self.normalisation = normalisation
        self.image_shape, self.n_classes = (
            description.image_shape,
            description.n_classes,
        )
        # Dropout does nothing in prediction: all rates share a graph.
        self._description = description.with_dropout(0.0)
        from .architectures import prediction_weights

        weights = prediction_weights(self._description, weights)
        self._tensors = [tf.constant(w) for w in weights]
        self._signature = tuple(tf.TensorSpec(w.shape, w.dtype) for w in weights)
        self._scaling = {
            dtype: [tf.constant(a) for a in normalisation.for_graph(dtype)]
            for dtype in _DTYPES
        }

    def __call__(self, X, tta=None):
        """Predict logits.

        Parameters
        ----------
        X : ndarray of shape (n, n_features)
            Images as rows.
        tta : str or None, default=None
            Test-time augmentation: the logits of several views are averaged.

        Returns
        -------
        logits : ndarray of shape (n, n_classes), dtype float64
            The logits.
        """
        logits = np.empty((len(X), self.n_classes))
        for first in range(0, len(X), _ROWS_PER_CALL):
            rows = slice(first, first + _ROWS_PER_CALL)
            images = self.normalisation.take(X, rows, self.image_shape)
            if tta is None:
                logits[rows] = self._call(images)
            else:
                views = [self._call(view) for view in tta_views(images, tta)]
                logits[rows] = np.mean(views, axis=0, dtype=np.float64)
        return logits

    def _call(self, images):
        tf = _engine.start()
        graph = _prediction_graph(self._description, images.dtype, self._signature)
        scaling = self._scaling[images.dtype]
        if len(images) == 1:
            # A matrix product of one row sums in another order than that of several:
            # an image's logits shall not depend on the company it comes in.
            return self._call(np.repeat(images, 2, axis=0))[:1]
        return graph(tf.constant(images), *scaling, *self._tensors).numpy()


def predictor_of(estimator, description, weights, normalisation):
    """Give the predictor of an estimator, made on its first prediction after a fit.

    It is kept beside the estimator, not in it, so that what is pickled, cloned and
    compared stays NumPy.
    """
    with _LOCK:
        predictor = _predictors.get(estimator)
    state = description, weights, normalisation
    # A refit in another thread may have replaced some of them.
    if predictor is None or any(map(is_not, predictor.state, state)):
        predictor = Predictor(description, weights, normalisation)
        with _LOCK:
            _predictors[estimator] = predictor
    return predictor


@lru_cache(maxsize=32)
def _prediction_graph(description, dtype, of_weights):
    """Compile a network as a function of images of a dtype, scaling and weights."""
    tf = _engine.start()
    from .architectures import prediction_function

    with _engine.building():
        apply = prediction_function(description)

        def predict(images, mean, factor, *weights):
            pixels = (tf.cast(images, tf.float32) - mean) * factor
            return apply(pixels, weights)

        shape, channels = description.image_shape, description.image_shape[-1:]
        # AutoGraph would only take time: nothing of Keras needs it.
        traced = tf.function(predict, jit_compile=False, autograph=False)
        return traced.get_concrete_function(
            tf.TensorSpec([None, *shape], dtype),
            tf.TensorSpec(channels, tf.float32),
            tf.TensorSpec(channels, tf.float32),
            *of_weights,
        )
