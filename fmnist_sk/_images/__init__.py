"""Arrays of images: shapes and dtypes, moving pixels, reading in parts."""

from ._arrays import (
    IMAGE_SHAPE_ATTRIBUTE,
    PIXEL_DTYPES,
    carried_image_shape,
    check_image_shape,
    flatten_images,
    infer_image_shape,
    pixel_dtypes,
)
from ._doubtful_shapes import explain_doubtful_shape
from ._geometry import inverse_affine, translate, warp
from ._memory_map import read_rows
from ._pixel_scale import warn_of_other_scale
from ._tables import is_table, table_dtype

__all__ = [
    "IMAGE_SHAPE_ATTRIBUTE",
    "PIXEL_DTYPES",
    "carried_image_shape",
    "check_image_shape",
    "explain_doubtful_shape",
    "flatten_images",
    "infer_image_shape",
    "inverse_affine",
    "is_table",
    "pixel_dtypes",
    "read_rows",
    "table_dtype",
    "translate",
    "warn_of_other_scale",
    "warp",
]
