"""Conversion of photographs of products into images like those of Fashion-MNIST.

The steps are those by which Fashion-MNIST was made (Xiao et al., arXiv:1708.07747,
sec. 2): trim, resize the longer side, sharpen, pad, negate, and convert to grey. The
authors had pictures of products on white. Here the background may have any colour, a
gradient or a texture, so it is estimated from the border of the picture. The difference
of a pixel from the background takes the place of the negated grey value.

The constants were chosen on held-out training images of Fashion-MNIST, enlarged to
pictures on plain and textured backgrounds.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage

from ._fit import border, centre, on_colour, size_within

# Longer side of a picture and of the part that is searched for the object, as multiples
# of the result's. Averaging so many pixels removes noise and fine textures.
_KEPT_SCALE, _SEARCHED_SCALE = 16, 4
# A crop is searched again, which finds the edges more exactly. It keeps a margin of the
# background, as a fraction of the object's size.
_N_SEARCHES, _MARGIN = 3, 0.1
# Pixels at the border count as the object's if they differ from the background by this
# fraction of the contrast.
_FAR = 0.4
# All other pixels are background if they differ by less than 5 % of the contrast, as in
# Fashion-MNIST, or by not much more than the pixels at the border. JPEG changes values
# by 3.
_CLOSE, _USUAL, _JPEG = 0.05, 1.2, 3.0
# Parts smaller than this fraction of the largest part are dirt.
_SMALLEST_PART = 0.02
# A frame is thinner than this fraction of the picture, and what it surrounds has about
# one colour at its border.
_FRAME, _ONE_COLOUR = 0.12, 25.0
# Every image of Fashion-MNIST has pixels of 255.
_BRIGHTEST = 0.995


def product_image(picture, size):
    """Convert a photograph of one object into an image like those of Fashion-MNIST.

    Parameters
    ----------
    picture : PIL.Image.Image
        Picture from `open_picture`.
    size : (height, width)
        Size of the result in pixels.

    Returns
    -------
    image : ndarray of shape (height, width), dtype uint8
        Object in the middle, light on black, which fills the height or the width. A
        picture of the right size is not trimmed. A picture without an object becomes
        black.
    """
    factor = max(picture.size) // (_KEPT_SCALE * max(size))
    picture = _opaque(picture.reduce(factor) if factor > 1 else picture)
    longest = _SEARCHED_SCALE * max(size)
    scene = _search(picture, (0.0, 0.0, *map(float, picture.size)), longest)
    if picture.size == (size[1], size[0]):
        return _draw(picture, scene, (0, 0, *picture.size), size)
    for _ in range(_N_SEARCHES - 1):
        inside = scene.inside_frame()
        if inside is None:
            break
        scene = _search(picture, inside, longest)
    for _ in range(_N_SEARCHES - 1):
        if not scene.mask.any():
            break
        scene = _search(picture, scene.object_with_margin(), longest)
    return _draw(picture, scene, scene.bounds(), size)


@dataclass(frozen=True)
class _Scene:
    """Part of a picture, divided into object and background.

    Attributes
    ----------
    box : (left, top, right, bottom)
        Position of the part in the picture, in its pixels.
    pixels : ndarray of shape (height, width, 3), dtype float32
        Part, reduced in size.
    background : ndarray of shape (height, width, 3), dtype float32
        Background behind the whole part.
    mask : ndarray of shape (height, width), dtype bool
        Pixels of the object.
    """

    box: tuple[float, float, float, float]
    pixels: np.ndarray
    background: np.ndarray
    mask: np.ndarray

    def bounds(self):
        """Return the smallest rectangle of the pixels that contains the object.

        Without an object, it is the whole part.
        """
        if not self.mask.any():
            return 0, 0, *self.mask.shape[::-1]
        rows, columns = (np.flatnonzero(self.mask.any(axis=a)) for a in (1, 0))
        return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1

    def to_picture(self, bounds):
        """Return a rectangle of the pixels as one of the picture."""
        left, top, right, bottom = self.box
        height, width = self.mask.shape
        across, down = (right - left) / width, (bottom - top) / height
        x0, y0, x1, y1 = bounds
        return left + x0 * across, top + y0 * down, left + x1 * across, top + y1 * down

    def object_with_margin(self):
        """Return the position of the object with a margin of background."""
        x0, y0, x1, y1 = self.to_picture(self.bounds())
        margin = _MARGIN * max(x1 - x0, y1 - y0)
        left, top, right, bottom = self.box
        return (
            max(left, x0 - margin),
            max(top, y0 - margin),
            min(right, x1 + margin),
            min(bottom, y1 + margin),
        )

    def inside_frame(self):
        """Return the position of what a frame surrounds, or None without a frame."""
        x0, y0, x1, y1 = self.bounds()
        height, width = self.mask.shape
        gaps = x0 / width, y0 / height, 1 - x1 / width, 1 - y1 / height
        if not 0 < min(gaps) <= max(gaps) < _FRAME or min(height, width) < 16:
            return None
        x0, y0, x1, y1 = inner = x0 + 3, y0 + 3, x1 - 3, y1 - 3  # blurred edges
        pixels = self.pixels[y0:y1, x0:x1]
        background = _background(pixels)
        difference = _norm(pixels - background)
        corners = difference[[0, 0, -1, -1], [0, -1, 0, -1]]
        usual = np.quantile(border(difference), 0.75)
        if max(usual, corners.max() / 2) > _ONE_COLOUR:
            return None
        return self.to_picture(inner)


def _opaque(picture):
    """Return a picture as RGB, with a background of the colour that contrasts more.

    Behind the transparent pixels of a light object is black, and white otherwise.
    """
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    grey, alpha = np.moveaxis(np.asarray(picture.convert("LA"), np.float32), -1, 0)
    is_light = (alpha * grey).sum() > 127.5 * alpha.sum()
    return on_colour(picture, 0 if is_light else 255)


def _search(picture, box, longest):
    """Divide a part of a picture into object and background."""
    across, down = box[2] - box[0], box[3] - box[1]
    # A small picture is not enlarged.
    longest = min(longest, math.ceil(max(across, down)))
    pixels = _part(picture, box, size_within((across, down), (longest, longest)))
    background = _background(pixels)
    difference = _norm(pixels - background)
    contrast = _contrast(difference)
    at_border = border(difference, _thickness(pixels))
    usual = at_border[at_border <= _FAR * contrast]
    limit = max(
        _JPEG,
        _CLOSE * contrast,
        _USUAL * np.quantile(usual, 0.95) if len(usual) else 0.0,
    )
    return _Scene(box, pixels, background, _whole_parts(difference > limit))


def _draw(picture, scene, bounds, size):
    """Draw a rectangle of a scene, with the object light on black."""
    box = scene.to_picture(bounds)
    object_size = box[2] - box[0], box[3] - box[1]
    drawn_size = size_within(object_size, size)
    pixels = _part(picture, box, drawn_size)
    mask = _resized(ndimage.binary_fill_holes(scene.mask), bounds, drawn_size)
    channels = np.moveaxis(scene.background, -1, 0)
    background = np.stack(
        [_resized(channel, bounds, drawn_size) for channel in channels], axis=-1
    )
    light = _norm(pixels - background) * mask
    brightest = np.quantile(light[mask >= mask.max() / 2], _BRIGHTEST)
    light = np.clip(255 * light / max(1.0, brightest), 0, 255).round().astype(np.uint8)
    if max(object_size) > 1.5 * max(drawn_size):  # averaging has blurred the outlines
        sharpen = ImageFilter.UnsharpMask(radius=1, percent=50, threshold=0)
        light = np.asarray(Image.fromarray(light).filter(sharpen))
    return centre(light, size, 0)


def _part(picture, box, size):
    """Return a part of a picture as floats, resized by averaging."""
    part = picture.resize(size, Image.Resampling.BOX, box=box)
    return np.asarray(part, dtype=np.float32)


def _resized(layer, bounds, size):
    """Return a rectangle of an array, resized by averaging."""
    image = Image.fromarray(layer.astype(np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BOX, box=tuple(bounds)))


def _background(pixels):
    """Estimate the background as a plane of colours, from the border of an image.

    The estimate starts from the corner that resembles the others most, because an
    object rarely covers two corners.
    """
    height, width, _ = pixels.shape
    edge = math.ceil(0.05 * min(height, width))
    sides = slice(edge), slice(-edge, None)
    corners = np.median([pixels[y, x] for y in sides for x in sides], axis=(1, 2))
    distances = _norm(corners[:, np.newaxis] - corners)
    plane = np.zeros((3, 3))
    plane[0] = corners[distances.sum(axis=1).argmin()]
    down, right = np.meshgrid(
        np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij"
    )
    positions = np.stack([np.ones_like(down), down, right], axis=-1)
    thickness = _thickness(pixels)
    at_border, colours = border(positions, thickness), border(pixels, thickness)
    few, there = pixels[::4, ::4], positions[::4, ::4]
    for _ in range(4):
        contrast = _contrast(_norm(few - there @ plane))
        near = _norm(colours - at_border @ plane) <= _FAR * contrast
        if near.sum() < 6:
            break
        plane = np.linalg.lstsq(at_border[near], colours[near], rcond=None)[0]
    return (positions @ plane).astype(np.float32)


def _thickness(pixels):
    """Return the thickness of the border that shows the background."""
    return max(1, min(pixels.shape[:2]) // 28)


def _contrast(difference):
    """Return the difference between the object and the background."""
    return max(1.0, np.quantile(difference, 0.99))


def _norm(colours):
    """Return the root mean square of the channels."""
    # Several times faster than a mean over an axis of three.
    squares = np.einsum("...c,...c->...", colours, colours)
    return np.sqrt(squares / colours.shape[-1])


def _whole_parts(mask):
    """Close the gaps of an object and drop dirt."""
    padded = ndimage.binary_closing(np.pad(mask, 2), iterations=2)
    parts, n_parts = ndimage.label(padded[2:-2, 2:-2], np.ones((3, 3)))
    if n_parts == 0:
        return mask
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return (sizes >= _SMALLEST_PART * sizes.max())[parts] & (parts > 0)
