"""Displays in scikit-learn's style: data first, matplotlib when they plot."""

from ._history import TrainingHistoryDisplay

__all__ = ["TrainingHistoryDisplay"]
