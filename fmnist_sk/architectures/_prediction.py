"""Networks as functions of images and weights, for the prediction graph."""

from ._folded_blocks import FoldedBlocks, fold
from ._network import build_logits


def prediction_weights(description, weights):
    """Return the arrays that the prediction function takes for a network's weights.

    Parameters
    ----------
    description : NetworkDescription
        Description of the network.
    weights : list of ndarray
        Its weights.

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
        Function from normalised images `(n, height, width, channels)` and a sequence
        of tensors, those of `prediction_weights`, to float32 logits.

    Raises
    ------
    ValueError
        If a function as architecture builds another network now than the described
        one, and this process does not know that one.
    """
    if not callable(description.architecture):
        return lambda pixels, weights: build_logits(
            pixels, description, FoldedBlocks(weights)
        )
    from ._own_network import apply_network, known_network

    network = known_network(description)
    return lambda pixels, weights: network.to_logits(
        apply_network(network, pixels, weights)
    )
