"""Cache of objects that belong to a fitted network but are not part of its state."""

import threading
import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

from ._state import FittedNetwork

_Made = TypeVar("_Made")


class KeptBeside(Generic[_Made]):
    """Function that makes an object for a fitted network once and caches it.

    The state that is pickled, cloned and compared therefore contains NumPy arrays only.
    The object is freed with the fitted network, which it must not reference. Two
    threads may both make an object.

    Parameters
    ----------
    make : callable
        Function from a fitted network to the object.
    """

    def __init__(self, make: Callable[[FittedNetwork], _Made]):
        self._make, self._lock = make, threading.Lock()
        self._made: weakref.WeakKeyDictionary[FittedNetwork, _Made]
        self._made = weakref.WeakKeyDictionary()

    def __call__(self, fitted: FittedNetwork) -> _Made:
        """Return the object of a fitted network."""
        with self._lock:
            made = self._made.get(fitted)
        if made is None:
            made = self._make(fitted)
            with self._lock:
                self._made[fitted] = made
        return made
