"""Layers of any network with a named architecture, stacked on images."""

from ._architecture import find_architecture
from ._ensemble import Ensemble, ensemble_logits


def build_logits(x, description, blocks):
    """Stack the layers of a named architecture, or of an ensemble, on images.

    Parameters
    ----------
    x : tensor of shape (n, height, width, channels)
        Normalised images.
    description : NetworkDescription
        Description of the network.
    blocks : Blocks
        Blocks that the layers are made of.

    Returns
    -------
    logits : tensor of shape (n, n_classes)
        Logits of each image.
    """
    parameters = dict(description.parameters)
    if isinstance(description.architecture, Ensemble):
        return ensemble_logits(x, description.n_classes, blocks, parameters)
    architecture = find_architecture(description.architecture)
    return architecture.logits(x, description.n_classes, blocks, parameters)
