"""ONNX Runtime's session of a file, and how images are passed to it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._batches import side_by_side
from .._compat import optional_import
from .._validation import check_computed
from ._metadata import Metadata

_DTYPES = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(double)": np.dtype(np.float64),
    "tensor(uint8)": np.dtype(np.uint8),
}
# Activations per pixel, more than those of the named architectures.
_BYTES_PER_PIXEL = 256
# The activations of 64 images of 28 × 28 pixels stay in the processor's cache: the
# default network takes 6 % less time than with 512 images.
_MAX_ROWS = 64


class OnnxModel:
    """Model in a file of `export_onnx`, which can be copied and pickled.

    Parameters
    ----------
    path : str or path-like
        Path of the file.
    content : bytes, default=None
        Content of the file. By default, the file is read.

    Attributes
    ----------
    path : str or path-like
        Path, as it was passed.
    metadata : Metadata
        Description of the model.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If ONNX Runtime is not installed.
    ValueError
        If the file is damaged or was not written by `export_onnx`.
    """

    def __init__(self, path: str | os.PathLike[str], content: bytes | None = None):
        runtime = optional_import("onnxruntime", extra="onnx", why="OnnxClassifier")
        self.path = path
        self._content = Path(path).read_bytes() if content is None else content
        options = runtime.SessionOptions()
        # One thread, so that no sum depends on the number of threads. Several batches
        # run side by side instead.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # without warnings
        try:
            self._session = runtime.InferenceSession(
                self._content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise ValueError(
                f"{path} is not an ONNX file that ONNX Runtime "
                f"{runtime.__version__} can read, or is damaged ({error})."
            ) from error
        properties = self._session.get_modelmeta().custom_metadata_map
        self.metadata = Metadata.from_properties(properties, str(path))
        self.outputs = [output.name for output in self._session.get_outputs()]
        self._dtype = _DTYPES[self._session.get_inputs()[0].type]

    def __reduce__(self) -> Any:
        return type(self), (self.path, self._content)

    def __deepcopy__(self, memo: Any) -> OnnxModel:
        return self  # never changes

    def run(self, X: NDArray[Any], names: Sequence[str]) -> list[NDArray[Any]]:
        """Compute outputs of the model.

        Parameters
        ----------
        X : ndarray of shape (n, n_features)
            Images as rows, with n at least 1.
        names : sequence of str
            Names of outputs, of which the first is "logits".

        Returns
        -------
        outputs : list of ndarray
            Outputs in the order of their names.

        Raises
        ------
        ValueError
            If a value is too large, or does not fit the type of the model's input.
        """
        shape = self.metadata.image_shape

        def compute(rows):
            images = _cast(X[rows], self._dtype).reshape(-1, *shape)
            return self._session.run(names, {"images": images})

        if len(X) == 1:
            return _checked(compute(slice(1)))
        n_bytes = _BYTES_PER_PIXEL * shape[0] * shape[1]
        calls = side_by_side(compute, len(X), n_bytes, _MAX_ROWS)
        parts = [outputs for _, outputs in calls]
        return _checked([np.concatenate(each) for each in zip(*parts, strict=True)])


def _cast(X, dtype):
    """Return images in the type of the model's input, contiguous."""
    if X.dtype == dtype:
        return np.ascontiguousarray(X)
    if dtype == np.uint8:
        whole = X.astype(np.uint8, casting="unsafe")
        if not np.array_equal(whole, X):
            raise ValueError(
                "The model takes uint8 images, but X contains values other than the "
                "integers from 0 to 255. Export the model with dtype='float32'."
            )
        return whole
    return X.astype(dtype)


def _checked(outputs):
    return [check_computed(output) for output in outputs]
