"""Outputs of the layers of a fitted network for images."""

import copy

import numpy as np

from .. import _engine
from .._batches import side_by_side
from .._inference import KeptBeside
from .._pipelines import final_estimator_and_input
from .._validation import check_computed
from ..classifier import FashionCNNClassifier
from ._layer_graphs import layer_graphs


def network_and_images(estimator, X):
    """Return the network classifier inside an estimator, and the images that it gets.

    Parameters
    ----------
    estimator : estimator
        Fitted `FashionCNNClassifier`, or a pipeline or search that ends in one.
    X : array-like
        Images, as `estimator` takes them.

    Returns
    -------
    classifier : FashionCNNClassifier
        Shallow copy of the classifier.
    rows : ndarray of shape (n_images, n_features)
        Images after the steps before the classifier.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.
    TypeError
        If there is no such classifier.
    ValueError
        If `X` is invalid.
    """
    classifier, X = final_estimator_and_input(estimator, X)
    check_is_network(classifier)
    # A copy does not change while another thread refits the classifier.
    classifier = copy.copy(classifier)
    return classifier, classifier._rows_of(X)


def check_is_network(classifier):
    """Raise a TypeError unless the estimator is a classifier of this package."""
    if not isinstance(classifier, FashionCNNClassifier):
        raise TypeError(
            "The estimator must be a fitted FashionCNNClassifier, a Pipeline that ends "
            f"in one, or a search over either. Got {type(classifier).__name__} "
            "instead. occlusion_sensitivity explains any classifier."
        )


class LayerOutputs:
    """Outputs of the layers of a fitted network, and their gradients.

    Use `layer_outputs` to create one.

    Parameters
    ----------
    fitted : FittedNetwork
        Fitted state. No reference to it is kept, so that it can be freed.

    Attributes
    ----------
    graphs : LayerGraphs
        Compiled graphs, which all estimators with the same network share.
    """

    def __init__(self, fitted):
        tf = _engine.start()
        self.graphs = layer_graphs(fitted.description)
        self._image_shape = fitted.image_shape
        self._normalisation = fitted.normalisation
        self._weights = [
            tf.constant(value, dtype=variable.dtype)
            for value, variable in zip(
                fitted.weights, self.graphs.network.variables, strict=True
            )
        ]

    def first_kernel(self):
        """Return a copy of the first convolution's kernel, or None if there is none.

        Its shape is (height, width, channels, n_filters).
        """
        if not self.graphs.convolutions:
            return None
        kernel = self.graphs.convolutions[0].layer.kernel
        weights = self._weights[self.graphs.position(kernel)]
        return weights.numpy().astype(np.float32)

    def maps(self, rows):
        """Return the maps `(n_images, height, width, n_maps)` of all blocks."""
        if not self.graphs.blocks:
            return []
        return self._fill(self.graphs.maps(), rows)

    def features(self, rows, pooling):
        """Return the features `(n_images, n_features)`; see `LayerGraphs.features`."""
        return self._fill(self.graphs.features(pooling), rows)[0]

    def n_features(self, pooling):
        """Return the number of features."""
        (features,) = self.graphs.features(pooling).function.outputs
        return int(features.shape[1])

    def gradients(self, rows, codes, tensor):
        """Compute maps and the gradients of logits with respect to these maps.

        Parameters
        ----------
        rows : ndarray of shape (n_images, n_features)
            Images.
        codes : ndarray of shape (n_images,), dtype int
            Class whose logit is differentiated, for each image.
        tensor : KerasTensor
            Tensor of maps: the output of one of `graphs.blocks`, or `graphs.images`.

        Yields
        ------
        part : slice
            Rows that the arrays belong to.
        maps, gradients : ndarray of shape (n, height, width, n_maps)
            Maps and gradients of these rows.
        """
        graph = self.graphs.gradients(tensor)
        codes = np.asarray(codes, dtype=np.int32)

        def compute(part):
            return self._call(graph, self._images(rows, part), codes[part])

        for part, arrays in side_by_side(compute, len(rows), graph.bytes_per_image):
            yield part, *arrays

    def _fill(self, graph, rows):
        """Compute arrays for all images, with little memory beyond the arrays."""
        arrays = [
            np.empty((len(rows), *output.shape[1:]), np.float32)
            for output in graph.function.outputs
        ]

        def compute(part):
            return self._call(graph, self._images(rows, part))

        for part, computed in side_by_side(compute, len(rows), graph.bytes_per_image):
            for array, values in zip(arrays, computed, strict=True):
                array[part] = values
        return arrays

    def _images(self, rows, part):
        """Return images of any dtype as normalised float32."""
        take = self._normalisation.take
        images = take(rows, part, self._image_shape)
        if images.dtype == np.uint8:  # `take` leaves them to graphs that normalise
            images = take(images.astype(np.float32), slice(None), self._image_shape)
        return images

    def _call(self, graph, *arrays):
        tf = _engine.start()
        if len(arrays[0]) == 1:
            # A matrix product of one row sums in another order than a product of
            # several rows, but the output for an image must not depend on its batch.
            pairs = [np.repeat(array, 2, axis=0) for array in arrays]
            return [output[:1] for output in self._call(graph, *pairs)]
        outputs = graph.function(*map(tf.constant, arrays), *self._weights)
        return [check_computed(output.numpy()) for output in outputs]


#: Outputs of the layers of a fitted network, created at the first call.
layer_outputs = KeptBeside(LayerOutputs)
