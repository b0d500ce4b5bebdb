"""Prediction: the fitted state, and the compiled prediction graph."""

from ._kept import KeptBeside
from ._predictor import predictor_of
from ._state import FittedNetwork

__all__ = ["FittedNetwork", "KeptBeside", "predictor_of"]

# Model files refer to this class by name, so the name must not change when the class
# moves to another module.
FittedNetwork.__module__ = __name__
