"""Conversion of pictures by name: `MODES`."""

from ._decode import open_picture
from ._fit import fit_picture
from ._product import product_image

# Valid values of `mode`.
MODES = ("fashion-mnist", "resize")


def convert_picture(source, size, *, mode, grey):
    """Open a picture and convert it into an image of a fixed shape.

    Parameters
    ----------
    source : str, path-like, file object, PIL.Image.Image or ndarray
        Picture, as `open_picture` takes it.
    size : (height, width)
        Size of the image in pixels.
    mode : {"fashion-mnist", "resize"}
        Conversion: `product_image` or `fit_picture`.
    grey : bool
        Whether the image is grey. Images of mode "fashion-mnist" are always grey.

    Returns
    -------
    image : ndarray of shape (height, width) or (height, width, 3), dtype uint8
        Converted picture.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError
        See `open_picture`.
    """
    height, width = size
    if mode == "resize":
        picture = open_picture(source, at_least=(2 * width, 2 * height), grey=grey)
        return fit_picture(picture, size, grey=grey)
    return product_image(open_picture(source, at_least=(8 * width, 8 * height)), size)
