"""Pictures: decoding files with Pillow, resizing, and converting photographs."""

from ._convert import MODES, convert_picture
from ._decode import open_picture, shown_name

__all__ = ["MODES", "convert_picture", "open_picture", "shown_name"]
