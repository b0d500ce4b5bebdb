"""Old name of a part of `preprocessing`, until every module imports from there."""

from .preprocessing import BaseImageTransformer as ImageTransformer

__all__ = ["ImageTransformer"]
