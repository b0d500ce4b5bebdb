"""Networks as functions of images and weights, for the prediction graph."""

from ._folded_blocks import FoldedBlocks
from ._folding import fold


def prediction_weights(description, weights):
    """Return the arrays that the prediction function takes for a network's weights.

    Parameters
    ----------
    description : NetworkDescription
        Description of the network.
    weights : list of ndarray
        Weights of the network.

    Returns
    -------
    weights : list of ndarray
        Weights with batch normalisation folded, if the network is a named one.
    """
    return weights if callable(description.architecture) else fold(weights)


def prediction_function(description):
    """Return a network as a function, to be traced, of images and weights.

    Parameters
    ----------
    description : NetworkDescription
        Description of the network.

    Returns
    -------
    function : callable
        Function from normalised images `(n, height, width, channels)` and the sequence
        of tensors that `prediction_weights` returns to float32 logits.

    Raises
    ------
    ValueError
        If a function as architecture now builds a network other than the described one,
        and this process has not remembered the described network.
    """
    if not callable(description.architecture):
        return lambda pixels, weights: description.logits(pixels, FoldedBlocks(weights))
    from ._own_network import apply_network, known_network

    network = known_network(description)
    return lambda pixels, weights: network.to_logits(
        apply_network(network, pixels, weights)
    )
