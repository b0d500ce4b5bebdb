"""Fitted networks as ordinary Keras models."""

import keras

from .. import _engine
from ..augmentation import tta_views
from ._network import build_network


def to_keras(description, weights, normalisation, *, tta=None, temperature=1.0):
    """Return a fitted network as an ordinary Keras model of stock layers.

    Parameters
    ----------
    description : NetworkDescription
        Description of the network.
    weights : list of ndarray
        Its weights.
    normalisation : Normalisation
        Mean and scale of its training images.
    tta : {None, "flip", "flip_shift"}, default=None
        Test-time augmentation: the logits of several views are averaged.
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
        If a function as architecture builds another network now than the described
        one.
    """
    network = build_network(description, stock=True)
    network.set_weights(weights)
    with _engine.building():
        images = keras.Input(description.image_shape, name="images")
        # Two layers, as Rescaling multiplies first; Keras's Normalization squares the
        # scale in float32, and other formats do not take its constants.
        mean, scale = normalisation.mean, normalisation.scale
        x = keras.layers.Rescaling(1.0, (-mean).tolist(), name="centre")(images)
        x = keras.layers.Rescaling((1 / scale).tolist(), name="scale")(x)
        outputs = [network.model(view) for view in tta_views(x, tta, xp=keras.ops)]
        if network.output == "probabilities" and tta is None and temperature == 1:
            return keras.Model(images, outputs[0])
        if network.output != "logits":
            outputs = [network.to_logits(output) for output in outputs]
        x = keras.layers.Average()(outputs) if tta else outputs[0]
        if temperature != 1:
            x = keras.layers.Rescaling(1 / temperature, name="temperature")(x)
        return keras.Model(images, keras.layers.Softmax(name="probabilities")(x))
