"""Arrays of images: shapes and dtypes, moving pixels, reading in parts."""

from ._arrays import (
    IMAGE_SHAPE_ATTRIBUTE,
    PIXEL_DTYPES,
    carried_image_shape,
    check_image_shape,
    flatten_images,
    infer_image_shape,
)
from ._geometry import inverse_affine, translate, warp
from ._memory_map import read_rows

__all__ = [
    "IMAGE_SHAPE_ATTRIBUTE",
    "PIXEL_DTYPES",
    "carried_image_shape",
    "check_image_shape",
    "flatten_images",
    "infer_image_shape",
    "inverse_affine",
    "read_rows",
    "translate",
    "warp",
]
