"""What a function reads: its code, defaults, closures and globals."""

import hashlib
import types

import numpy as np

_SIMPLE = (bool, int, float, complex, str, bytes, type(None), np.generic)


def state_of(function):
    """Compute a digest of the values that a function reads, as far as they are simple.

    Functions, classes and objects of the user that it reads are followed. Lists and
    sets are not looked at: functions use them to count or to collect. So a function
    whose calls differ in nothing else has the same digest at each call.

    Parameters
    ----------
    function : callable
        Function that builds a network.

    Returns
    -------
    digest : str
        SHA-256 in hexadecimal digits.
    """
    digest = hashlib.sha256()
    _add(function, digest, set())
    return digest.hexdigest()


def _add(value, digest, seen):
    if isinstance(value, _SIMPLE):
        digest.update(repr(value).encode())
    elif id(value) in seen:
        return
    elif isinstance(value, tuple):
        seen.add(id(value))
        for item in value:
            _add(item, digest, seen)
    elif isinstance(value, dict):
        seen.add(id(value))
        for key, item in value.items():
            _add(key, digest, seen)
            _add(item, digest, seen)
    elif isinstance(value, types.FunctionType):
        seen.add(id(value))
        _add_function(value, digest, seen)
    elif isinstance(value, types.MethodType):
        _add(value.__self__, digest, seen)
        _add(value.__func__, digest, seen)
    elif isinstance(value, type) or _is_of_the_user(type(value)):
        seen.add(id(value))
        _add_object(value, digest, seen)


def _add_function(function, digest, seen):
    _add(function.__defaults__, digest, seen)
    _add(function.__kwdefaults__, digest, seen)
    for cell in function.__closure__ or ():
        try:
            _add(cell.cell_contents, digest, seen)
        except ValueError:  # not bound yet
            continue
    _add_code(function.__code__, function.__globals__, digest, seen)


def _add_code(code, names, digest, seen):
    digest.update(code.co_code)
    for name in code.co_names:
        if name in names:
            _add(names[name], digest, seen)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _add_code(constant, names, digest, seen)
        else:
            _add(constant, digest, seen)


def _add_object(value, digest, seen):
    cls = value if isinstance(value, type) else type(value)
    if not _is_of_the_user(cls):
        return
    for name, item in vars(value).items():
        if isinstance(value, type) and name.startswith("__") and not callable(item):
            continue
        _add(item, digest, seen)
    if cls is not value:
        _add(cls, digest, seen)


def _is_of_the_user(cls):
    """Return whether a class is not part of a library that is known to hold still."""
    package = cls.__module__.partition(".")[0]
    return package not in {"builtins", "keras", "tensorflow", "numpy", "sklearn"}
