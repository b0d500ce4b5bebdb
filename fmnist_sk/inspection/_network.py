"""Looking into a fitted network: its maps, and their gradients."""

from collections import Counter

import numpy as np

from .. import _engine
from .._unwrap import final_estimator_and_input
from .._validation import validate_images

# The activations of so many images are held at once.
_IMAGES_PER_CALL = 256


def network_and_images(estimator, X):
    """Give the fitted network classifier in an estimator, and the images it sees.

    Parameters
    ----------
    estimator : estimator
        A fitted `FashionCNNClassifier`, or a pipeline or search that ends in one.
    X : array-like
        Images, as `estimator` takes them.

    Returns
    -------
    classifier : FashionCNNClassifier
        The classifier.
    rows : ndarray of shape (n_images, n_features)
        The images, after the steps before it.

    Raises
    ------
    TypeError
        If there is no such classifier.
    ValueError
        If X cannot be its images.
    """
    classifier, X = final_estimator_and_input(estimator, X)
    check_is_network(classifier)
    rows, *_ = validate_images(classifier, X, reset=False)
    return classifier, rows


def check_is_network(classifier):
    """Raise a TypeError unless this is one of our classifiers."""
    from ..classifier import FashionCNNClassifier

    if not isinstance(classifier, FashionCNNClassifier):
        raise TypeError(
            "This looks into a network: it needs a fitted FashionCNNClassifier, a "
            "Pipeline that ends in one, or a search over either. Got "
            f"{type(classifier).__name__} instead; occlusion_sensitivity takes any "
            "classifier."
        )


class OpenNetwork:
    """A fitted network whose inner maps can be read.

    Parameters
    ----------
    classifier : FashionCNNClassifier
        Fitted.

    Attributes
    ----------
    convolutions : list of keras.layers.Layer
        From the image on.
    blocks : list of keras.layers.Layer
        For each convolution the layer in which it, with what follows it (pooling,
        normalisation, activation), ends.
    """

    def __init__(self, classifier):
        _engine.start()
        import keras

        from ..architectures import build_network

        self.classifier = classifier
        self.network = build_network(classifier._fitted.description, stock=True)
        self.network.set_weights(classifier._fitted.weights)
        model = self.network.model
        if not getattr(model, "inputs", None) or any(
            isinstance(layer, keras.Model) for layer in model.layers
        ):
            raise TypeError(
                "The network's layers cannot be told apart: build it as one Functional "
                "or Sequential keras.Model, without models for layers."
            )
        self.convolutions, self.blocks = _find_blocks(model)

    def maps_and_gradients(self, rows, codes, layer):
        """Give the maps of a layer, and the gradients of logits with respect to them.

        Parameters
        ----------
        rows : ndarray of shape (n_images, n_features)
            Images.
        codes : ndarray of shape (n_images,), dtype int
            The class whose logit is meant, for each image.
        layer : keras.layers.Layer
            One of `blocks`.

        Yields
        ------
        maps, gradients : ndarray of shape (n, height, width, n_maps)
            Of some images at a time.
        """
        import tensorflow as tf

        opened = self._open([layer.output, self.network.model.outputs[0]])
        for first in range(0, len(rows), _IMAGES_PER_CALL):
            part = slice(first, first + _IMAGES_PER_CALL)
            images = tf.constant(self._normalised(rows[part]))
            with tf.GradientTape() as tape:
                tape.watch(images)
                maps, output = opened(images, training=False)
                logits = self.network.to_logits(output)
                score = tf.gather(logits, codes[part], axis=1, batch_dims=1)
            yield maps.numpy(), tape.gradient(score, maps).numpy()

    def maps(self, rows):
        """Give the maps `(n_images, height, width, n_maps)` of all blocks."""
        opened = self._open([layer.output for layer in self.blocks])
        parts = [
            opened(self._normalised(rows[i : i + _IMAGES_PER_CALL]), training=False)
            for i in range(0, len(rows), _IMAGES_PER_CALL)
        ]
        return [
            np.concatenate([np.asarray(m) for m in maps])
            for maps in zip(*parts, strict=True)
        ]

    def n_features(self, pooling):
        """Count the features that `features` gives."""
        return self._features(pooling).shape[1]

    def features(self, rows, pooling):
        """Give what the last layer is given `(n_images, n_features)`.

        Where that are maps, flattened, they are pooled instead.
        """
        opened = self._open(self._features(pooling))
        parts = [
            opened(self._normalised(rows[i : i + _IMAGES_PER_CALL]), training=False)
            for i in range(0, len(rows), _IMAGES_PER_CALL)
        ]
        return np.concatenate([np.asarray(part) for part in parts])

    def _features(self, pooling):
        import keras

        layers = self.network.model.layers
        made_by = {id(layer.output): layer for layer in layers}
        # An ensemble has several.
        last = [layer for layer in layers if layer.name.startswith("logits")]
        features = []
        for layer in last or [layer for layer in layers if layer.weights][-1:]:
            end = layer.input
            while isinstance(
                made_by.get(id(end)),
                (keras.layers.Flatten, keras.layers.Reshape, keras.layers.Dropout),
            ):
                end = made_by[id(end)].input
            features.append(_pool(end, pooling))
        if len(features) == 1:
            return features[0]
        with _engine.building():
            return keras.layers.Concatenate()(features)

    def _open(self, outputs):
        import keras

        with _engine.building():
            return keras.Model(self.network.model.inputs[0], outputs)

    def _normalised(self, rows):
        classifier = self.classifier
        normalisation = classifier._fitted.normalisation
        images = rows.reshape(-1, *classifier.image_shape_)
        pixels = (images - normalisation.mean) / normalisation.scale
        return pixels.astype(np.float32)


def _pool(maps, pooling):
    """Make features of maps; what is features already stays as it is."""
    import keras

    with _engine.building():
        if len(maps.shape) != 4 or pooling is None:
            return keras.layers.Flatten()(maps)
        if pooling == "avg":
            return keras.layers.GlobalAveragePooling2D()(maps)
        return keras.layers.GlobalMaxPooling2D()(maps)


def _find_blocks(model):
    """Find the convolutions of maps and the layers in which their blocks end."""
    import keras

    inputs = {layer: keras.tree.flatten(layer.input) for layer in model.layers}
    n_uses = Counter(id(tensor) for tensors in inputs.values() for tensor in tensors)
    convolutions, blocks = [], []
    for layer in model.layers:
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)):
            convolutions.append(layer)
            blocks.append(layer)
            continue
        if len(getattr(layer.output, "shape", ())) != 4:
            continue
        # The rest of a block: what takes the block so far, and is alone in that. A sum
        # belongs to the first of its terms.
        for i, end in enumerate(blocks):
            if inputs[layer][0] is end.output and n_uses[id(end.output)] == 1:
                blocks[i] = layer
                break
    located = [i for i, end in enumerate(blocks) if max(end.output.shape[1:3]) > 1]
    return [convolutions[i] for i in located], [blocks[i] for i in located]
