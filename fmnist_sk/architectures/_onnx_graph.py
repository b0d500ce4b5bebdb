"""Writer of ONNX graphs, and the tensors of such a graph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

# Position of each axis of (n, height, width, channels) in ONNX's (n, channels, height,
# width).
_POSITIONS = 0, 2, 3, 1


class OnnxGraph:
    """Nodes and constants of an ONNX graph that is being written.

    Attributes
    ----------
    nodes : list of onnx.NodeProto
        Nodes in the order of the computation.
    constants : list of onnx.TensorProto
        Constants. Equal constants are written once.
    """

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self._names: dict[Any, str] = {}
        self._n_tensors = 0

    def node(
        self, operator: str, *inputs: str, n_outputs: int = 1, **attributes: Any
    ) -> Any:
        """Add a node.

        Parameters
        ----------
        operator : str
            Name of the operator.
        *inputs : str
            Names of the inputs.
        n_outputs : int, default=1
            Number of outputs.
        **attributes : object
            Attributes of the node.

        Returns
        -------
        output : str or list of str
            Names of the outputs, or of the only output.
        """
        outputs = [self.new_name() for _ in range(n_outputs)]
        self.nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        return outputs[0] if n_outputs == 1 else outputs

    def constant(self, values: Any, dtype: Any = None) -> str:
        """Return the name of a constant.

        Parameters
        ----------
        values : array-like
            Values of the constant.
        dtype : dtype, default=None
            Type of the constant, by default that of the values.

        Returns
        -------
        name : str
            Name of the constant.
        """
        array = np.ascontiguousarray(np.array(values, dtype=dtype))
        array = array.reshape(np.shape(values))  # a scalar keeps its shape
        content = repr(array.tolist()) if array.dtype == object else array.tobytes()
        key = array.dtype.str, array.shape, content
        if key not in self._names:
            name = self._names[key] = self.new_name("constant")
            self.constants.append(numpy_helper.from_array(array, name))
        return self._names[key]

    def new_name(self, kind: str = "tensor") -> str:
        """Return a name that the graph has not used yet."""
        self._n_tensors += 1
        return f"{kind}_{self._n_tensors}"


class OnnxTensor:
    """Tensor of a graph, with the shape that architectures and views read.

    Maps are stored as ONNX's convolutions take them, (n, channels, height, width), but
    have the shape, the axes and the slices of (n, height, width, channels).

    Parameters
    ----------
    graph : OnnxGraph
        Graph that computes the tensor.
    name : str
        Name of the tensor.
    shape : tuple
        Shape (None, height, width, channels) or (None, features).

    Attributes
    ----------
    source : tuple
        Step that computed the tensor, if explanations go back through it: ("flatten",
        maps), whose features are in the order (channels, height, width), ("mean",
        maps), or ("dense", features, kernel, activation).
    """

    def __init__(
        self,
        graph: OnnxGraph,
        name: str,
        shape: Sequence[int | None],
    ):
        self.graph, self.name, self.shape = graph, name, tuple(shape)
        self.source: tuple[Any, ...] = ("",)

    def then(
        self,
        operator: str,
        *inputs: str,
        shape: Sequence[int | None] | None = None,
        **attributes: Any,
    ) -> OnnxTensor:
        """Return the output of a node that reads this tensor first."""
        name = self.graph.node(operator, self.name, *inputs, **attributes)
        return OnnxTensor(self.graph, name, shape or self.shape)

    @property
    def n_features(self) -> int:
        """Number of values per image."""
        return math.prod(self.shape[1:])  # type: ignore[arg-type]

    def __getitem__(self, slices: slice | tuple[slice, ...]) -> OnnxTensor:
        """Return some rows and columns of maps."""
        slices = slices if isinstance(slices, tuple) else (slices,)
        shape, cuts = list(self.shape), []
        for axis, cut in enumerate(slices):
            if cut == slice(None):
                continue
            size = shape[axis]
            assert size is not None, "rows cannot be sliced"
            first, last, _ = cut.indices(size)
            shape[axis] = last - first
            cuts.append((first, last, _POSITIONS[axis]))
        bounds = [
            self.graph.constant(each, np.int64) for each in zip(*cuts, strict=True)
        ]
        return self.then("Slice", *bounds, shape=shape)


class OnnxArrays:
    """Array library of `tta_views` for tensors of a graph."""

    @staticmethod
    def concatenate(tensors: Sequence[OnnxTensor], axis: int) -> OnnxTensor:
        """Concatenate maps along an axis."""
        first, *others = tensors
        shape = list(first.shape)
        if axis > 0:
            shape[axis] = sum(tensor.shape[axis] or 0 for tensor in tensors)
        names = [tensor.name for tensor in others]
        return first.then("Concat", *names, shape=shape, axis=_POSITIONS[axis])

    @staticmethod
    def flip(tensor: OnnxTensor, axis: int) -> OnnxTensor:
        """Reverse an axis of maps."""
        # From the last value (-1) backwards to before the first value.
        bounds = [-1], [np.iinfo(np.int64).min], [_POSITIONS[axis]], [-1]
        constants = [tensor.graph.constant(each, np.int64) for each in bounds]
        return tensor.then("Slice", *constants)
