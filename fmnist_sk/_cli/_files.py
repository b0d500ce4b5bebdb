"""Files that the commands read and write: data sets, images and models."""

from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .._images import read_rows
from .._pictures import shown_name
from ..datasets import (
    CLASS_NAMES,
    fetch_fashion_mnist,
    load_fashion_mnist_sample,
    open_rows,
)
from . import CommandError

_BUILT_IN = {
    "fashion-mnist": fetch_fashion_mnist,
    "sample": load_fashion_mnist_sample,
}
# Rows of a memory map that are in memory at once.
_ROWS_AT_ONCE = 4096
# Options for folders of pictures, with their defaults.
_FOLDER_OPTIONS = {
    "image_size": (None, "--image-size"),
    "color": (False, "--color"),
    "mode": (None, "--mode"),
    "convert": (True, "--no-convert"),
    "white": (255.0, "--white"),
    "skip_broken": (False, "--skip-broken"),
}
_ARRAYS = (".npy", ".npz", ".csv")


class LabelledImages(NamedTuple):
    """Images, their labels and, if known, the names of the classes."""

    X: np.ndarray
    y: np.ndarray
    class_names: tuple | None = None


@contextmanager
def reading(path):
    """Turn any error about a user's file into a `CommandError` that names the file."""
    try:
        yield
    except CommandError:
        raise
    except Exception as error:  # parsers and unpicklers raise anything
        raise CommandError(f"{shown_name(path)}: {reason(path, error)}") from error


def reason(path, error):
    """Return why a file cannot be used, without the name of the file.

    Parameters
    ----------
    path : str
        Path of the file.
    error : Exception
        Error that was raised for it.

    Returns
    -------
    reason : str
        Text that can follow the name of the file and a colon.
    """
    if isinstance(error, FileNotFoundError):
        return "no such file"
    text = getattr(error, "strerror", None) or " ".join(str(error).split())
    name = shown_name(path)
    # A pipeline calls the only picture X[0], and a command names the file itself.
    text = text.removeprefix("X[0]: ").removeprefix(f"{name}: ")
    if text.startswith(f"{name} cannot be read: "):
        return text.removeprefix(f"{name} ")
    if isinstance(error, CommandError):
        return text
    return f"cannot be read ({text or type(error).__name__})"


def rows_of(X, rows):
    """Return some rows of an array, in a temporary file if the array is in a file.

    Parameters
    ----------
    X : ndarray or memmap of shape (n, ...)
        Images.
    rows : ndarray of int
        Indices of the rows.

    Returns
    -------
    part : ndarray or memmap of shape (len(rows), ...)
        Rows.
    """
    if not isinstance(X, np.memmap):
        return X[rows]
    shape = (len(rows), *X.shape[1:])
    X = X.reshape(len(X), -1)
    with open_rows(True, (len(rows), X.shape[1])) as part:
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            part.append(read_rows(X, rows[first : first + _ROWS_AT_ONCE]))
        return part.finish().reshape(shape)


def as_pixels(X):
    """Convert integers from 0 to 255 to uint8, which takes an eighth of the memory."""
    X = np.asarray(X)
    if X.dtype.kind in "iu" and X.size and X.min() >= 0 and X.max() <= 255:
        return X.astype(np.uint8, copy=False)
    return X


def is_picture_folder(source):
    """Return whether the option --data is a folder of pictures."""
    return source not in _BUILT_IN and Path(source).is_dir()


def check_folder_options(args):
    """Check that no option for folders of pictures is given for other data."""
    for name, (default, option) in _FOLDER_OPTIONS.items():
        if getattr(args, name, default) != default:
            raise CommandError(
                f"{option} is for folders of pictures. --data is {args.data!r}.",
                status=2,
            )


def load_parts(source, target, **options):
    """Load labelled images for training and, if they are separate, for testing.

    Parameters
    ----------
    source : str
        Name of the data, "fashion-mnist" or "sample", or path of an npz or CSV file.
    target : str
        Name of the column of labels in a CSV file.
    **options : dict
        Arguments of the loader of a built-in data set.

    Returns
    -------
    train, test : LabelledImages or None
        Images of each part, None for a part that the file does not have. A file that is
        not divided counts as `train`.
    """
    if source in _BUILT_IN:
        return tuple(
            LabelledImages(
                *_BUILT_IN[source](subset=part, return_X_y=True, **options),
                CLASS_NAMES,
            )
            for part in ("train", "test")
        )
    suffix = Path(source).suffix.lower()
    if suffix not in (".npz", ".csv"):
        raise CommandError(
            "--data must be fashion-mnist, sample, a folder of pictures, or a .npz or "
            f".csv file. Got {source!r} instead.",
            status=2,
        )
    with reading(source):
        if suffix == ".csv":
            frame = _read_csv(source)
            if target not in frame:
                raise CommandError(
                    f"{source}: no column {target!r}. Set --target to the column of "
                    f"labels. The columns are {_shortened(frame.columns)}."
                )
            X = frame.drop(columns=target).to_numpy()
            return LabelledImages(as_pixels(X), frame[target].to_numpy()), None
        with np.load(source, allow_pickle=False) as arrays:
            train, test = (
                LabelledImages(as_pixels(arrays[X]), arrays[y])
                if X in arrays and y in arrays
                else None
                for X, y in (
                    ("x_train", "y_train") if "x_train" in arrays else ("X", "y"),
                    ("x_test", "y_test"),
                )
            )
            if train is None and test is None:
                raise CommandError(
                    f"{source}: must contain arrays X and y, or x_train and y_train. "
                    f"The arrays are {_shortened(arrays)}."
                )
            return train, test


def is_array_file(path):
    """Return whether a file contains an array of many images, not a picture."""
    return Path(path).suffix.lower() in _ARRAYS


def load_array(path, image_shape, target):
    """Read the images of an npy, npz or CSV file.

    Parameters
    ----------
    path : str
        Path of the file.
    image_shape : tuple of int
        Shape of one image, `(height, width, channels)`. An array of this shape is one
        image.
    target : str
        Name of the column of labels in a CSV file, which is ignored.

    Returns
    -------
    X : ndarray of shape (n, ...)
        Images as in the file.
    """
    with reading(path):
        if Path(path).suffix.lower() == ".csv":
            frame = _read_csv(path)
            X = frame.drop(columns=target, errors="ignore").to_numpy()
        else:
            X = np.load(path, allow_pickle=False)
            if Path(path).suffix.lower() == ".npz":
                with X as arrays:
                    X = _only_images(path, arrays)
    one = X.shape in (image_shape, image_shape[:2])
    return as_pixels(X[np.newaxis] if one else X)


def _read_csv(path):
    import pandas as pd

    return pd.read_csv(path)


def _only_images(path, arrays):
    for name in ("X", "x_test"):
        if name in arrays:
            return arrays[name]
    if len(arrays) != 1:
        raise CommandError(
            f"{path}: must contain an array X or x_test, or a single array. The arrays "
            f"are {_shortened(arrays)}."
        )
    return arrays[next(iter(arrays))]


def _shortened(names):
    names = list(map(str, names))
    return ", ".join(names if len(names) <= 6 else [*names[:3], "...", names[-1]])


def check_folder(path):
    """Check, before long work, that the folder of a file exists."""
    folder = Path(path).parent
    if not folder.is_dir():
        raise CommandError(f"{path}: no such folder: {folder}")


def check_figure_path(path):
    """Check, before long work, that matplotlib can write a figure to a path."""
    from matplotlib.figure import Figure

    check_folder(path)
    known = Figure().canvas.get_supported_filetypes()
    if Path(path).suffix.lower().removeprefix(".") not in known:
        raise CommandError(
            f"{path}: the name of a figure must end in .png, .pdf or .svg.", status=2
        )
