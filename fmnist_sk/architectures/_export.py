"""Export of fitted networks as ordinary Keras models."""

import keras
import numpy as np

from .. import _engine
from ..augmentation import UNSURE_BELOW, tta_views
from ._network import build_network


def to_keras(description, weights, normalisation, *, tta=None, temperature=1.0):
    """Return a fitted network as an ordinary Keras model of stock layers.

    Parameters
    ----------
    description : NetworkDescription
        Description of the network.
    weights : list of ndarray
        Weights of the network.
    normalisation : Normalisation
        Mean and scale of the training images.
    tta : {None, "flip", "shift", "flip_shift"}, default=None
        Test-time augmentation, which averages the logits of several views of the images
        that the network is unsure of.
    temperature : float, default=1.0
        Divisor of the logits.

    Returns
    -------
    model : keras.Model
        Model from raw images `(n, height, width, channels)` to probabilities, not
        compiled.

    Raises
    ------
    ValueError
        If a function as architecture now builds a network other than the described one.
    """
    network = build_network(description, stock=True)
    network.set_weights(weights)
    with _engine.building():
        images = keras.Input(description.image_shape, name="images")
        outputs = _stack(network, images, description, normalisation, tta, temperature)
        model = keras.Model(images, outputs)
        # Keras refuses to export a model that has never been called.
        model(np.zeros((1, *description.image_shape), np.float32))
    return model


def _stack(network, images, description, normalisation, tta, temperature):
    """Stack normalisation, network, views and softmax on raw images."""
    # There are two layers, because Rescaling multiplies first. Normalization of Keras
    # squares the scale in float32, and other formats do not take its constants.
    mean, scale = normalisation.mean, normalisation.scale
    x = keras.layers.Rescaling(1.0, (-mean).tolist(), name="centre")(images)
    x = keras.layers.Rescaling((1 / scale).tolist(), name="scale")(x)
    outputs = [network.model(view) for view in tta_views(x, tta, xp=keras.ops)]
    if network.output == "probabilities" and tta is None and temperature == 1:
        return outputs[0]
    if network.output != "logits":
        outputs = [network.to_logits(output) for output in outputs]
    x = outputs[0]
    if tta:
        largest, _ = keras.ops.top_k(x, min(2, description.n_classes))
        lead = largest[:, :1] - largest[:, -1:]
        average = keras.layers.Average()(outputs)
        x = keras.ops.where(lead < UNSURE_BELOW, average, x)
    if temperature != 1:
        x = keras.layers.Rescaling(1 / temperature, name="temperature")(x)
    return keras.layers.Softmax(name="probabilities")(x)
