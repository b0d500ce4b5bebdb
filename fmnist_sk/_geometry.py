"""Old name of a part of `_images`, until every module imports from there."""

from ._images import inverse_affine, translate, warp

__all__ = ["inverse_affine", "translate", "warp"]
