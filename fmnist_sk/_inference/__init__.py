"""Prediction: the fitted state, and the compiled graph that reads it."""

from ._kept import KeptBeside
from ._predictor import predictor_of
from ._state import FittedNetwork

__all__ = ["FittedNetwork", "KeptBeside", "predictor_of"]

# Files of models name this class: the name must survive a move between modules.
FittedNetwork.__module__ = __name__
