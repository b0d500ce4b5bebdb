"""Images of a folder with one folder per class."""

import os
import warnings
from collections.abc import Iterable
from numbers import Integral
from typing import Any, Literal, overload

import numpy as np
from sklearn.utils import Bunch

from .._compat import StrOptions, validate_params
from .._images import check_image_shape
from .._pictures import MODES, shown_name
from ._bunch import make_bunch
from ._conversion import convert_files
from ._folders import list_pictures
from ._rows import open_rows

# Number of skipped files that the warning names.
_NAMES_SHOWN = 3

_CHANNELS = {"grayscale": 1, "rgb": 3}


@overload
def load_image_folder(
    path: str | os.PathLike[str],
    *,
    image_shape: tuple[int, ...] = ...,
    color_mode: Literal["grayscale", "rgb"] = ...,
    mode: Literal["resize", "fashion-mnist"] = ...,
    categories: Iterable[str] | None = ...,
    memmap: bool | str | os.PathLike[str] = ...,
    on_error: Literal["raise", "skip"] = ...,
    n_jobs: int | None = ...,
    verbose: int = ...,
    return_X_y: Literal[False] = ...,
    as_frame: bool = ...,
) -> Bunch: ...
@overload
def load_image_folder(
    path: str | os.PathLike[str],
    *,
    image_shape: tuple[int, ...] = ...,
    color_mode: Literal["grayscale", "rgb"] = ...,
    mode: Literal["resize", "fashion-mnist"] = ...,
    categories: Iterable[str] | None = ...,
    memmap: bool | str | os.PathLike[str] = ...,
    on_error: Literal["raise", "skip"] = ...,
    n_jobs: int | None = ...,
    verbose: int = ...,
    return_X_y: Literal[True],
    as_frame: bool = ...,
) -> tuple[Any, Any]: ...
@validate_params(
    {
        "path": [str, os.PathLike],
        "image_shape": ["array-like"],
        "color_mode": [StrOptions(set(_CHANNELS))],
        "mode": [StrOptions(set(MODES))],
        "categories": ["array-like", None],
        "memmap": ["boolean", str, os.PathLike],
        "on_error": [StrOptions({"raise", "skip"})],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_image_folder(
    path: str | os.PathLike[str],
    *,
    image_shape: tuple[int, ...] = (28, 28),
    color_mode: Literal["grayscale", "rgb"] = "grayscale",
    mode: Literal["resize", "fashion-mnist"] = "resize",
    categories: Iterable[str] | None = None,
    memmap: bool | str | os.PathLike[str] = "auto",
    on_error: Literal["raise", "skip"] = "raise",
    n_jobs: int | None = None,
    verbose: int = 0,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load image files from a folder with one folder per class.

    The names of the folders are the names of the classes::

        photos/
            bag/
                1.jpg
                2.png
            dress/
                1.jpg
                summer/
                    2.jpg

    The label of a class is the position of its folder in the sorted names. Images are
    sorted by class, then by path, so that the result is the same on every machine.
    Shuffle the rows before you split them without a random state.

    Parameters
    ----------
    path : str or path-like
        Folder that contains the class folders.

    image_shape : (height, width) or (height, width, channels), default=(28, 28)
        Size of the images in the result. The number of channels, if given, must be that
        of `color_mode`.

    color_mode : {"grayscale", "rgb"}, default="grayscale"
        Colours of the images in the result.

    mode : {"resize", "fashion-mnist"}, default="resize"
        Conversion of the files:

        - "resize" keeps the aspect ratio of a picture and fills the rest of the image
          with the median colour of the picture's border. Transparent pixels are white.
        - "fashion-mnist" converts a photograph of one object as Fashion-MNIST was made:
          the object is light on black and fills the image. It requires
          `color_mode="grayscale"`.

    categories : list of str, default=None
        Names of the class folders to load, in any order. None stands for all class
        folders.

    memmap : {"auto"}, bool, str or path-like, default="auto"
        Place of the array:

        - False: memory.
        - True: a memory-mapped temporary file. It is deleted when the array is no
          longer used or when the process ends. The environment variable `TMPDIR`
          chooses its folder.
        - "auto": a temporary file if the array has more than 1 GiB, and memory
          otherwise.
        - Path of a `.npy` file: a file that is kept. `np.load(path, mmap_mode="r")`
          opens it again. An existing file is replaced when the new file is complete.

        A memory-mapped array is read-only. :class:`FashionCNNClassifier` reads it in
        parts.

    on_error : {"raise", "skip"}, default="raise"
        Treatment of files that cannot be read. "skip" leaves them out and warns once.

    n_jobs : int, default=None
        Number of threads that convert files, or of processes for 1,000 files or more
        with `mode="fashion-mnist"`. None stands for 1 unless in a
        :obj:`joblib.parallel_config` context, and -1 for all cores. The result does not
        depend on it.

    verbose : int, default=0
        Verbosity. 1 shows the progress.

    return_X_y : bool, default=False
        Whether to return `(data, target)` instead of a Bunch.

    as_frame : bool, default=False
        Whether `data` is a pandas DataFrame and `target` a Series. The Bunch then also
        has a `frame` of both.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray or memmap of shape (n_images, n_pixels), dtype uint8
            One image per row, with its pixels row by row, from 0 to 255. A DataFrame if
            `as_frame` is True.
        target : ndarray of shape (n_images,), dtype int64
            Labels, 0 to n_classes - 1. A Series named "target" if `as_frame` is True.
        images : ndarray of shape (n_images, height, width), dtype uint8
            The same images, sharing the memory of `data`. Colour images have the shape
            (n_images, height, width, 3).
        image_shape : (height, width, channels)
            Shape of one image, for `FashionCNNClassifier(image_shape=...)`.
        frame : DataFrame of shape (n_images, n_pixels + 1)
            `data` and `target` together. None unless `as_frame` is True.
        feature_names : list of length n_pixels
            "pixel_0_0", "pixel_0_1", ..., row before column before channel.
        target_names : ndarray of shape (n_classes,)
            Names of the class folders. Bytes that are not UTF-8 are escaped.
        filenames : ndarray of shape (n_images,)
            Path of each image's file, which starts with `path`.
        DESCR : str
            Description of the data set.

    (data, target) : tuple if `return_X_y` is True
        Images as rows and their labels, as above.

    Raises
    ------
    FileNotFoundError
        If `path` does not exist.
    NotADirectoryError
        If `path` is a file.
    ValueError
        If there are no class folders, if a class folder contains no image files, if
        `categories` contains other names, or if a parameter is invalid. Also if a file
        cannot be read, with `on_error="raise"`, or no file of a class, with "skip". The
        message names the folder or the file.
    OSError
        If there is not enough space for the file of a memory map.

    See Also
    --------
    fetch_fashion_mnist : Load Fashion-MNIST.
    sklearn.datasets.load_files : Load text files from a folder of the same structure.

    Notes
    -----
    Every format that Pillow decodes by itself is read, for instance JPEG, PNG, WebP,
    GIF, TIFF and BMP, and so are the formats of Pillow's plugins. The extension of a
    file decides whether it is an image, and its content decides its format. Other files
    and hidden files are ignored. Links to files are followed, and so are class folders
    that are links. Links to other folders are ignored.

    Only the first frame of an animation is read. Pictures are turned upright according
    to their EXIF orientation, and 16-bit values are scaled to 8 bits. Pictures of more
    pixels than twice `PIL.Image.MAX_IMAGE_PIXELS` are not read.

    Each file is decoded once, and only the converted image is kept. With a memory map,
    loading 200,000 files took 53 MB of memory, most of it for the names of the files.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from fmnist_sk import load_image_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, grey in ("black", 0), ("white", 255):
    ...         (Path(folder) / name).mkdir()
    ...         for number in range(3):
    ...             picture = Image.new("L", (400, 300), grey)
    ...             picture.save(Path(folder) / name / f"{number}.png")
    ...     photos = load_image_folder(folder, image_shape=(20, 20))
    >>> photos.images.shape, photos.images.dtype
    ((6, 20, 20), dtype('uint8'))
    >>> photos.target_names[photos.target]
    array(['black', 'black', 'black', 'white', 'white', 'white'], dtype='<U5')
    """
    height, width, n_channels = _shape(image_shape, color_mode)
    if mode == "fashion-mnist" and n_channels != 1:
        raise ValueError(
            'mode="fashion-mnist" makes grey images, so it requires '
            'color_mode="grayscale". Got color_mode="rgb".'
        )
    path = os.path.expanduser(path)
    pictures = list_pictures(path, categories)
    names = [shown_name(name) for name in pictures]
    sizes = [len(files) for files in pictures.values()]
    target = np.repeat(np.arange(len(names), dtype=np.int64), sizes)
    filenames = np.array([file for files in pictures.values() for file in files])
    del pictures  # much larger than the array
    with open_rows(memmap, (len(target), height * width * n_channels)) as rows:
        kept, errors = convert_files(
            filenames,
            rows,
            (height, width),
            mode=mode,
            n_channels=n_channels,
            skips_errors=on_error == "skip",
            n_jobs=n_jobs,
            verbose=verbose,
        )
        lost = np.bincount(target[kept], minlength=len(names)) == 0
        if lost.any():
            raise ValueError(
                "No file of these class folders can be read: "
                f"{', '.join(repr(names[k]) for k in np.flatnonzero(lost))}. The first "
                f"error is: {errors[0]}"
            )
        data = rows.finish()
    if errors:
        # The caller is behind the decorator that validates the parameters.
        warnings.warn(_skipped(filenames[~kept], len(kept)), UserWarning, stacklevel=3)
        target, filenames = target[kept], filenames[kept]
    return make_bunch(
        data,
        target,
        shape=(height, width) if n_channels == 1 else (height, width, n_channels),
        target_names=names,
        description=_description(
            path, names, target, mode, color_mode, (height, width)
        ),
        return_X_y=return_X_y,
        as_frame=as_frame,
        image_shape=(height, width, n_channels),
        filenames=filenames,
    )


def _shape(image_shape, color_mode):
    """Return the shape of one image as `(height, width, channels)`."""
    height, width, n_channels = check_image_shape(image_shape)
    expected = _CHANNELS[color_mode]
    if len(image_shape) == 3 and n_channels != expected:
        raise ValueError(
            f"image_shape={tuple(image_shape)} has {n_channels} channels, but "
            f"color_mode={color_mode!r} requires {expected}."
        )
    return height, width, expected


def _skipped(filenames, n_files):
    """Return the text of the warning about skipped files."""
    shown = [shown_name(file) for file in filenames[:_NAMES_SHOWN]]
    more = len(filenames) - len(shown)
    return (
        f"{len(filenames):,} of {n_files:,} files cannot be read and were skipped: "
        f"{', '.join(shown)}{f' and {more:,} more' if more else ''}."
    )


def _description(path, names, target, mode, color_mode, size):
    """Return the text of `DESCR`."""
    counts = np.bincount(target, minlength=len(names))
    classes = "\n".join(
        f"- {name}: {count:,} images" for name, count in zip(names, counts, strict=True)
    )
    return (
        f"{len(target):,} images from the folder {shown_name(path)}, converted to "
        f"{size[0]} x {size[1]} pixels with color_mode={color_mode!r} and "
        f"mode={mode!r}.\n\nClasses, in the order of their labels:\n\n{classes}\n"
    )
