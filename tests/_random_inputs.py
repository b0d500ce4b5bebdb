"""Random images, labels and weights of every kind, as strategies of hypothesis.

Values come from NumPy's generator and hypothesis draws only its seed and the kinds, so
that an array takes a fraction of a millisecond. Images are made for an estimator that
was fitted to images of 8 × 8 pixels with values from 0 to 16.
"""

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import polars
import scipy.sparse
from hypothesis import strategies as st

N_FEATURES = 64

# Shapes of one image, of which only the first three fit the estimators.
FITTING_SHAPES = ((64,), (8, 8), (8, 8, 1))
OTHER_SHAPES = ((63,), (65,), (1,), (0,), (), (4, 16), (8, 9), (8, 8, 3), (2, 4, 8, 1))
N_IMAGES = (1, 2, 6, 12, 0)

NUMBERS = (
    *("uint8", "int8", "uint16", "int16", "int32", "int64", "uint64", "bool"),
    *("float16", "float32", "float64", "longdouble", ">f8", ">f4", ">u2", ">i8"),
)
OTHER_DTYPES = ("object", "str", "bytes", "complex128", "datetime64[s]", "record")

# Values of all pixels, or of one pixel.
VALUES = (
    *("ordinary", "ordinary", "ordinary", "zeros", "constant", "tiny", "denormal"),
    *("huge", "largest", "signed", "one NaN", "one infinity", "one huge", "one -huge"),
)
LAYOUTS = (
    *("plain", "fortran", "every second", "reversed", "transposed", "read-only"),
    *("unaligned", "repeated", "masked", "matrix"),
)
CONTAINERS = (
    *("array", "array", "array", "list", "tuple", "pandas", "nullable pandas"),
    *("polars", "objects", "sparse", "series"),
)
NOT_IMAGES = (None, "text", b"bytes", 5, 2.5, {}, {"a": [1]}, [], [[]], [None], object)


@dataclass
class Case:
    """Random argument.

    Attributes
    ----------
    value : object
        Argument.
    plain : ndarray or None
        The same values in a contiguous array of the machine's byte order; None if the
        argument is no array of numbers.
    name : str
        Description.
    """

    value: Any
    plain: np.ndarray | None
    name: str
    exact: bool = field(default=False)


def _pixels(shape, dtype, values, rng):
    """Return an array of a dtype."""
    kind = np.dtype(dtype)
    pixels = rng.integers(0, 17, shape).astype(np.float64)
    whole = kind.kind in "biu"
    largest = 1 if kind.kind == "b" else np.iinfo(kind).max if whole else None
    if largest is None:
        largest = np.finfo(kind if kind.kind == "f" else np.float64).max
    with np.errstate(all="ignore"):
        if values == "zeros":
            pixels[...] = 0
        elif values == "constant":
            pixels[...] = 7
        elif values in ("tiny", "denormal") and not whole:
            smallest = np.finfo(kind if kind.itemsize <= 8 else np.float64).tiny
            pixels = pixels * float(smallest if values == "tiny" else smallest / 2**8)
        pixels = pixels.astype(kind)
        if values in ("huge", "largest"):
            pixels[...] = largest if values == "largest" else largest // 2
        elif values == "signed":
            pixels[...] = np.where(rng.random(shape) < 0.5, largest, -(largest // 2))
        elif values.startswith("one ") and pixels.size:
            special = {
                "one NaN": np.nan,
                "one infinity": np.inf,
                "one huge": largest,
                "one -huge": 0 if kind.kind in ("b", "u") else -largest,
            }[values]
            if not whole or np.isfinite(special):
                pixels.flat[rng.integers(pixels.size)] = special
    return np.asarray(pixels)  # products of arrays without dimensions are scalars


def _laid_out(array, layout):
    """Return an array of the same values with another layout in memory."""
    if layout == "fortran":
        return np.asfortranarray(array)
    if layout == "every second":
        return np.repeat(array, 2, axis=0)[::2] if array.ndim else array
    if layout == "reversed":
        return np.flip(np.flip(array).copy())
    if layout == "transposed":
        return np.ascontiguousarray(array.T).T
    if layout == "read-only":
        array = array.copy()
        array.flags.writeable = False
        return array
    if layout == "unaligned":
        raw = np.empty(array.nbytes + 1, np.uint8)[1:]
        shifted = raw.view(array.dtype).reshape(array.shape)
        shifted[...] = array
        return shifted
    if layout == "repeated" and array.ndim and len(array):
        return np.broadcast_to(array[:1], array.shape)
    if layout == "masked":
        return np.ma.masked_array(array)
    if layout == "matrix" and array.ndim == 2:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of NumPy, about matrices
            return np.asmatrix(array)
    return array


def _contained(array, container):
    """Return an array in another container, or None if it does not fit into it."""
    if container == "array":
        return array
    if container == "list":
        return array.tolist()
    if container == "tuple":
        return tuple(array) if array.ndim else None
    if container == "objects":
        return array.astype(object)
    if array.ndim != 2:
        return None
    native = np.array(array, dtype=array.dtype.newbyteorder("="), subok=False)
    if native.dtype == np.longdouble:
        return None
    if container == "series":
        return pd.Series(list(native))
    if container == "sparse":
        if native.dtype == np.float16:
            return None
        return scipy.sparse.csr_array(native)
    if container == "pandas":
        return pd.DataFrame(native, columns=[f"p{i}" for i in range(native.shape[1])])
    if container == "nullable pandas":
        if native.dtype == np.float16:
            return None
        return pd.DataFrame(native).convert_dtypes()
    if native.dtype == np.float16 or 0 in native.shape:
        return None
    return polars.DataFrame(native, schema=[f"p{i}" for i in range(native.shape[1])])


@st.composite
def images(draw, *, fitting=0.7, n_images=N_IMAGES):
    """Draw images, most of which fit the estimators."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if rng.random() < 0.04:
        value = NOT_IMAGES[rng.integers(len(NOT_IMAGES))]
        return Case(value, None, f"not images: {value!r}")
    if rng.random() < fitting:
        one = FITTING_SHAPES[rng.integers(len(FITTING_SHAPES))]
    else:
        one = OTHER_SHAPES[rng.integers(len(OTHER_SHAPES))]
    n = draw(st.sampled_from(n_images))
    shape = one if rng.random() < 0.04 else (n, *one)
    values = draw(st.sampled_from(VALUES))
    if rng.random() < 0.1:
        return _other_dtype(shape, rng)
    dtype = draw(st.sampled_from(NUMBERS))
    layout = draw(st.sampled_from(LAYOUTS))
    container = draw(st.sampled_from(CONTAINERS))
    array = _laid_out(_pixels(shape, dtype, values, rng), layout)
    value = _contained(array, container)
    if value is None:
        value, container = array, "array"
    plain = np.array(array, dtype=array.dtype.newbyteorder("="), order="C", subok=False)
    name = f"{shape} {dtype} {values} {layout} {container}"
    exact = container == "array" and layout != "matrix"
    return Case(value, plain, name, exact)


def _other_dtype(shape, rng):
    dtype = OTHER_DTYPES[rng.integers(len(OTHER_DTYPES))]
    numbers = rng.integers(0, 17, shape)
    if dtype == "record":
        value = np.zeros(shape, dtype=[("a", int), ("b", float)])
    elif dtype == "object":
        value = numbers.astype(object)
        if value.size:
            odd = ["text", None, np.nan, {}, [1, 2], 10**400, 1j][rng.integers(7)]
            value.flat[0] = odd
    elif dtype == "str":
        value = numbers.astype(str) if rng.random() < 0.5 else np.full(shape, "a")
    elif dtype == "bytes":
        value = numbers.astype("S")
    else:
        value = numbers.astype(dtype)
    return Case(value, None, f"{shape} {dtype}")


# Labels that are accepted for images of two or three classes, and others.
LABELS = {
    "ints": lambda y: y,
    "negative": lambda y: y.astype(np.int8) - 1,
    "text": lambda y: np.array(["a", "b", "c"])[y],
    "objects": lambda y: np.array(["a", "b", "c"], dtype=object)[y],
    "bools": lambda y: y > 0,
    "floats": lambda y: y.astype(float),
    "list": lambda y: y.tolist(),
    "series": lambda y: pd.Series(y, index=range(5, 5 + len(y))),
    "categories": lambda y: pd.Series(np.array(["a", "b", "c"])[y], dtype="category"),
    "polars": lambda y: polars.Series(y),
    "column": lambda y: y[:, None],
    "big-endian": lambda y: y.astype(">i4"),
    "large": lambda y: y.astype(np.uint64) + 2**63,
}
BAD_LABELS = {
    "None": lambda y: None,
    "one class": lambda y: np.zeros_like(y),
    "continuous": lambda y: y + 0.5,
    "NaN": lambda y: np.where(y == 0, np.nan, y),
    "infinity": lambda y: np.where(y == 0, np.inf, y),
    "None inside": lambda y: [None, *["a", "b"] * 10][: len(y)],
    "NaN inside": lambda y: [np.nan, *["a", "b"] * 10][: len(y)],
    "mixed": lambda y: [["a", 1, None, 2.5, (1,)][i % 5] for i in range(len(y))],
    "mixed two": lambda y: np.array([["a", 1][i % 2] for i in range(len(y))], object),
    "lists": lambda y: [[i] * (1 + i % 2) for i in range(len(y))],
    "two columns": lambda y: np.c_[y, y],
    "cube": lambda y: y[:, None, None],
    "bytes": lambda y: np.array([b"a", b"b", b"c"])[y],
    "dates": lambda y: y.astype("datetime64[s]"),
    "dicts": lambda y: [{"a": 1}] * len(y),
    "complex": lambda y: y * 1j,
    "record": lambda y: np.zeros(len(y), dtype=[("a", int)]),
    "short": lambda y: y[:-1],
    "long": lambda y: np.r_[y, y],
    "empty": lambda y: y[:0],
    "scalar": lambda y: 1,
    "text scalar": lambda y: "ab",
    "sparse": lambda y: scipy.sparse.csr_array(y[None]),
    "set": lambda y: {0, 1},
    "dict": lambda y: {"a": y},
    "multilabel": lambda y: np.eye(3, dtype=int)[y] | np.eye(3, dtype=int)[0],
    "nullable": lambda y: pd.Series([pd.NA, *y[1:]], dtype="Int64"),
}


@st.composite
def labels(draw, n, *, valid=None):
    """Draw labels of so many images."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    valid = rng.random() < 0.5 if valid is None else valid
    kinds = LABELS if valid else BAD_LABELS
    name = draw(st.sampled_from(sorted(kinds)))
    n_classes = draw(st.sampled_from([2, 3]))
    y = np.arange(n) % n_classes
    return Case(kinds[name](y), y, f"y {name}")


WEIGHTS = {
    "None": lambda n, rng: None,
    "ones": lambda n, rng: np.ones(n),
    "random": lambda n, rng: rng.random(n) + 0.1,
    "some zero": lambda n, rng: np.r_[0.0, np.ones(max(0, n - 1))],
    "ints": lambda n, rng: rng.integers(1, 5, n),
    "list": lambda n, rng: [1] * n,
    "series": lambda n, rng: pd.Series(np.ones(n), index=range(3, 3 + n)),
    "huge": lambda n, rng: np.full(n, 1e307),
    "one huge": lambda n, rng: np.r_[1e308, np.ones(max(0, n - 1))],
    "tiny": lambda n, rng: np.full(n, 1e-310),
    "spread": lambda n, rng: 10.0 ** rng.integers(-320, 308, n),
    "float16": lambda n, rng: np.full(n, 6e4, np.float16),
    "big-endian": lambda n, rng: np.ones(n, ">f4"),
    "scalar": lambda n, rng: 2.0,
    "zeros": lambda n, rng: np.zeros(n),
    "negative": lambda n, rng: -np.ones(n),
    "one negative": lambda n, rng: np.r_[-1e-300, np.ones(max(0, n - 1))],
    "NaN": lambda n, rng: np.full(n, np.nan),
    "infinity": lambda n, rng: np.full(n, np.inf),
    "short": lambda n, rng: np.ones(max(0, n - 1)),
    "column": lambda n, rng: np.ones((n, 1)),
    "text": lambda n, rng: ["a"] * n,
    "text scalar": lambda n, rng: "balanced",
    "objects": lambda n, rng: np.array([None] * n),
    "complex": lambda n, rng: np.full(n, 1j),
    "dict": lambda n, rng: {0: 1.0},
    "empty": lambda n, rng: [],
    "10**400": lambda n, rng: [10**400] * n,
}


@st.composite
def weights(draw, n):
    """Draw weights of so many images."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    name = draw(st.sampled_from(sorted(WEIGHTS)))
    return Case(WEIGHTS[name](n, rng), None, f"weights {name}")


def fingerprint(value):
    """Return something that is equal for two values if they are the same."""
    if isinstance(value, np.ma.MaskedArray):
        return fingerprint(value.data), fingerprint(np.ma.getmaskarray(value))
    if isinstance(value, np.ndarray):
        content = value.tolist().__repr__() if value.dtype.hasobject else None
        return (
            value.dtype.str,
            value.shape,
            value.strides,
            value.flags.writeable,
            value.tobytes() if content is None else content,
        )
    if isinstance(value, pd.DataFrame):
        columns = [fingerprint(value[name]) for name in value.columns]
        return list(value.columns), columns, repr(value.attrs)
    if isinstance(value, pd.Series):
        return str(value.dtype), repr(value.index), repr(value.tolist())
    if isinstance(value, (polars.DataFrame, polars.Series)):
        return str(value.shape), repr(value.to_numpy().tolist())
    if scipy.sparse.issparse(value):
        return value.shape, value.data.tobytes()
    return repr(value)
