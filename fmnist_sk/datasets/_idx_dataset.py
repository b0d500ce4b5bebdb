"""Data sets of four IDX files, each described by one entry, and their loader."""

import os
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal

import numpy as np
from sklearn.utils import Bunch

from .._compat import Interval, StrOptions, validate_params
from ._bunch import make_bunch
from ._files import IdxFile, download, find_and_read

Subset = Literal["train", "test", "all"]


@dataclass(frozen=True)
class IdxDataset:
    """Description of a data set in the format of MNIST.

    Attributes
    ----------
    name : str
        Name of the data set in messages.
    train, test : tuple of two IdxFile
        Files with the images and the labels of each part. Labels are 0, 1, ….
    class_names : tuple of str
        Names of the classes, in the order of their labels.
    description : str
        Text for `DESCR`: source, authors, licence.
    mirrors : tuple of str
        URLs of folders with the packed files, tried in this order. Without mirrors,
        nothing can be downloaded.
    homepage : str
        URL of a page that offers the files.
    variable : str
        Environment variable that names a folder with the files.
    cache_folder : str
        Name of the folder in scikit-learn's data folder, to which files are downloaded.
    keras_folder : str or None, default=None
        Name of the folder in Keras's cache, if Keras has the data set.
    debian_package : str or None, default=None
        Name of Debian's package of the data set, if there is one.
    debian_folder : str or None, default=None
        Folder in which that package puts the files.
    alternative : str, default=""
        Sentence of the error message for users who cannot get the files.

    Raises
    ------
    ValueError
        If the shapes of the files are inconsistent.
    """

    name: str
    train: tuple[IdxFile, IdxFile]
    test: tuple[IdxFile, IdxFile]
    class_names: tuple[str, ...]
    description: str
    mirrors: tuple[str, ...]
    homepage: str
    variable: str
    cache_folder: str
    keras_folder: str | None = None
    debian_package: str | None = None
    debian_folder: str | None = None
    alternative: str = ""

    def __post_init__(self):
        for images, labels in (self.train, self.test):
            if images.shape[1:] != self.image_shape or labels.shape != images.shape[:1]:
                raise ValueError(
                    f"The files of {self.name} have inconsistent shapes: "
                    f"{images.name} has shape {images.shape}, {labels.name} has shape "
                    f"{labels.shape}, and one image has shape {self.image_shape}."
                )

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape of one image, as in the files."""
        return self.train[0].shape[1:]

    @property
    def n_pixels(self) -> int:
        """Number of values of one image."""
        return int(np.prod(self.image_shape))

    def parts(self, subset: Subset) -> list[tuple[IdxFile, IdxFile]]:
        """Return the pairs of files of a subset."""
        return [getattr(self, part) for part in part_names(subset)]

    def homes(self, data_home: str | os.PathLike[str] | None) -> list[Path]:
        """Return the folders to search, the user's folder first."""
        keras = os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")
        folders = [*self._named_homes(data_home), self.debian_folder]
        if self.keras_folder is not None:
            folders.append(os.path.join(keras, "datasets", self.keras_folder))
        return [*_expand(folders), self._cache()]

    def download_home(self, data_home: str | os.PathLike[str] | None) -> Path:
        """Return the folder to download to."""
        return next(iter(_expand(self._named_homes(data_home))), self._cache())

    def _named_homes(self, data_home):
        return [data_home, os.environ.get(self.variable)]

    def _cache(self):
        # sklearn.datasets.get_data_home would create the folder, which fails in a
        # read-only home even if the data lie elsewhere.
        folder = os.environ.get("SCIKIT_LEARN_DATA") or os.path.join(
            "~", "scikit_learn_data"
        )
        return Path(os.path.expanduser(folder)) / self.cache_folder

    def missing_message(self, name: str, homes: list[Path], reason: str) -> str:
        """Return an error message that says how to get the files."""
        ways = [
            f" put the four files from {self.homepage} into a folder and name that "
            f"folder in data_home or in the environment variable {self.variable}"
        ]
        if self.debian_package is not None:
            package = f"`apt-get install {self.debian_package}`"
            ways.insert(0, f" install Debian's package with {package}")
        if self.mirrors:
            ways.append(
                f", with access to {self.mirrors[0]}, set download_if_missing=True"
            )
        number = ("is one way", "are two ways", "are three ways")[len(ways) - 1]
        return (
            f"{self.name} was not found: no {name}.gz in "
            f"{', '.join(map(str, homes))}, and {reason}. There {number} to get it:"
            f"{'; or'.join(ways)}. {self.alternative}"
        ).rstrip()


def _expand(folders):
    return [Path(os.path.expanduser(folder)) for folder in folders if folder]


def part_names(subset: Subset) -> tuple[str, ...]:
    """Return the names of the parts of a subset, in order."""
    return ("train", "test") if subset == "all" else (subset,)


@validate_params(
    {
        "dataset": [IdxDataset],
        "data_home": [str, os.PathLike, None],
        "subset": [StrOptions({"train", "test", "all"})],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
        "download_if_missing": ["boolean"],
        "n_retries": [Interval(Integral, 0, None, closed="left")],
        "delay": [Interval(Real, 0.0, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def fetch_idx_dataset(
    dataset: IdxDataset,
    *,
    data_home: str | os.PathLike[str] | None = None,
    subset: Subset = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
    download_if_missing: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Bunch | tuple[Any, Any]:
    """Load a data set of IDX files, downloading it if necessary.

    Parameters
    ----------
    dataset : IdxDataset
        Description of the data set.
    data_home : str or path-like, default=None
        Folder to search first and to download to.
    subset : {"train", "test", "all"}, default="train"
        Part of the images to load.
    return_X_y, as_frame : bool, default=False
        Form of the result, as in :func:`fetch_fashion_mnist`.
    download_if_missing : bool, default=True
        Whether to download a file that is in none of the folders.
    n_retries : int, default=3
        Number of further attempts if no mirror has returned the file.
    delay : float, default=1.0
        Time to wait before each further attempt, in seconds.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch` or tuple
        Images and labels in the form that :func:`fetch_fashion_mnist` describes.

    Raises
    ------
    FileNotFoundError
        If a file is in none of the folders and cannot or may not be downloaded.
    OSError
        If a file is damaged.

    See Also
    --------
    fetch_fashion_mnist : Load Fashion-MNIST.
    """
    homes, download_home = dataset.homes(data_home), dataset.download_home(data_home)
    pairs = dataset.parts(subset)
    n_images = sum(images.shape[0] for images, _ in pairs)
    data = np.empty((n_images, dataset.n_pixels), dtype=np.uint8)
    labels = np.empty(n_images, dtype=np.uint8)
    start = 0
    for pair in pairs:
        stop = start + pair[0].shape[0]
        for file, out in zip(pair, (data[start:stop], labels[start:stop]), strict=True):
            if find_and_read(file, out, homes, dataset.name):
                continue
            cause, reason = None, "download_if_missing is False"
            if not dataset.mirrors:
                reason = "it has no mirror"
            elif download_if_missing:
                try:
                    download(
                        file, out, download_home, dataset.mirrors, n_retries, delay
                    )
                    continue
                except OSError as error:
                    cause = error
                    reason = f"the download to {download_home} failed ({error})"
            message = dataset.missing_message(file.name, homes, reason)
            raise FileNotFoundError(message) from cause
        start = stop
    return make_bunch(
        data,
        labels.astype(np.int64),
        shape=dataset.image_shape,
        target_names=dataset.class_names,
        description=dataset.description,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )
