"""Fingerprint of a Keras model, equal for models with equal layers."""

import hashlib
import json

import numpy as np

from ._function_state import state_of

# Parts of a configuration that differ between models with equal layers: identifiers
# that Keras counts up, seeds (training sets its own), and compiled code, which contains
# the name of its file and changes with the version of Python.
_IGNORED = {"seed", "shared_object_id", "code"}


def fingerprint_of(model, function):
    """Compute the SHA-256 of a model and of the values that its function reads.

    The digest covers the layers, the shapes of the weights, and the values that the
    function reads, because the behaviour of layers in training, or when they are
    called, can depend on these values.

    Two models with the same layers have the same fingerprint, although Keras counts up
    the numbers in the names of their layers. Values of weights have no effect.

    Parameters
    ----------
    model : keras.Model
        Built model.
    function : callable
        Function that built it.

    Returns
    -------
    fingerprint : str
        SHA-256 in hexadecimal digits.
    """
    trainable = {id(v) for v in model.trainable_variables}
    content = {
        "function": state_of(function),
        "class": _class_name(type(model)),
        "config": _config_of(model),
        "weights": [
            [
                list(v.shape),
                str(v.dtype),
                id(v) in trainable,
            ]
            for v in model.weights
        ],
    }
    plain = json.loads(json.dumps(content, skipkeys=True, default=_plain))
    numbers: dict[str, str] = {}
    _number_names(plain, numbers)
    text = json.dumps(_normalise(plain, numbers), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _config_of(layer):
    """Return the configuration of a model, or of its parts if it has none itself."""
    try:
        return layer.get_config()
    except Exception:  # a user's class whose arguments Keras cannot find out
        parts = getattr(layer, "layers", [])
        return [[_class_name(type(part)), _config_of(part)] for part in parts]


def _class_name(cls):
    return f"{cls.__module__}.{cls.__qualname__}"


def _plain(value):
    """Describe an object that JSON cannot hold, the same way in every process."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        return [str(array.dtype), list(array.shape), _plain(array.tobytes())]
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return _class_name(type(value))


def _number_names(value, numbers):
    """Number the names of layers by their order of appearance."""
    if isinstance(value, dict):
        name = value.get("name")
        if isinstance(name, str):
            numbers.setdefault(name, f"#{len(numbers)}")
    children = value.values() if isinstance(value, dict) else value
    if isinstance(value, (dict, list)):
        for child in children:
            _number_names(child, numbers)


def _normalise(value, numbers):
    if isinstance(value, dict):
        # None is left out, so that an option of a later version of Keras is harmless.
        return {
            key: _normalise(child, numbers)
            for key, child in value.items()
            if child is not None and key not in _IGNORED
        }
    if isinstance(value, list):
        return [_normalise(child, numbers) for child in value]
    return numbers.get(value, value) if isinstance(value, str) else value
