"""Photographs made from images of Fashion-MNIST, for the tests of conversion."""

import io

import numpy as np
from PIL import Image


def photograph(
    image,
    rng,
    *,
    scale=12,
    light=True,
    coloured=False,
    texture=None,
    margin=0.2,
    frame=0,
    quality=None,
    orientation=1,
):
    """Return a picture of the garment in an image of Fashion-MNIST.

    Parameters
    ----------
    image : ndarray of shape (28, 28), dtype uint8
        Image.
    rng : numpy.random.Generator
        Random generator.
    scale : int, default=12
        Magnification.
    light : bool, default=True
        Whether the background is light and the garment dark.
    coloured : bool, default=False
        Whether garment and background have colours.
    texture : {"noise", "gradient", "stripes", "checks", "grain"}, default=None
        Texture of the background. None stands for a plain background.
    margin : float, default=0.2
        Largest width of the background beside the image, as a fraction of its size.
    frame : int, default=0
        Width of a black or white frame in pixels.
    quality : int, default=None
        Quality of JPEG. None stands for no compression.
    orientation : int, default=1
        EXIF orientation to store the picture in, 1 to 8.

    Returns
    -------
    picture : PIL.Image.Image
        Picture of mode "RGB", or a JPEG image read from memory.
    """
    side = 28 * scale
    large = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
    top, bottom, left, right = (rng.random(4) * margin * side).astype(int)
    garment = np.zeros((side + top + bottom, side + left + right))
    garment[top : top + side, left : left + side] = np.asarray(large) / 255
    back, front = (245, 20) if light else (10, 235)
    back, front = np.full(3, back), np.full(3, front)
    if coloured:
        back = np.clip(
            back + (rng.uniform(-60, 0, 3) if light else rng.uniform(0, 60, 3)), 0, 255
        )
        front = np.clip(
            front + (rng.uniform(0, 90, 3) if light else rng.uniform(-90, 0, 3)), 0, 255
        )
    ground = back + _texture(texture, garment.shape, rng)[..., np.newaxis]
    pixels = ground + (front - ground) * garment[..., np.newaxis]
    pixels = np.clip(pixels, 0, 255).round().astype(np.uint8)
    if frame:
        colour = int(rng.integers(2)) * 255
        pixels = np.pad(
            pixels, ((frame,) * 2, (frame,) * 2, (0, 0)), constant_values=colour
        )
    picture = Image.fromarray(pixels)
    if orientation != 1:
        picture = (
            picture.transpose(STORED[orientation]) if orientation in STORED else picture
        )
    if quality is None and orientation == 1:
        return picture
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.save(stream, "JPEG", quality=quality or 95, exif=exif)
    stream.seek(0)
    return Image.open(stream)


# Transposition with which a camera stores a picture of each EXIF orientation.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def _texture(kind, shape, rng):
    """Return the differences of a background from its colour."""
    rows, columns = np.indices(shape)
    strength = 18
    if kind is None:
        return np.zeros(shape)
    if kind == "noise":
        return rng.normal(0, strength, shape)
    if kind == "gradient":
        down, right = rng.uniform(-1, 1, 2)
        return 2.5 * strength * (down * rows / shape[0] + right * columns / shape[1])
    if kind == "stripes":
        period, angle = rng.uniform(6, 40), rng.uniform(0, np.pi)
        phase = np.cos(angle) * rows + np.sin(angle) * columns
        return strength * np.sin(2 * np.pi * phase / period)
    if kind == "checks":
        period = int(rng.integers(6, 40))
        return strength * (2.0 * ((rows // period + columns // period) % 2) - 1)
    if kind == "grain":  # like wood or cloth: noise that is smooth along one direction
        wide = rng.normal(0, 1, (shape[0], shape[1] // 24 + 2)).repeat(24, axis=1)
        return strength * wide[:, : shape[1]]
    raise ValueError(kind)
