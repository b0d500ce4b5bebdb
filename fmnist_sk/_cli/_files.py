"""Files that the commands read and write: data sets, images and models."""

from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..datasets import CLASS_NAMES, fetch_fashion_mnist, load_fashion_mnist_sample
from . import CommandError

_BUILT_IN = {
    "fashion-mnist": fetch_fashion_mnist,
    "sample": load_fashion_mnist_sample,
}
_ARRAYS = (".npy", ".npz", ".csv")
# Weights of red, green and blue in grey, from ITU-R BT.601, as in most programs.
_LUMA = np.array([0.299, 0.587, 0.114])


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
    except FileNotFoundError:
        raise CommandError(f"{path}: no such file") from None
    except Exception as error:  # parsers and unpicklers raise anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CommandError(f"{path}: cannot be read ({reason})") from error


def as_pixels(X):
    """Convert integers from 0 to 255 to uint8, which takes an eighth of the memory."""
    X = np.asarray(X)
    if X.dtype.kind in "iu" and X.size and X.min() >= 0 and X.max() <= 255:
        return X.astype(np.uint8, copy=False)
    return X


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
            "--data must be fashion-mnist, sample, or a .npz or .csv file. Got "
            f"{source!r} instead.",
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


def load_images(path, image_shape, white, target):
    """Read the images of one file.

    Parameters
    ----------
    path : str
        Path of a picture, or of an npy, npz or CSV file of images.
    image_shape : tuple of int
        Shape that a picture must have, `(height, width, channels)`.
    white : float
        Value of white in the images that the model was trained on. Pictures are scaled
        to it.
    target : str
        Name of the column of labels in a CSV file, which is ignored.

    Returns
    -------
    names : list of str
        Names of the images.
    X : ndarray of shape (n, height, width, channels), or as in the file
        Images.
    """
    suffix = Path(path).suffix.lower()
    with reading(path):
        if suffix not in _ARRAYS:
            return [path], _read_picture(path, image_shape, white)[np.newaxis]
        if suffix == ".csv":
            frame = _read_csv(path)
            X = frame.drop(columns=target, errors="ignore").to_numpy()
        else:
            X = np.load(path, allow_pickle=False)
            if suffix == ".npz":
                with X as arrays:
                    X = _only_images(path, arrays)
    one = X.shape in (image_shape, image_shape[:2])
    X = as_pixels(X[np.newaxis] if one else X)
    return [f"{path}[{i}]" for i in range(len(X))], X


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


def _read_picture(path, image_shape, white):
    """Read a picture as pixels of the model's shape, from 0 (black) to `white`."""
    from matplotlib.image import imread

    picture = imread(path)
    if picture.dtype.kind != "f":  # PNG is read as 0 to 1, other formats as integers
        picture = picture / np.iinfo(picture.dtype).max
    height, width, channels = image_shape
    if picture.shape[:2] != (height, width):
        raise CommandError(
            f"{path}: is {picture.shape[1]} pixels wide and {picture.shape[0]} high, "
            f"but the model expects images {width} pixels wide and {height} high. "
            "Resize the image."
        )
    if picture.ndim == 2:
        picture = picture[..., np.newaxis].repeat(3, axis=-1)
    if picture.shape[-1] == 4:  # transparent pixels are black, the background
        picture = picture[..., :3] * picture[..., 3:]
    if channels == 1:
        picture = (picture @ _LUMA)[..., np.newaxis]
    elif channels != 3:
        raise CommandError(
            f"{path}: the model expects images of {channels} channels. Pass them in a "
            ".npy or .npz file."
        )
    if white == 255:
        return (255 * picture).round().astype(np.uint8)
    return (white * picture).astype(np.float32)


def _shortened(names):
    names = list(map(str, names))
    return ", ".join(names if len(names) <= 6 else [*names[:3], "...", names[-1]])


def check_folder(path):
    """Check, before long work, that the folder of a file exists."""
    folder = Path(path).parent
    if not folder.is_dir():
        raise CommandError(f"{path}: no such folder: {folder}")
