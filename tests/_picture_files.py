"""Folders with picture files, for the tests of loading them."""

import numpy as np
from PIL import Image


def scene(height=60, width=40):
    """Return a smooth colour picture that no flip or rotation leaves unchanged."""
    down, right = np.indices((height, width)) / [[[height]], [[width]]]
    pixels = 255 * np.stack([right, down, (1 - right) * down], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8))


def write(folder, files):
    """Write files into a folder and return its path as a str.

    Parameters
    ----------
    folder : Path
        Folder.
    files : dict
        Contents, with relative paths as keys: a picture, bytes, or a function of the
        path.
    """
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif callable(content):
            content(path)
        else:
            content.save(path)
    return str(folder)


def plain(value, size=(4, 4)):
    """Return a grey picture of one value."""
    return Image.new("L", size, value)


def three_classes(n_images=6):
    """Return the files of three classes, whose images have values of their own."""
    return {
        f"{name}/{number:03}.png": plain(80 * label + number)
        for label, name in enumerate(("bag", "coat", "dress"))
        for number in range(n_images)
    }
