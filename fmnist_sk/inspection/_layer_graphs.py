"""Compiled graphs from images to the outputs of a network's layers."""

from collections import Counter
from functools import lru_cache
from typing import Any, NamedTuple

from .. import _engine, architectures
from .._batches import activation_bytes


class LayerCall(NamedTuple):
    """Application of a layer within a network.

    Attributes
    ----------
    layer : keras.layers.Layer or keras.Operation
        Layer. A layer with shared weights is applied several times.
    inputs : list of KerasTensor
        Tensors that the layer reads.
    output : KerasTensor
        Tensor that the layer computes.
    """

    layer: Any
    inputs: list
    output: Any


class Graph(NamedTuple):
    """Compiled graph.

    Attributes
    ----------
    function : tensorflow ConcreteFunction
        Function of normalised images, further arguments, and the network's weights.
    bytes_per_image : int
        Bytes of the activations that are alive at the same time, per image.
    """

    function: Any
    bytes_per_image: int


class LayerGraphs:
    """Graphs of one network, shared by all fitted estimators that have this network.

    The weights are arguments of the graphs, so that estimators can share them.
    TensorFlow does not release all the memory of a graph that is deleted (10 MB each).

    Parameters
    ----------
    description : NetworkDescription
        Description of the network.

    Attributes
    ----------
    convolutions : list of LayerCall
        Convolutions with maps of more than one pixel, from the image on.
    blocks : list of LayerCall
        Last layer of the block of each convolution. A block is a convolution and the
        layers that follow it: pooling, normalisation, activation.

    Raises
    ------
    TypeError
        If the network is not a graph of layers.
    """

    def __init__(self, description):
        import keras

        self.network = architectures.build_network(description, stock=True)
        model = self.network.model
        if not getattr(model, "inputs", None) or any(
            isinstance(layer, keras.Model) for layer in model.layers
        ):
            raise TypeError(
                "The network is not a graph of single layers. Build it as one "
                "Functional or Sequential keras.Model without nested models."
            )
        self.images = keras.Input(description.image_shape)
        self._output, self._calls = _apply_layers(model, self.images)
        # Calls are ordered by depth. Keras's order keeps the members of an ensemble
        # together.
        ordered = getattr(model, "operations", model.layers)
        self._order = {id(layer): i for i, layer in enumerate(ordered)}
        pairs = sorted(_find_blocks(self._calls), key=lambda pair: self._rank(pair[0]))
        self.convolutions = [convolution for convolution, _ in pairs]
        self.blocks = [end for _, end in pairs]
        self._graphs: dict[Any, Graph] = {}

    def maps(self):
        """Return the graph from images to the outputs of all blocks."""
        outputs = [block.output for block in self.blocks]
        return self._graph("maps", self._trace, lambda: outputs)

    def features(self, pooling):
        """Return the graph from images to the input of the last layer.

        If that input is a flattened map, it is pooled instead.

        Parameters
        ----------
        pooling : {"avg", "max"} or None
            Mean or maximum of a map, or None for all of its pixels.

        Returns
        -------
        graph : Graph
            Graph with one output of shape (n_images, n_features).
        """
        return self._graph(
            ("features", pooling), self._trace, lambda: [self._features(pooling)]
        )

    def gradients(self, tensor):
        """Return the graph from images and codes to maps and gradients of the logits.

        Parameters
        ----------
        tensor : KerasTensor
            Output of one of `blocks`, or `images`.

        Returns
        -------
        graph : Graph
            Graph with two outputs: the maps, and the gradient with respect to the maps
            of the logit of the class that the code of an image stands for.
        """
        return self._graph(
            ("gradients", id(tensor)), self._trace_gradients, lambda: tensor
        )

    def last_blocks(self):
        """Return the last block, or the last block of each member of an ensemble."""
        heads = self._heads()
        if len(heads) == 1:
            return self.blocks[-1:]
        made_by = {id(call.output): call for call in self._calls}
        last = {}
        for head in heads:
            before, waiting = set(), list(head.inputs)
            while waiting:
                tensor = waiting.pop()
                if id(tensor) in made_by and id(tensor) not in before:
                    before.add(id(tensor))
                    waiting += made_by[id(tensor)].inputs
            own = [block for block in self.blocks if id(block.output) in before]
            last |= {id(block.output): block for block in own[-1:]}
        return list(last.values())

    def position(self, variable):
        """Return the position of a variable among the weights of the network."""
        return next(i for i, v in enumerate(self.network.variables) if v is variable)

    def _rank(self, call):
        return self._order[id(call.layer)]

    def _graph(self, key, trace, argument):
        graph = self._graphs.get(key)
        if graph is None:
            with _engine.building():
                # Another thread may have traced it in the meantime.
                graph = self._graphs.get(key) or trace(argument())
                self._graphs[key] = graph
        return graph

    def _trace(self, outputs):
        import keras
        import tensorflow as tf

        apply = self._function(outputs)

        def compute(images, *weights):
            computed = keras.tree.flatten(apply(images, weights))
            return [tf.cast(output, tf.float32) for output in computed]

        return self._compile(compute)

    def _trace_gradients(self, tensor):
        import tensorflow as tf

        apply = self._function([tensor, self._output])

        def compute(images, codes, *weights):
            with tf.GradientTape() as tape:
                # The weights are not variables here, so nothing else is watched.
                tape.watch(images)
                maps, output = apply(images, weights)
                logits = self.network.to_logits(output)
                scores = tf.gather(logits, codes, axis=1, batch_dims=1)
            gradients = tape.gradient(
                scores, maps, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            return [tf.cast(maps, tf.float32), tf.cast(gradients, tf.float32)]

        return self._compile(compute, tf.TensorSpec([None], tf.int32))

    def _function(self, outputs):
        """Return a function of images and weights that computes the given tensors."""
        import keras

        opened = keras.Model(self.images, outputs)

        def apply(images, weights):
            values = list(zip(self.network.variables, weights, strict=True))
            with keras.StatelessScope(state_mapping=values):
                return opened(images, training=False)

        return apply

    def _compile(self, compute, *others):
        import tensorflow as tf

        traced = tf.function(compute, jit_compile=False, autograph=False)
        function = traced.get_concrete_function(
            tf.TensorSpec([None, *self.images.shape[1:]], tf.float32),
            *others,
            *(tf.TensorSpec(v.shape, v.dtype) for v in self.network.variables),
        )
        return Graph(function, activation_bytes(function))

    def _heads(self):
        """Return the calls of the last layer with weights of each member."""
        # An ensemble has one such layer for each of its members.
        heads = [call for call in self._calls if call.layer.name.startswith("logits")]
        if not heads:
            heads = [c for c in self._calls if getattr(c.layer, "weights", None)][-1:]
        return sorted(heads, key=self._rank)

    def _features(self, pooling):
        import keras

        made_by = {id(call.output): call for call in self._calls}
        features = []
        for call in self._heads():
            end = call.inputs[0]
            while id(end) in made_by and isinstance(
                made_by[id(end)].layer,
                (keras.layers.Flatten, keras.layers.Reshape, keras.layers.Dropout),
            ):
                end = made_by[id(end)].inputs[0]
            features.append(_flatten_maps(end, pooling))
        if len(features) == 1:
            return features[0]
        return keras.layers.Concatenate()(features)


def layer_graphs(description):
    """Return the graphs of a network, which are built at the first call.

    Parameters
    ----------
    description : NetworkDescription
        Description of the network.

    Returns
    -------
    graphs : LayerGraphs
        Graphs of the network, the same object for equal descriptions.
    """
    _engine.start()
    with _engine.building():
        # Dropout has no effect here, so all rates share their graphs.
        return _layer_graphs(description.with_dropout(0.0))


@lru_cache(maxsize=16)
def _layer_graphs(description):
    return LayerGraphs(description)


def _apply_layers(model, images):
    """Apply the layers of a Keras model, one after the other, to an input.

    The attributes `input` and `output` of a layer are those of its first application.
    That may be an application in another model or, with `Sequential.add`, in an earlier
    state of the same model.

    Returns
    -------
    output : KerasTensor
        Output of the model.
    calls : list of LayerCall
        Applications in the order of the computation.
    """
    import keras

    calls = []

    def call(layer, *args, **kwargs):
        output = layer(*args, **kwargs)
        read = [x for x in keras.tree.flatten((args, kwargs)) if hasattr(x, "shape")]
        calls.append(LayerCall(layer, read, output))
        return output

    if isinstance(model, keras.Sequential):
        output = images
        for layer in model.layers:
            output = call(layer, output)
        return output, calls
    same = keras.models.clone_model(
        model,
        input_tensors=keras.tree.pack_sequence_as(model.input, [images]),
        clone_function=lambda layer: layer,
        call_function=call,
    )
    return same.outputs[0], calls


def _flatten_maps(maps, pooling):
    """Turn maps into features, and leave features unchanged."""
    import keras

    if len(maps.shape) != 4 or pooling is None:
        return keras.layers.Flatten()(maps)
    if pooling == "avg":
        return keras.layers.GlobalAveragePooling2D()(maps)
    return keras.layers.GlobalMaxPooling2D()(maps)


def _find_blocks(calls):
    """Pair the convolutions that have maps with the layers that end their blocks."""
    import keras

    n_uses = Counter(id(tensor) for call in calls for tensor in call.inputs)
    convolutions, blocks = [], []
    for call in calls:
        if isinstance(call.layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)):
            convolutions.append(call)
            blocks.append(call)
            continue
        if len(getattr(call.output, "shape", ())) != 4 or not call.inputs:
            continue
        # A layer continues a block if it is the only one that reads its output. A sum
        # continues the block of its first term.
        for i, end in enumerate(blocks):
            if call.inputs[0] is end.output and n_uses[id(end.output)] == 1:
                blocks[i] = call
                break
    pairs = zip(convolutions, blocks, strict=True)
    return [pair for pair in pairs if max(pair[1].output.shape[1:3]) > 1]
