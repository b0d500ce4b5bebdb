"""Old name of a part of `_images`, until every module imports from there."""

from ._images import read_rows

__all__ = ["read_rows"]
