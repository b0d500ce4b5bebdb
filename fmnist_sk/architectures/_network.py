"""Networks built from their description, and the initial weights of a training run."""

import random
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import keras
import numpy as np

from .. import _engine
from ._fast_blocks import FastBlocks
from ._fast_layers import Block, Dropout
from ._stock_blocks import StockBlocks


@dataclass(frozen=True)
class Network:
    """Keras model, with the order of its weights and the kind of its output.

    Attributes
    ----------
    model : keras.Model
        Model that maps normalised images `(n, height, width, channels)` to
        `(n, n_classes)`.
    variables : list of keras.Variable
        Weights of the model. For a named architecture, their order does not depend on
        the layers that it is built from, unlike Keras's own order.
    output : {"logits", "probabilities", "scores"}, default="logits"
        Kind of output. Scores are positive and need not sum to 1, such as those of one
        sigmoid per class. Like Keras's cross-entropy, this package divides them by
        their sum.
    """

    model: keras.Model
    variables: list
    output: str = "logits"

    def get_weights(self):
        """Return copies of the weights as arrays."""
        return [variable.numpy().copy() for variable in self.variables]

    def set_weights(self, weights):
        """Set the weights."""
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)

    def to_logits(self, output):
        """Turn the model's output into float32 logits."""
        output = keras.ops.cast(output, "float32")
        if self.output == "logits":
            return output
        # The softmax of the logarithm is the probabilities again.
        return keras.ops.log(keras.ops.maximum(output, np.finfo(np.float32).tiny))

    @property
    def can_be_sharded(self):
        """Whether a batch can pass through the network in parts.

        A network that a function built must be a graph of Keras layers that treat each
        image on its own and do not change in a call. Batch normalisation, for example,
        does so only when it is frozen. Other classes of layers and models may do
        anything.
        """
        return _treats_images_on_their_own(self.model)

    def connect(self, *, momentum, dropout):
        """Connect two values that training can then change without another graph.

        A network that a function built has its own layers and ignores both values.

        Parameters
        ----------
        momentum : callable
            Function that returns the share of batch normalisation's moving statistics
            that a step keeps.
        dropout : callable
            Function that returns the rate of all dropout layers.
        """
        for layer in self.model.layers:
            if isinstance(layer, Block):
                layer.momentum = momentum
            elif isinstance(layer, Dropout):
                layer.current_rate = dropout

    @contextmanager
    def collecting_statistics(self):
        """Update moving statistics once, by those of all calls in the context.

        The calls get shards of one batch; see `Block.collecting_statistics`.

        Yields
        ------
        None
            No value.
        """
        with ExitStack() as stack:
            for layer in self.model.layers:
                if isinstance(layer, Block):
                    stack.enter_context(layer.collecting_statistics())
            yield

    def save_as(self, make_model):
        """Make `model.save` and `model.export` write another model.

        Keras callbacks such as `ModelCheckpoint` save the model they are given. The
        layers and the optimizer that train fast load only where this package is
        installed, and users expect the file to hold an ordinary Keras model.

        Parameters
        ----------
        make_model : callable
            Function without arguments that returns the keras.Model to write.
        """

        def save(filepath, *args, **kwargs):
            return make_model().save(filepath, *args, **kwargs)

        def export(filepath, *args, **kwargs):
            return make_model().export(filepath, *args, **kwargs)

        self.model.save, self.model.export = save, export


def _treats_images_on_their_own(operation):
    if isinstance(operation, Block | Dropout):
        return True
    of_keras = type(operation).__module__.startswith
    if isinstance(operation, keras.Model):
        inside = getattr(operation, "operations", operation.layers)
        return of_keras("keras.src.models.") and all(
            map(_treats_images_on_their_own, inside)
        )
    return (
        of_keras("keras.src.layers.")
        and not isinstance(operation, keras.layers.Lambda | keras.layers.Wrapper)
        and operation.activity_regularizer is None
        and not (operation.trainable and operation.non_trainable_weights)
    )


def build_network(description, dtype="float32", *, stock=False):
    """Build the network of a description.

    Parameters
    ----------
    description : NetworkDescription
        Description of the network.
    dtype : {"float32", "mixed_bfloat16"}, default="float32"
        Keras's policy for a named architecture. A function chooses its own.
    stock : bool, default=False
        Whether to use stock Keras layers only.

    Returns
    -------
    network : Network
        New network with arbitrary weights. Until `save_as` is called, its model is
        saved as the same network of stock layers.

    Raises
    ------
    ValueError
        If a function as architecture now builds a network other than the described one.
    """
    if callable(description.architecture):
        from ._own_network import rebuild

        return rebuild(description)
    with _engine.building():
        blocks = StockBlocks() if stock else FastBlocks(dtype)
        inputs = keras.Input(description.image_shape)
        model = keras.Model(inputs, description.logits(inputs, blocks))
        network = Network(model, [v for layer in blocks.layers for v in layer.weights])
    if not stock:
        network.save_as(lambda: _stock_model(description, network))
    return network


def _stock_model(description, network):
    stock = build_network(description, stock=True)
    stock.set_weights(network.get_weights())
    return stock.model


def initial_weights(description, network, seed):
    """Draw the weights that a training run starts from.

    Parameters
    ----------
    description : NetworkDescription
        Description of the network.
    network : Network
        Network built from the description, which is not changed.
    seed : int
        Seed of the generator.

    Returns
    -------
    weights : list of ndarray of float32
        Weights in the order of `network.variables`.
    """
    if callable(description.architecture):
        from ._own_network import call_function

        # Only the function knows its initialisers or pretrained weights. It is called
        # again while the global seeds that Keras reads are set.
        with _engine.building(), seeded(seed):
            weights = call_function(description).get_weights()
        if [w.shape for w in weights] != [tuple(v.shape) for v in network.variables]:
            raise ValueError(
                f"The architecture {description.architecture!r} builds a different "
                "network at each call. Every call must build the same network."
            )
        return weights
    rng = np.random.default_rng(seed)
    return [_draw(variable, rng) for variable in network.variables]


def _draw(variable, rng):
    shape = tuple(variable.shape)
    if len(shape) > 1:  # Glorot and Bengio (2010), eq. 16, as in Keras
        return draw_kernel(shape, rng)
    return np.full(shape, float(variable.name == "moving_variance"), dtype=np.float32)


def draw_kernel(shape, rng):
    """Draw a kernel from Glorot's uniform distribution."""
    receptive = int(np.prod(shape[:-2]))
    limit = np.sqrt(6 / (receptive * (shape[-2] + shape[-1])))
    uniform = rng.random(shape, dtype=np.float32)
    return (2 * uniform - 1) * np.float32(limit)


@contextmanager
def seeded(seed):
    """Set the seeds of Python, NumPy and Keras, unless the seed is None.

    Afterwards the generators of Python and NumPy are in their former state.
    """
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    if seed is not None:
        keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002
