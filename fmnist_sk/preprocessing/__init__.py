"""Transformers that read, reshape and normalise images in a pipeline."""

from ._base import BaseImageTransformer
from ._normalizer import ImageNormalizer
from ._photo_converter import PhotoConverter
from ._reshaper import ImageReshaper

__all__ = ["BaseImageTransformer", "ImageNormalizer", "ImageReshaper", "PhotoConverter"]
