"""Resizing of pictures to a shape, with their aspect ratio kept."""

import numpy as np
from PIL import Image


def fit_picture(picture, size, *, grey):
    """Resize a picture to fit in a size, and pad it with its background.

    Parameters
    ----------
    picture : PIL.Image.Image
        Picture from `open_picture`.
    size : (height, width)
        Size of the result in pixels.
    grey : bool
        Whether to convert the picture to grey instead of RGB.

    Returns
    -------
    pixels : ndarray of shape (height, width) or (height, width, 3), dtype uint8
        Resized picture in the middle, surrounded by the median colour of its border.
        Transparent pixels are white.
    """
    picture = on_colour(picture, 255).convert("L" if grey else "RGB")
    # `reducing_gap` first averages whole blocks of pixels, which is much faster.
    pixels = np.asarray(
        picture.resize(
            size_within(picture.size, size),
            Image.Resampling.BICUBIC,
            reducing_gap=3.0,
        )
    )
    if pixels.shape[:2] == tuple(size):
        return pixels
    colour = np.median(border(pixels), axis=0)
    return centre(pixels, size, np.round(colour).astype(np.uint8))


def size_within(size, box):
    """Return the largest size of the same proportions that fits in another size.

    Parameters
    ----------
    size : (width, height)
        Proportions.
    box : (height, width)
        Size in pixels to fit in.

    Returns
    -------
    size : (width, height)
        Size in pixels, at least 1 each.
    """
    scale = min(box[1] / size[0], box[0] / size[1])
    return max(1, round(scale * size[0])), max(1, round(scale * size[1]))


def centre(pixels, size, fill):
    """Place pixels in the middle of an array.

    Parameters
    ----------
    pixels : ndarray of shape (h, w) or (h, w, channels)
        Pixels, not larger than `size`.
    size : (height, width)
        Size of the result.
    fill : scalar or ndarray of shape (channels,)
        Value of the other pixels.

    Returns
    -------
    canvas : ndarray of shape (height, width) or (height, width, channels)
        New array of the same dtype.
    """
    canvas = np.empty((*size, *pixels.shape[2:]), pixels.dtype)
    canvas[...] = fill
    height, width = pixels.shape[:2]
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    canvas[top : top + height, left : left + width] = pixels
    return canvas


def border(pixels, thickness=1):
    """Return the pixels at the border of an image.

    Parameters
    ----------
    pixels : ndarray of shape (height, width) or (height, width, channels)
        Image.
    thickness : int, default=1
        Thickness of the border in pixels.

    Returns
    -------
    border : ndarray of shape (n_pixels,) or (n_pixels, channels)
        Pixels at the border, each once.
    """
    height, width = pixels.shape[:2]
    inside = np.zeros((height, width), dtype=bool)
    inside[thickness : height - thickness, thickness : width - thickness] = True
    return pixels[~inside]


def on_colour(picture, grey):
    """Compose a picture with alpha over a grey value.

    Parameters
    ----------
    picture : PIL.Image.Image
        Picture.
    grey : int
        Grey value behind transparent pixels, from 0 to 255.

    Returns
    -------
    picture : PIL.Image.Image
        Picture without alpha.
    """
    if picture.mode != "RGBA":
        return picture
    behind = Image.new("RGBA", picture.size, (grey, grey, grey, 255))
    return Image.alpha_composite(behind, picture).convert("RGB")
