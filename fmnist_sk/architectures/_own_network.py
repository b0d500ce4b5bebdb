"""Networks built by a function of the user, with their checks and their cache.

A function can read globals, closures and files, so the same function may build another
network at the next call. Compiled graphs are therefore cached by the network that the
function built (`NetworkDescription.fingerprint` and `response`), not only by the
function. Networks that were described in this process are remembered. An estimator
predicts with the network that it was fitted with, even if the function now builds
another one.
"""

import inspect
import re
import threading
import warnings
from collections import OrderedDict
from dataclasses import dataclass, replace

import keras
import numpy as np

from .. import _engine
from ._fingerprint import fingerprint_of
from ._network import Network, draw_kernel, seeded

# Largest number of remembered networks, and of their parameters. The network that was
# used last is always remembered.
_MAX_KNOWN = 16
_MAX_KNOWN_PARAMETERS = 8_000_000

_LOCK = threading.Lock()
_known: OrderedDict = OrderedDict()

# Largest number of outputs kept as a network's response.
_RESPONSE_SIZE = 16


def identify(description):
    """Call the function of a description, and add the fingerprint of its network.

    Parameters
    ----------
    description : NetworkDescription
        Description of a function's network, without fingerprint.

    Returns
    -------
    description : NetworkDescription
        Description with fingerprint and response. If the network was described before
        in this process, its earlier description is returned.
    """
    with _engine.building():
        description, network = _examine(description)
    return _remember(description, network)[0]


def rebuild(description):
    """Build a new copy of the network that a function built when it was described.

    If the function now builds another network, the remembered network is copied.
    """
    with _engine.building():
        now, network = _examine(description)
        if _is_same(description, now):
            return network
        known = _recall(description)
        try:
            model = known and keras.models.clone_model(known.model)
        except Exception:  # a layer that cannot be made from its configuration
            model = None
        if not model:
            raise _other_network(description)
        return Network(model, model.weights, known.output)


def known_network(description):
    """Return the remembered network of a description, or build and remember it.

    The network is shared, so only its structure can be used, not its weights.
    """
    network = _recall(description)
    if network is None:
        with _engine.building():
            now, network = _examine(description)
        if not _is_same(description, now):
            raise _other_network(description)
        return _remember(description, network)[1]
    # A Lambda reads globals when it is called, which is only now.
    with _engine.building(), seeded(None):
        output = _probe(network, description.image_shape)
    now = replace(description, response=() if output is None else output.response)
    if not description.responds_like(now):
        raise _other_network(description)
    return network


def call_function(description):
    """Call the function of a description and check the network it returns.

    Parameters
    ----------
    description : NetworkDescription
        Description of a function's network.

    Returns
    -------
    network : Network
        Network whose `output` has not been determined.

    Raises
    ------
    TypeError
        If the function returns no `keras.Model`.
    ValueError
        If the model does not map a batch of images to one logit per class, cannot be
        called, or has no trainable weights.
    """
    shape, n_classes = description.image_shape, description.n_classes
    model = description.architecture(shape, n_classes, **dict(description.parameters))
    if not isinstance(model, keras.Model):
        raise TypeError(
            "The architecture must return a keras.Model. Got "
            f"{type(model).__name__} instead."
        )
    wanted = (
        f"The architecture must return a model that maps images {(None, *shape)} to "
        f"{(None, n_classes)}, one logit per class."
    )
    output_shape = _output_shape(model, shape, wanted)
    if output_shape != (None, n_classes):
        hint = (
            " A problem with two classes also requires two outputs."
            if output_shape[-1:] == (1,)
            else ""
        )
        raise ValueError(f"{wanted} Got outputs of shape {output_shape} instead.{hint}")
    if not model.trainable_variables:
        raise ValueError(
            "The architecture must return a model with trainable weights. Got a model "
            "without any. Make at least one layer trainable."
        )
    return Network(model, model.weights)


def _output_shape(model, shape, wanted):
    """Build the model for images of a shape and return the shape of its output."""
    inputs = getattr(model, "inputs", None)
    if inputs:
        if len(inputs) != 1:
            raise ValueError(f"{wanted} Got a model with {len(inputs)} inputs instead.")
        expected = tuple(inputs[0].shape[1:])
        fits = len(expected) == len(shape) and all(
            size in (None, given) for size, given in zip(expected, shape, strict=True)
        )
        if not fits:
            raise ValueError(
                f"{wanted} Got a model for inputs of shape {(None, *expected)} instead."
            )
        is_stack = isinstance(model, keras.Sequential)
        output = model.outputs[0] if is_stack else model.output
    else:
        output = _call_for_the_first_time(model, shape, wanted)
    if not hasattr(output, "shape"):
        n_outputs = len(keras.tree.flatten(output))
        raise ValueError(
            f"{wanted} Got a {type(output).__name__} of {n_outputs} outputs instead."
        )
    return (None, *output.shape[1:])


def _call_for_the_first_time(model, shape, wanted):
    """Call a model that has no graph yet, which creates its weights."""
    try:
        if isinstance(model, keras.Sequential):
            model.build((None, *shape))
            return model.outputs[0]
        with warnings.catch_warnings():
            # Keras warns before it falls back on calling a model of unknown shapes.
            warnings.simplefilter("ignore")
            try:
                return model(keras.Input(shape))
            except Exception:
                return model(np.zeros((2, *shape), np.float32), training=False)
    except Exception as error:
        # Keras's message has several paragraphs, escape codes and the arguments.
        text = re.sub(r"\x1b\[\d*m", "", str(error)).partition("\n\nArguments")[0]
        reason = " ".join(text.split()).rstrip(".")
        raise ValueError(
            f"{wanted} Calling the model failed: {reason}. "
            "Check the method `call` of the model, or build the model with "
            "keras.Sequential or keras.Model(inputs, outputs)."
        ) from error


def apply_network(network, images, weights, *, return_losses=False):
    """Apply a network with other weights than its own.

    Parameters
    ----------
    network : Network
        Network of a function, which is not changed.
    images : tensor of shape (n, height, width, channels)
        Normalised images.
    weights : sequence of tensor
        Weights in the order of `network.variables`.
    return_losses : bool, default=False
        Whether to return the losses of regularizers as well.

    Returns
    -------
    output : tensor of shape (n, n_classes)
        Output of the model.
    losses : list of tensor
        Losses of regularizers, if asked for.
    """
    model = network.model
    position = {id(v): i for i, v in enumerate(network.variables)}
    state = [
        # The seeds of dropout are variables, but not weights.
        weights[position[id(v)]] if id(v) in position else v.value
        for v in model.non_trainable_variables
    ]
    trainable = [weights[position[id(v)]] for v in model.trainable_variables]
    # A subclass's `call` need not know of training.
    parameters = inspect.signature(model.call).parameters.values()
    knows = any(p.name == "training" or p.kind is p.VAR_KEYWORD for p in parameters)
    output, _, losses = model.stateless_call(
        *(trainable, state, images),
        return_losses=True,
        **({"training": False} if knows else {}),
    )
    return (output, losses) if return_losses else output


def _examine(description):
    """Call the function, and return the network's description and the network."""
    with seeded(None):
        network = call_function(description)
        output = _probe(network, description.image_shape)
    network = replace(network, output=_kind_of_output(network.model, output))
    description = replace(
        description,
        fingerprint=fingerprint_of(network.model, description.architecture),
        response=() if output is None else output.response,
    )
    return description, network


@dataclass(frozen=True)
class _Output:
    """Outputs of a network for fixed images and weights.

    Attributes
    ----------
    values : ndarray of shape (n, n_classes)
        Outputs of some images.
    tolerance : float
        Allowed error of a sum of probabilities.
    response : tuple of float
        Outputs that are kept. It is empty if the same image had two outputs.
    """

    values: np.ndarray
    tolerance: float
    response: tuple


def _probe(network, image_shape):
    """Apply a network with fixed weights to fixed images. Return None if that fails."""
    rng = np.random.default_rng(0)
    weights = [
        keras.ops.convert_to_tensor(_probing_weight(v, rng), dtype=v.dtype)
        for v in network.variables
    ]
    images = rng.standard_normal((2, *image_shape), dtype=np.float32)
    try:
        # Every image comes twice, to detect a network that draws random numbers.
        output, losses = apply_network(
            network, np.concatenate([images, images]), weights, return_losses=True
        )
        values = keras.ops.convert_to_numpy(keras.ops.cast(output, "float32"))
        losses = [float(keras.ops.convert_to_numpy(loss)) for loss in losses]
    except Exception:  # the training graph will fail with the same error
        return None
    if not np.isfinite(values).all():
        return None
    once, again = values[:2], values[2:]
    single = keras.backend.standardize_dtype(output.dtype) in ("float32", "float64")
    steady = np.allclose(once, again, rtol=1e-3, atol=1e-3 * np.abs(values).max())
    step = max(1, once.size // _RESPONSE_SIZE)
    # A regularizer changes training, but no output.
    response = [*once.ravel()[::step][:_RESPONSE_SIZE], *losses]
    # Digits are few, so that the same network has the same response on one machine.
    digits = tuple(float(f"{value:.4g}") for value in response) if steady else ()
    return _Output(values, 1e-3 if single else 2e-2, digits)


def _probing_weight(variable, rng):
    shape = tuple(variable.shape)
    if not keras.backend.is_float_dtype(variable.dtype):
        return variable.numpy()
    if len(shape) > 1:
        return draw_kernel(shape, rng)
    # Other weights are biases and shifts, but also scales and variances, which must be
    # positive.
    return rng.uniform(0.5, 1.5, shape)


def _kind_of_output(model, output):
    """Return the kind of a model's output: logits, probabilities or scores.

    A softmax can be a layer, an activation, an operation of `keras.ops` or the body of
    a Lambda, so the values of the output decide.
    """
    last = _last_operation(model)
    name = type(last).__name__
    activation = getattr(last, "activation", None)
    if output is not None:
        sums = output.values.sum(axis=1)
        if (output.values >= 0).all() and (abs(sums - 1) < output.tolerance).all():
            return "probabilities"
    elif name == "Softmax" or activation is keras.activations.softmax:
        return "probabilities"
    if name == "Sigmoid" or activation is keras.activations.sigmoid:
        return "scores"
    return "logits"


def _last_operation(model):
    """Return the layer or operation that computes the output, if Keras records it."""
    while isinstance(model, keras.Model):
        outputs = getattr(model, "outputs", None)
        if outputs:
            model = outputs[0]._keras_history.operation
        elif model.layers:
            model = model.layers[-1]
        else:
            break
    return model


def _is_same(description, now):
    if not description.fingerprint:
        return True
    if description.response or now.response:
        # Another version of Keras may have other options, and so other fingerprints.
        return description.responds_like(now)
    return description.fingerprint == now.fingerprint


def _other_network(description):
    return ValueError(
        f"The architecture {description.architecture!r} builds a different network "
        "than when the estimator was fitted. A value that the function reads, such as "
        "a global variable, has changed. Restore the value, or fit again."
    )


def _recall(description):
    with _LOCK:
        if description not in _known:
            return None
        _known.move_to_end(description)
        return _known[description][1]


def _remember(description, network):
    """Remember a network unless it is known, and return the remembered network."""
    with _LOCK:
        found = _known.setdefault(description, (description, network))
        _known.move_to_end(description)
        while len(_known) > 1 and _too_many():
            _known.popitem(last=False)
        return found


def _too_many():
    sizes = [network.model.count_params() for _, network in _known.values()]
    return len(sizes) > _MAX_KNOWN or sum(sizes) > _MAX_KNOWN_PARAMETERS
