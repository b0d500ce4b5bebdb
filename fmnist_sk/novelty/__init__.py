"""Novelty: images unlike the training images."""

from ._detector import NoveltyDetector
from ._shipped import load_novelty_detector, pack, unpack

__all__ = ["NoveltyDetector", "load_novelty_detector", "pack", "unpack"]
