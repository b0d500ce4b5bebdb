"""Picture files that are not decoded: programs, and untrusted pictures over a limit."""

import contextlib
import io
import os
import struct
import zlib

import numpy as np
import pytest
from _picture_files import scene
from PIL import EpsImagePlugin, Image

from fmnist_sk._pictures import UntrustedPicture, open_picture

EPS = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 30 30
%%EndComments
newpath 0 0 moveto 30 30 lineto stroke
showpage
%%EOF
"""


def content_of(picture, kind):
    stream = io.BytesIO()
    picture.save(stream, kind)
    return stream.getvalue()


def declared(width, height):
    """Return a PNG file of a few bytes that declares any size."""

    def chunk(kind, data):
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + data + chunk(b"IEND", b"")


def test_postscript_named_jpg_does_not_reach_ghostscript(tmp_path, monkeypatch):
    program, ran = tmp_path / "gs", tmp_path / "ran"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    # Pillow remembers whether there is a Ghostscript.
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", "gs")
    path = tmp_path / "harmless.jpg"
    path.write_bytes(EPS)
    with pytest.raises(ValueError, match=r"harmless\.jpg cannot be read: it is an EPS"):
        open_picture(path)
    assert not ran.exists()
    if os.name == "posix":  # the test notices Ghostscript
        with contextlib.suppress(Exception), Image.open(path) as image:
            image.load()
        assert ran.exists()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_untrusted_picture_is_read_like_a_file(kind, tmp_path):
    content = content_of(scene(), kind)
    path = tmp_path / "picture"
    path.write_bytes(content)
    picture = open_picture(UntrustedPicture(content, "picture", 2400))
    np.testing.assert_array_equal(np.asarray(picture), np.asarray(open_picture(path)))


@pytest.mark.parametrize("kind", ["PPM", "TGA", "ICO"])
def test_untrusted_picture_of_a_rare_format_is_not_read(kind):
    picture = UntrustedPicture(content_of(scene(), kind), "picture.png", 10**6)
    with pytest.raises(ValueError, match=r"picture\.png cannot be read: it is not a"):
        open_picture(picture)


@pytest.mark.parametrize("size", [(61, 40), (20_000, 20_000)])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_untrusted_picture_over_the_limit_is_not_decoded(size, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    picture = UntrustedPicture(declared(*size), "large.png", 2400)
    with pytest.raises(ValueError, match=r"large\.png cannot be read: it has [\d,]+ ×"):
        open_picture(picture)
