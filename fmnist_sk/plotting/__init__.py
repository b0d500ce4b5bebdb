"""Displays that follow the conventions of scikit-learn."""

from ._grad_cam import GradCAMDisplay
from ._grid import ImageGridDisplay
from ._history import TrainingHistoryDisplay
from ._misclassified import MisclassifiedImagesDisplay
from ._predictions import PredictionDisplay
from ._search import SearchResultsDisplay

__all__ = [
    "GradCAMDisplay",
    "ImageGridDisplay",
    "MisclassifiedImagesDisplay",
    "PredictionDisplay",
    "SearchResultsDisplay",
    "TrainingHistoryDisplay",
]
