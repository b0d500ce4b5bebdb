"""Opening of picture files, also of files from sources that are not trusted."""

import io
from contextlib import contextmanager

from PIL import Image

# Pillow passes files of these formats to another program, EPS to Ghostscript. An EPS
# file is a program itself, and its name can end in .jpg.
_RUN_BY_PROGRAMS = frozenset({"EPS"})


class RefusedPicture(ValueError):
    """Error about a picture that is not decoded, with the reason as its message."""


class UntrustedPicture(io.BytesIO):
    """Content of a picture file from a source that is not trusted.

    Of such a file, only formats are read that browsers and cameras use, and a picture
    with too many pixels is refused before it is decoded. A file of 48 kB can declare
    400 million pixels.

    Parameters
    ----------
    content : bytes
        Content of the file.
    name : str
        Name of the file, for messages.
    max_pixels : int
        Largest number of pixels.
    """

    #: Formats that are read, by Pillow's names.
    formats = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")

    def __init__(self, content, name, max_pixels):
        super().__init__(content)
        self.name, self.max_pixels = name, max_pixels

    def known_formats(self):
        """Return those of the formats that this installation of Pillow reads."""
        Image.init()  # imports all readers, but only once
        return [name for name in self.formats if name in Image.OPEN]


@contextmanager
def open_file(source):
    """Open a picture file without decoding it.

    Parameters
    ----------
    source : str, path-like or file object
        Path of a picture, or its content.

    Yields
    ------
    image : PIL.ImageFile.ImageFile
        Picture whose header has been read.

    Raises
    ------
    RefusedPicture
        If decoding would run another program, or an `UntrustedPicture` has too many
        pixels.
    Exception
        Any error of Pillow's readers.
    """
    untrusted = isinstance(source, UntrustedPicture)
    formats = source.known_formats() if untrusted else None
    with Image.open(source, formats=formats) as image:
        if image.format in _RUN_BY_PROGRAMS:
            raise RefusedPicture(
                f"it is an {image.format} file, which only another program can draw"
            )
        width, height = image.size
        if untrusted and width * height > source.max_pixels:
            raise RefusedPicture(
                f"it has {width:,} × {height:,} pixels, and only "
                f"{source.max_pixels:,} pixels are allowed"
            )
        yield image
