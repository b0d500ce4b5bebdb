"""Files that the commands read and write: data sets, images and models."""

import math
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
            y = frame[target]
            if y.isna().any():
                raise CommandError(
                    f"{source}: the column {target!r} has no label in "
                    f"{y.isna().sum()} of {len(y)} rows."
                )
            return _labelled(source, _pixels(source, frame, target), y.to_numpy()), None
        with _load_arrays(source) as arrays:
            if isinstance(arrays, np.ndarray):
                raise CommandError(
                    f"{source}: is a single array. Pass an archive of named arrays, as "
                    "numpy.savez writes it."
                )
            train, test = (
                _labelled(source, _member(source, arrays, X), arrays[y], X, y)
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


def _labelled(source, X, y, name_of_X="X", name_of_y="y"):
    """Check images and labels, and return them together."""
    y = _checked_array(source, y, name_of_y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise CommandError(
            f"{source}: {name_of_y} must contain one label per image. Its shape is "
            f"{y.shape}."
        )
    if y.dtype.kind not in "biufUOM":
        raise CommandError(
            f"{source}: {name_of_y} must contain numbers or text. Its dtype is "
            f"{y.dtype}. Convert it, for example with y.astype(str)."
        )
    if X.ndim not in (2, 3, 4) or len(X) != len(y):
        raise CommandError(
            f"{source}: {name_of_X} must contain one image for each of the {len(y)} "
            f"labels in {name_of_y}. Its shape is {X.shape}."
        )
    if X.size == 0:
        raise CommandError(f"{source}: contains no images. The shape is {X.shape}.")
    return LabelledImages(as_pixels(X), y)


def _pixels(source, frame, target):
    """Return the columns of pixels of a DataFrame."""
    frame = frame.drop(columns=target, errors="ignore")
    text = frame.columns[[kind.kind not in "biuf" for kind in frame.dtypes]]
    if len(text) and len(frame):
        raise CommandError(
            f"{source}: the columns of pixels must contain numbers. These columns "
            f"contain text: {_shortened(text)}."
        )
    n_others = frame.shape[1] - 1
    side = math.isqrt(max(0, n_others))
    if (
        side > 1
        and side * side == n_others
        and len(frame)
        and np.array_equal(frame.iloc[:, 0], np.arange(len(frame)) + frame.iat[0, 0])
        and frame.iat[0, 0] in (0, 1)
    ):
        raise CommandError(
            f"{source}: the column {frame.columns[0]!r} counts the rows, and the other "
            f"{n_others} columns are the pixels of {side} × {side} images. Remove this "
            "column. To save a DataFrame without it, use to_csv(index=False)."
        )
    return frame.to_numpy()


@contextmanager
def _load_arrays(path):
    """Open an npy or npz file: an array, or an archive that reads arrays on demand."""
    # NumPy leaves a damaged archive open if it opens the file itself.
    with open(path, "rb") as file:
        yield np.load(file, allow_pickle=False)


def _member(path, arrays, name):
    """Return an array of numbers from an npz file."""
    return _checked_array(path, arrays[name], name, numbers=True)


def _checked_array(path, array, name, *, numbers=False):
    if not isinstance(array, np.ndarray):
        raise CommandError(f"{shown_name(path)}: {name} is not a NumPy array.")
    if numbers and array.dtype.kind not in "biuf":
        raise CommandError(
            f"{shown_name(path)}: {name} must contain numbers. Its dtype is "
            f"{array.dtype}."
        )
    return array


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
            X = _pixels(path, _read_csv(path), target)
        else:
            with _load_arrays(path) as arrays:
                is_archive = not isinstance(arrays, np.ndarray)
                X = _only_images(path, arrays) if is_archive else arrays
            X = _checked_array(path, X, "the array", numbers=True)
            if X.ndim < 2:
                raise CommandError(
                    f"{shown_name(path)}: must contain images, with shape (n, pixels), "
                    "(n, height, width) or (n, height, width, channels). The shape is "
                    f"{X.shape}."
                )
    one = X.shape in (image_shape, image_shape[:2])
    return as_pixels(X[np.newaxis] if one else X)


def _read_csv(path):
    import pandas as pd

    return pd.read_csv(path)


def _only_images(path, arrays):
    for name in ("X", "x_test"):
        if name in arrays:
            return _member(path, arrays, name)
    if len(arrays) != 1:
        raise CommandError(
            f"{path}: must contain an array X or x_test, or a single array. The arrays "
            f"are {_shortened(arrays)}."
        )
    return _member(path, arrays, next(iter(arrays)))


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
