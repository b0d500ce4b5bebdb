"""Networks from their description: built, initialised, given as plain Keras."""

import random
from contextlib import contextmanager
from dataclasses import dataclass

import keras
import numpy as np

from .. import _engine
from ._builders import FastBlocks, StockBlocks, build_logits
from ._folded import FoldedBlocks, fold


@dataclass(frozen=True)
class Network:
    """A Keras model with what has to be known of its output.

    Attributes
    ----------
    model : keras.Model
        Maps normalised images `(n, height, width, channels)` to `(n, n_classes)`.
    variables : list of keras.Variable
        Its weights. A named architecture's come in the same order whatever layers it
        is built from, which Keras's own order does not.
    gives_probabilities : bool
        Whether its output has been through a softmax.
    """

    model: keras.Model
    variables: list
    gives_probabilities: bool

    def get_weights(self):
        """Give the weights as arrays of their own."""
        return [variable.numpy().copy() for variable in self.variables]

    def set_weights(self, weights):
        """Set the weights."""
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)

    def connect(self, momentum, dropout):
        from ._layers import Block, Dropout

        for layer in self.model.layers:
            if isinstance(layer, Block):
                layer.momentum = momentum
            elif isinstance(layer, Dropout):
                layer.current_rate = dropout

    def to_logits(self, output):
        """Turn the model's output into float32 logits."""
        output = keras.ops.cast(output, "float32")
        if not self.gives_probabilities:
            return output
        # Softmax of the logarithm gives the probabilities back.
        return keras.ops.log(keras.ops.maximum(output, np.finfo(np.float32).tiny))


def build_network(description, dtype="float32", *, stock=False):
    """Build the network of a description.

    Parameters
    ----------
    description : NetworkDescription
        What to build.
    dtype : {"float32", "mixed_bfloat16"}, default="float32"
        What a named architecture computes in; a callable decides for itself.
    stock : bool, default=False
        Use stock Keras layers only.

    Returns
    -------
    network : Network
        With arbitrary weights.
    """
    parameters = dict(description.parameters)
    with _engine.BUILDING:
        if callable(description.architecture):
            with _seeded(None):
                return _from_callable(description, parameters)
        inputs = keras.Input(description.image_shape)
        blocks = StockBlocks() if stock else FastBlocks(dtype)
        logits = build_logits(
            inputs, description.architecture, description.n_classes, blocks, parameters
        )
        variables = [v for layer in blocks.layers for v in layer.weights]
        return Network(keras.Model(inputs, logits), variables, False)


def _from_callable(description, parameters):
    shape, n_classes = description.image_shape, description.n_classes
    model = description.architecture(shape, n_classes, **parameters)
    if not isinstance(model, keras.Model):
        raise TypeError(
            "The architecture must return a keras.Model. Got "
            f"{type(model).__name__} instead."
        )
    if not model.built:
        model.build((None, *shape))
    output_shape = model.compute_output_shape((None, *shape))
    if tuple(output_shape) != (None, n_classes):
        raise ValueError(
            f"The architecture must return a model that maps images {(None, *shape)} "
            f"to {(None, n_classes)}, one logit a class. Its output has shape "
            f"{tuple(output_shape)}."
        )
    last = model
    while getattr(last, "layers", None):
        last = last.layers[-1]
    softmax = isinstance(last, keras.layers.Softmax) or (
        getattr(last, "activation", None) is keras.activations.softmax
    )
    return Network(model, model.weights, gives_probabilities=softmax)


def initial_weights(description, network, seed):
    """Draw the weights a training starts from.

    Parameters
    ----------
    description : NetworkDescription
        The network's.
    network : Network
        Built from it; it is not changed.
    seed : int
        What to draw from.

    Returns
    -------
    weights : list of ndarray of float32
        In the order of `network.variables`.
    """
    if callable(description.architecture):
        # Only the function knows its initialisers (or pretrained weights): call it
        # anew, with the global seeds that Keras reads set for as long as that takes.
        with _engine.BUILDING, _seeded(seed):
            return build_network(description).get_weights()
    rng = np.random.default_rng(seed)
    return [_draw(variable, rng) for variable in network.variables]


def _draw(variable, rng):
    shape = tuple(variable.shape)
    if len(shape) > 1:  # Glorot and Bengio (2010), eq. 16, as Keras has it
        receptive = int(np.prod(shape[:-2]))
        limit = np.sqrt(6 / (receptive * (shape[-2] + shape[-1])))
        uniform = rng.random(shape, dtype=np.float32)
        return (2 * uniform - 1) * np.float32(limit)
    return np.full(shape, float(variable.name == "moving_variance"), dtype=np.float32)


@contextmanager
def _seeded(seed):
    """Set the seeds of Python, NumPy and Keras, or with None keep what is there.

    Afterwards Python's and NumPy's generators are where they were before.
    """
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    if seed is not None:
        keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002


def to_keras(description, weights, normalisation, *, tta=None, temperature=1.0):
    """Give a fitted network as an ordinary Keras model of stock layers.

    Parameters
    ----------
    description : NetworkDescription
        What to build.
    weights : list of ndarray
        Its weights.
    normalisation : Normalisation
        Mean and scale of its training images.
    tta : {None, "flip", "flip_shift"}, default=None
        Test-time augmentation: the logits of several views are averaged.
    temperature : float, default=1.0
        What logits are divided by.

    Returns
    -------
    model : keras.Model
        From raw images `(n, height, width, channels)` to probabilities.
    """
    network = build_network(description, stock=True)
    network.set_weights(weights)
    with _engine.BUILDING:
        images = keras.Input(description.image_shape, name="images")
        # Two layers, as Rescaling multiplies first; Keras's Normalization squares the
        # scale in float32, and other formats do not take its constants.
        mean, scale = normalisation.mean, normalisation.scale
        x = keras.layers.Rescaling(1.0, (-mean).tolist(), name="centre")(images)
        x = keras.layers.Rescaling((1 / scale).tolist(), name="scale")(x)
        outputs = [network.model(view) for view in _views(x, tta)]
        if network.gives_probabilities and tta is None and temperature == 1:
            return keras.Model(images, outputs[0])
        if network.gives_probabilities:
            outputs = [network.to_logits(output) for output in outputs]
        x = keras.layers.Average()(outputs) if tta else outputs[0]
        if temperature != 1:
            x = keras.layers.Rescaling(1 / temperature, name="temperature")(x)
        return keras.Model(images, keras.layers.Softmax(name="probabilities")(x))


def _views(x, tta):
    """What `augmentation.tta_views` gives, of a Keras tensor."""
    if tta is None:
        return [x]
    upright = [x]
    if tta == "flip_shift":
        up = keras.ops.concatenate([x[:, 1:], x[:, -1:]], axis=1)
        down = keras.ops.concatenate([x[:, :1], x[:, :-1]], axis=1)
        upright.append(keras.ops.concatenate([up[:, :, 1:], up[:, :, -1:]], axis=2))
        upright.append(keras.ops.concatenate([down[:, :, :1], down[:, :, :-1]], axis=2))
    return [v for view in upright for v in (view, keras.ops.flip(view, axis=2))]


def prediction_weights(description, weights):
    """Give the arrays that the prediction function takes for a network's weights.

    Parameters
    ----------
    description : NetworkDescription
        The network's.
    weights : list of ndarray
        Its weights.

    Returns
    -------
    weights : list of ndarray
        With batch normalisation folded, where the network is a named one.
    """
    if callable(description.architecture):
        return weights
    return fold(weights)


def prediction_function(description):
    """Give a network as a function, to be traced, of images and weights.

    Parameters
    ----------
    description : NetworkDescription
        What to build.

    Returns
    -------
    function : callable
        From normalised images `(n, height, width, channels)` and a sequence of tensors,
        those of `prediction_weights`, to float32 logits.
    """
    if not callable(description.architecture):
        return lambda pixels, weights: build_logits(
            pixels,
            description.architecture,
            description.n_classes,
            FoldedBlocks(weights),
            dict(description.parameters),
        )
    network = build_network(description)
    model = network.model
    position = {id(v): i for i, v in enumerate(network.variables)}

    def apply(pixels, weights):
        state = [
            # Seeds of dropout are variables too, and not weights.
            weights[position[id(v)]] if id(v) in position else v.value
            for v in model.non_trainable_variables
        ]
        trainable = [weights[position[id(v)]] for v in model.trainable_variables]
        output, _ = model.stateless_call(trainable, state, pixels, training=False)
        return network.to_logits(output)

    return apply
