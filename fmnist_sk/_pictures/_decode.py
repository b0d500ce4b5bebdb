"""Decoding: a file, a Pillow image or an array becomes an upright 8-bit image."""

import os

import numpy as np
from PIL import Image, ImageOps

from ._open import RefusedPicture, open_file

# Modes in which Pillow holds more than 8 bits per channel. Its own conversion to 8 bits
# clips these values instead of scaling them.
_DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def open_picture(source, *, at_least=None, grey=False):
    """Open a picture and turn it upright.

    Parameters
    ----------
    source : str, path-like, file object, PIL.Image.Image or ndarray
        Path of a picture in any format that Pillow decodes by itself, or a picture in
        memory. An array has shape `(height, width)` or `(height, width, channels)` with
        1 to 4 channels: grey, grey and alpha, colour, or colour and alpha. See
        :func:`pixels_8_bit` for its values. Only the first frame of an animation is
        read. Use `UntrustedPicture` as the file object to limit formats and size.
    at_least : (width, height), default=None
        Size that is large enough. A JPEG file is decoded at a half, a quarter or an
        eighth of its size if the result is at least so large, which takes a fraction of
        the time and of the memory. None stands for the full size.
    grey : bool, default=False
        Whether a JPEG file may be decoded to grey at once.

    Returns
    -------
    picture : PIL.Image.Image
        Picture of mode "L", "RGB" or "RGBA", in the orientation that its EXIF data
        prescribe.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no picture, is damaged or too large, or if an array does not have
        the form of a picture.
    TypeError
        If `source` is none of these.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        # A file that Pillow has opened stays open and unread until it is used.
        return _upright(source)
    if not isinstance(source, (str, os.PathLike)) and not hasattr(source, "read"):
        raise TypeError(
            "A picture must be a path, a PIL.Image.Image or an array. Got an object of "
            f"type {type(source).__name__} instead."
        )
    try:
        with open_file(source) as image:
            if at_least is not None:
                image.draft("L" if grey else None, at_least)
            return _upright(image)
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except Exception as error:  # Pillow's readers raise many kinds
        reason = "it is not a picture that Pillow can read, or it is damaged"
        if isinstance(error, RefusedPicture):
            reason = str(error)
        elif isinstance(error, Image.DecompressionBombError):
            reason = (
                "it has too many pixels. If you trust the file, increase "
                "PIL.Image.MAX_IMAGE_PIXELS"
            )
        raise ValueError(f"{shown_name(source)} cannot be read: {reason}.") from error


def shown_name(source):
    """Return the name of a source in messages, also if the file system's is not text.

    Parameters
    ----------
    source : object
        Path, or anything else that `open_picture` takes.

    Returns
    -------
    name : str
        Path that can be printed, or the type of an object that has no path.
    """
    path = source if isinstance(source, (str, os.PathLike)) else None
    if path is None:
        path = getattr(source, "filename", None) or getattr(source, "name", None)
    if not isinstance(path, (str, os.PathLike)):
        return f"An object of type {type(source).__name__}"
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def pixels_8_bit(pixels):
    """Scale pixel values to 0 to 255.

    Parameters
    ----------
    pixels : ndarray
        Values of a picture: bool, uint8, uint16 (up to 65,535), other integers from 0
        to 255, floats from 0 to 1, or floats from 0 to 255 of which one is above 1.

    Returns
    -------
    pixels : ndarray of the same shape, dtype uint8
        Scaled values.

    Raises
    ------
    ValueError
        If there are other values.
    """
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == bool:
        return pixels * np.uint8(255)
    if pixels.dtype == np.uint16:
        return np.round(pixels / 257).astype(np.uint8)
    if pixels.dtype.kind not in "iuf":
        raise ValueError(f"A picture must contain numbers. Got {pixels.dtype} instead.")
    low, high = pixels.min(), pixels.max()
    # The comparison is also false for NaN.
    if not 0 <= low <= high <= 255:
        raise ValueError(
            "The values of a picture must be from 0 to 255, or from 0 to 1 if they are "
            f"floats. Got values from {low} to {high} instead."
        )
    scale = 255 if pixels.dtype.kind == "f" and high <= 1 else 1
    return np.round(pixels * scale).astype(np.uint8)


def _from_array(array):
    """Return an array as a picture."""
    shape = array.shape[:2] if array.ndim == 3 and array.shape[2] == 1 else array.shape
    if len(shape) not in (2, 3) or 0 in shape or (len(shape) == 3 and shape[2] > 4):
        raise ValueError(
            "A picture must be an array of shape (height, width) or (height, width, "
            f"channels) with 1 to 4 channels. Got an array of shape {array.shape} "
            "instead."
        )
    picture = Image.fromarray(np.ascontiguousarray(pixels_8_bit(array).reshape(shape)))
    return _as_8_bit(picture)


def _upright(image):
    try:
        image.getexif()
    except Exception:  # Pillow's readers raise many kinds
        # The pixels of such a file are intact. Its orientation is unknown.
        return _as_8_bit(image.copy())
    return _as_8_bit(ImageOps.exif_transpose(image))


def _as_8_bit(image):
    """Convert a picture to mode "L", "RGB" or "RGBA"."""
    if image.mode in ("L", "RGB", "RGBA"):
        return image
    if image.mode in _DEEP:
        pixels = np.asarray(image)
        if image.mode != "F":
            # 16 bits, which older versions of Pillow read as 32 bits.
            pixels = np.clip(pixels, 0, 65535).astype(np.uint16)
        return Image.fromarray(pixels_8_bit(pixels))
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")
