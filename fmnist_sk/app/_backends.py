"""Computation of outputs: ONNX Runtime where possible, otherwise TensorFlow."""

from .. import _cli
from .._pipelines import final_estimator
from ..classifier import FashionCNNClassifier
from ..onnx import OnnxClassifier, in_memory

# Outputs by their names in ONNX models.
_NAMES = {
    "probabilities": "probabilities",
    "heat_maps": "heatmap",
    "embeddings": "features",
}


def backend_of(estimator):
    """Return the fastest backend that computes all outputs of an estimator.

    ONNX Runtime starts in a fraction of a second, TensorFlow takes several seconds and
    four times the memory.

    Parameters
    ----------
    estimator : estimator
        Fitted classifier of images.

    Returns
    -------
    backend : OnnxBackend or EstimatorBackend
        Backend.
    """
    light = in_memory(estimator, explain=True)
    if light is not None:
        backend = OnnxBackend(light._model)
        # A file may have been exported without explanations.
        if backend.offers == set(_NAMES) or isinstance(estimator, OnnxClassifier):
            return backend
    if isinstance(final_estimator(estimator), FashionCNNClassifier):
        _cli.start_engine(announced=True)
    return EstimatorBackend(estimator)


class OnnxBackend:
    """Computation with ONNX Runtime.

    Parameters
    ----------
    model : OnnxModel
        Model.

    Attributes
    ----------
    offers : set of str
        Names of the outputs that the model has.
    """

    def __init__(self, model):
        self._model = model
        self.offers = {ours for ours, name in _NAMES.items() if name in model.outputs}

    def compute(self, images, *names):
        """Compute outputs.

        Parameters
        ----------
        images : ndarray of shape (n, ...)
            Images.
        *names : str
            Names of outputs: "probabilities", "heat_maps" or "embeddings".

        Returns
        -------
        outputs : dict
            Array of each output, or None if the model does not have it.
        """
        found = [name for name in names if name in self.offers]
        rows = images.reshape(len(images), -1)
        _, *arrays = self._model.run(rows, ["logits", *map(_NAMES.get, found)])
        return dict.fromkeys(names) | dict(zip(found, arrays, strict=True))


class EstimatorBackend:
    """Computation with the estimator itself, which for networks starts TensorFlow.

    Parameters
    ----------
    estimator : estimator
        Fitted classifier of images.
    """

    def __init__(self, estimator):
        self._estimator = estimator
        self._compute = {
            "probabilities": estimator.predict_proba,
            "heat_maps": self._heat_maps,
            "embeddings": self._embeddings,
        }

    def compute(self, images, *names):
        """Compute outputs, as `OnnxBackend.compute` does."""
        return {name: self._compute[name](images) for name in names}

    def _heat_maps(self, images):
        from ..inspection import grad_cam

        try:
            return grad_cam(self._estimator, images)
        except (TypeError, ValueError):  # not a network, or a network without maps
            return None

    def _embeddings(self, images):
        from ..inspection import layer_outputs, network_and_images

        try:
            classifier, rows = network_and_images(self._estimator, images)
            return layer_outputs(classifier._fitted).features(rows, "avg")
        except (TypeError, ValueError):
            return None
