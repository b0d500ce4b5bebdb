"""Network with a named architecture, written into an ONNX graph."""

import numpy as np

from ..architectures import OnnxBlocks, fold


class NamedNetwork:
    """Function that adds a network with a named architecture to a graph.

    Parameters
    ----------
    fitted : FittedNetwork
        Fitted state.

    Attributes
    ----------
    logits_of_members : list of OnnxTensor
        Logits of each member of an ensemble, or of the only network, where the network
        was added first.
    """

    def __init__(self, fitted):
        self._description = fitted.description.with_dropout(0.0)
        self._weights = [each.astype(np.float32) for each in fold(fitted.weights)]
        self.logits_of_members = []

    def __call__(self, x):
        """Add the network to the graph of normalised maps and return its logits."""
        blocks = OnnxBlocks(self._weights)
        logits = self._description.logits(x, blocks)
        self.logits_of_members = self.logits_of_members or blocks.logits_of_members
        return logits
