"""Transformers that reshape and normalise images in a pipeline."""

from ._base import BaseImageTransformer
from ._normalizer import ImageNormalizer
from ._reshaper import ImageReshaper

__all__ = ["BaseImageTransformer", "ImageNormalizer", "ImageReshaper"]
