"""Prediction: the fitted state, and the compiled graph that reads it."""

from ._predictor import predictor_of
from ._state import FittedNetwork

__all__ = ["FittedNetwork", "predictor_of"]
