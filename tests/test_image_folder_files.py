"""Picture files of all kinds: what `load_image_folder` makes of each of them."""

import io
import os
import sys

import numpy as np
import pytest
from _photographs import STORED
from _picture_files import plain, scene, write
from PIL import Image, features
from PIL.PngImagePlugin import PngInfo

from fmnist_sk import load_image_folder

SCENE = scene()
GREY = np.asarray(SCENE.convert("L"))
HALF = np.asarray(SCENE.resize((20, 30), Image.Resampling.BOX)).astype(int)


def encoded(picture, kind, **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def animated(kind, **options):
    """Return an animation that starts with the scene."""
    others = [Image.new("RGB", SCENE.size, colour) for colour in ("red", "white")]
    return encoded(SCENE, kind, save_all=True, append_images=others, **options)


def deep():
    return Image.fromarray(GREY.astype(np.uint16) * 257)


def with_alpha(mode):
    """Return the scene with a transparent black frame of 10 pixels."""
    alpha = np.zeros((60, 40), np.uint8)
    alpha[10:-10, 10:-10] = 255
    layers = [*SCENE.convert(mode[:-1]).split(), Image.fromarray(alpha)]
    return Image.merge(mode, layers)


def transparent_palette():
    """Return a palette picture: transparent index 0 in its left half, blue right."""
    indices = np.zeros((60, 40), np.uint8)
    indices[:, 20:] = 1
    picture = Image.fromarray(indices)
    picture.putpalette([255, 0, 0, 0, 0, 255])
    return picture


def needs(codec):
    return pytest.mark.skipif(not features.check(codec), reason=f"needs {codec}")


# Files that show the scene: name, content, and the largest difference of a value.
SAME = {
    "JPEG": ("a.jpg", encoded(SCENE, "JPEG", quality=95), 6),
    "progressive JPEG": (
        "a.jpeg",
        encoded(SCENE, "JPEG", quality=95, progressive=True),
        6,
    ),
    "CMYK JPEG": ("a.jpg", encoded(SCENE.convert("CMYK"), "JPEG", quality=95), 8),
    "YCbCr TIFF": ("a.tif", encoded(SCENE.convert("YCbCr"), "TIFF"), 4),
    "PNG": ("a.png", encoded(SCENE, "PNG"), 3),
    "PNG called JPG": ("a.jpg", encoded(SCENE, "PNG"), 3),
    "capital extension": ("A.PNG", encoded(SCENE, "PNG"), 3),
    "PNG with alpha": ("a.png", encoded(SCENE.convert("RGBA"), "PNG"), 3),
    "PNG with damaged EXIF": (
        "a.png",
        encoded(SCENE, "PNG", exif=b"Exif\0\0damaged"),
        3,
    ),
    "palette PNG": ("a.png", encoded(SCENE.quantize(256), "PNG"), 16),
    "BMP": ("a.bmp", encoded(SCENE, "BMP"), 3),
    "TIFF": ("a.tiff", encoded(SCENE, "TIFF", compression="tiff_lzw"), 3),
    "PPM": ("a.ppm", encoded(SCENE, "PPM"), 3),
    "GIF": ("a.gif", encoded(SCENE, "GIF"), 16),
    "animated GIF": ("a.gif", animated("GIF", duration=50), 16),
    "animated PNG": ("a.png", animated("PNG", duration=50), 3),
    "several pages of TIFF": ("a.tif", animated("TIFF"), 3),
    "several pictures of JPEG": ("a.mpo", animated("MPO", quality=95), 6),
}
if features.check("webp"):
    SAME["WebP"] = ("a.webp", encoded(SCENE, "WEBP", lossless=True), 3)
    SAME["animated WebP"] = ("a.webp", animated("WEBP", lossless=True), 3)


@pytest.mark.parametrize(("name", "content", "tolerance"), SAME.values(), ids=SAME)
def test_files_that_show_the_same(tmp_path, name, content, tolerance):
    folder = write(tmp_path, {f"class/{name}": content})
    colour = load_image_folder(folder, image_shape=(30, 20), color_mode="rgb")
    assert colour.images.shape == (1, 30, 20, 3)
    assert abs(colour.images[0] - HALF).max() <= tolerance
    grey = load_image_folder(folder, image_shape=(30, 20, 1))
    half = np.asarray(Image.fromarray(GREY).resize((20, 30), Image.Resampling.BOX))
    assert grey.images.shape == (1, 30, 20)
    assert abs(grey.images[0] - half.astype(int)).max() <= tolerance


@pytest.mark.parametrize(("name", "kind"), [("a.png", "PNG"), ("a.tif", "TIFF")])
def test_16_bits_are_scaled(tmp_path, name, kind):
    folder = write(tmp_path, {f"class/{name}": encoded(deep(), kind)})
    images = load_image_folder(folder, image_shape=(60, 40)).images
    assert abs(images[0].astype(int) - GREY).max() <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_are_white(tmp_path, mode):
    folder = write(tmp_path, {"class/a.png": with_alpha(mode)})
    image = load_image_folder(folder, image_shape=(60, 40)).images[0]
    inside = np.s_[10:-10, 10:-10]
    assert abs(image[inside].astype(int) - GREY[inside]).max() <= 1
    image[inside] = 255
    assert (image == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_colour_of_a_palette_is_white(tmp_path, kind):
    content = encoded(transparent_palette(), kind, transparency=0)
    folder = write(tmp_path, {f"class/a.{kind.lower()}": content})
    image = load_image_folder(folder, image_shape=(60, 40), color_mode="rgb").images[0]
    assert (image[:, :20] == 255).all()
    assert (image[:, 20:] == (0, 0, 255)).all()


def test_one_bit(tmp_path):
    bits = np.arange(60 * 40).reshape(60, 40) % 3 == 0
    folder = write(tmp_path, {"class/a.png": Image.fromarray(bits)})
    image = load_image_folder(folder, image_shape=(60, 40)).images[0]
    np.testing.assert_array_equal(image, 255 * bits)


@pytest.mark.parametrize("mode", ["resize", "fashion-mnist"])
@pytest.mark.parametrize("size", [(1, 1), (20_000, 1), (1, 20_000), (3, 500)])
def test_extreme_sizes(tmp_path, size, mode):
    folder = write(tmp_path, {"class/a.png": plain(99, size)})
    images = load_image_folder(folder, mode=mode).images
    # A plain picture is all background.
    assert (images == (99 if mode == "resize" else 0)).all()


@pytest.mark.parametrize("color_mode", ["grayscale", "rgb"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_upright(tmp_path, orientation, color_mode):
    stored = SCENE.transpose(STORED[orientation]) if orientation in STORED else SCENE
    exif = Image.Exif()
    exif[0x0112] = orientation
    folder = write(
        tmp_path,
        {
            "class/1 upright.jpg": encoded(SCENE, "JPEG", quality=95),
            "class/2.jpg": encoded(stored, "JPEG", quality=95, exif=exif),
            "class/3.png": encoded(stored, "PNG", exif=exif),
            "class/4.tif": encoded(stored, "TIFF", exif=exif),
        },
    )
    images = load_image_folder(folder, image_shape=(30, 20), color_mode=color_mode)
    upright, *others = images.images.astype(int)
    for other in others:
        assert abs(other - upright).max() <= 6


def test_large_metadata_do_not_matter(tmp_path):
    about = PngInfo()
    about.add_text("comment", "x" * 100_000, zip=True)
    folder = write(tmp_path, {"class/a.png": encoded(plain(7), "PNG", pnginfo=about)})
    assert (load_image_folder(folder).data == 7).all()


# Files that cannot be read

PHOTO = encoded(SCENE.resize((400, 600)), "JPEG")
BROKEN = {
    "truncated JPEG": PHOTO[: len(PHOTO) // 2],
    "truncated header": PHOTO[:20],
    "truncated PNG": encoded(SCENE, "PNG")[:-500],
    "text": b"<html>404 Not Found</html>",
    "zeros": bytes(1000),
    "empty": b"",
}


@pytest.mark.parametrize("mode", ["resize", "fashion-mnist"])
@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named(tmp_path, content, mode):
    folder = write(
        tmp_path, {"bag/1.png": plain(1), "bag/2.jpg": content, "coat/1.png": plain(2)}
    )
    with pytest.raises(ValueError, match=r"2\.jpg cannot be read: .*skip"):
        load_image_folder(folder, mode=mode)
    with pytest.warns(UserWarning, match=r"1 of 3 files cannot .* skipped: \S*2\.jpg"):
        photos = load_image_folder(folder, mode=mode, on_error="skip")
    assert photos.target.tolist() == [0, 1]
    assert [os.path.basename(name) for name in photos.filenames] == ["1.png", "1.png"]


def test_a_picture_with_too_many_pixels_is_not_decoded(tmp_path, monkeypatch):
    folder = write(tmp_path, {"class/large.png": SCENE})
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60 * 40 // 2 - 1)
    with pytest.raises(ValueError, match=r"large\.png .*increase PIL.Image.MAX_IMAGE"):
        load_image_folder(folder)


def test_a_header_of_many_pixels_costs_no_memory(tmp_path):
    content = bytearray(encoded(plain(0), "BMP"))
    content[18:26] = (60_000).to_bytes(4, "little") * 2
    folder = write(tmp_path, {"class/bomb.bmp": bytes(content)})
    with pytest.raises(ValueError, match=r"bomb\.bmp cannot be read: it has too many"):
        load_image_folder(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="links and permissions of Unix")
def test_files_that_cannot_be_opened(tmp_path):
    folder = write(tmp_path, {"class/1.png": plain(1)})
    (tmp_path / "class" / "2.png").symlink_to("nothing.png")
    (tmp_path / "class" / "3.png").symlink_to("3.png")
    with pytest.raises(ValueError, match=r"2\.png cannot be read: No such file"):
        load_image_folder(folder)
    with pytest.warns(UserWarning, match=r"2 of 3 .*2\.png, \S*3\.png"):
        assert load_image_folder(folder, on_error="skip").data.tolist() == [[1] * 784]


@pytest.mark.skipif(
    getattr(os, "geteuid", bool)() == 0, reason="root may read every file"
)
def test_a_file_without_permission_is_named(tmp_path):
    folder = write(tmp_path, {"class/1.png": plain(1)})
    (tmp_path / "class" / "1.png").chmod(0)
    with pytest.raises(ValueError, match=r"1\.png cannot be read: Permission denied"):
        load_image_folder(folder)
