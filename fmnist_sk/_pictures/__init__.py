"""Pictures: decoding files with Pillow, resizing, and converting photographs."""

from ._convert import MODES, convert_picture
from ._decode import open_picture, shown_name
from ._open import UntrustedPicture, open_file

__all__ = [
    "MODES",
    "UntrustedPicture",
    "convert_picture",
    "open_file",
    "open_picture",
    "shown_name",
]
