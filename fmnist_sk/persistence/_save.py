"""`save_model`: write a model file."""

import io
import os
import pickle

import numpy as np
from sklearn.base import BaseEstimator

from .._compat import CALLBACK_ATTRIBUTES, optional_import
from .._saving import write_whole
from ._archive import pack, read_schema, unpack
from ._state import check_loaded


def save_model(estimator: BaseEstimator, path: str | os.PathLike[str]) -> None:
    """Save a fitted estimator to a file that loads without pickle.

    The file is written by skops. Unlike a pickle, it cannot run any code that
    :func:`load_model` does not trust. The file contains little more than the compressed
    weights of the network, and a digest of the content.

    Parameters
    ----------
    estimator : estimator
        A :class:`FashionCNNClassifier`, or a pipeline, a search or an ensemble that
        contains one. It need not be fitted.
    path : str or path-like
        Path of the file. A file of that name is replaced when the new file is complete.
        If saving fails or the process is killed, the old file is unchanged. What a
        killed process has written is deleted by the next save into the same folder.

    Raises
    ------
    ImportError
        If skops is not installed.
    OSError
        If the file cannot be written.
    TypeError
        If a part of the estimator cannot be saved without pickle. Examples are an
        `architecture` that cannot be imported by its name, such as a lambda, some of
        SciPy's distributions in a randomized search, and a dict with bools as keys
        (`class_weight` of labels True and False). Save the `best_estimator_` of such a
        search, or use joblib.

    See Also
    --------
    load_model : Load the file.

    Notes
    -----
    If `architecture` is a function, its name is saved. To load the file, the function
    must be importable under that name, and the name must be in `trusted` of
    :func:`load_model`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fmnist_sk import ImageNormalizer, load_model, save_model
    >>> normalizer = ImageNormalizer().fit([[0, 255, 0, 255]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "normalizer.skops"
    ...     save_model(normalizer, path)
    ...     loaded = load_model(path)
    >>> loaded
    ImageNormalizer()
    """
    skops = optional_import("skops.io", extra="skops", why="save_model")
    try:
        plain = skops.dumps(_plain_copy(estimator))
        _check_keys(read_schema(plain))
        content = pack(plain)
        # skops writes some objects that it cannot read.
        plain = unpack(content)
        trusted = skops.get_untrusted_types(data=plain)
        check_loaded(skops.loads(plain, trusted=trusted))
    except Exception as error:
        raise TypeError(
            f"This {type(estimator).__name__} cannot be saved without pickle "
            f"({type(error).__name__}: {error}). Use joblib.dump instead."
        ) from error
    write_whole(path, content)


class _Pickler(pickle.Pickler):
    """Pickler that leaves out attributes that a file without pickle cannot contain.

    Memory-mapped arrays, which skops does not support, become ordinary arrays.
    Callbacks are left out, because scikit-learn's callbacks contain the address and the
    key of a socket, and a user's own callbacks may contain any object.
    """

    def reducer_override(self, obj):
        if isinstance(obj, np.memmap):
            return np.asarray(obj).__reduce__()
        if isinstance(obj, BaseEstimator) and CALLBACK_ATTRIBUTES & vars(obj).keys():
            make, arguments, state = obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL)[:3]
            kept = [name for name in state if name not in CALLBACK_ATTRIBUTES]
            return make, arguments, {name: state[name] for name in kept}
        return NotImplemented


def _plain_copy(estimator):
    """Copy an estimator, or raise if a function cannot be imported by name."""
    buffer = io.BytesIO()
    _Pickler(buffer).dump(estimator)
    return pickle.loads(buffer.getbuffer())


def _check_keys(node):
    """Reject dicts with bools as keys, because skops would read False back as True."""
    if isinstance(node, dict):
        key_types = node.get("key_types")
        if isinstance(key_types, dict) and any(
            key["__class__"] in ("bool", "bool_") for key in key_types["content"]
        ):
            raise TypeError("dicts with bools as keys are not supported")
        node = node.values()
    elif not isinstance(node, list):
        return
    for child in node:
        _check_keys(child)
