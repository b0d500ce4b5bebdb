"""Fashion-MNIST as Bunches: the whole, and a small sample within the package."""

import os
from importlib import resources
from numbers import Integral, Real
from typing import Any, Literal, overload

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions

from .._compat import validate_params
from ._files import FILES, data_homes, load

#: The names of the ten classes, in the order of their labels 0 to 9.
CLASS_NAMES: tuple[str, ...] = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

_Subset = Literal["train", "test", "all"]


def _make_bunch(data, target, *, return_X_y, as_frame):
    """Give images and labels the form that the user asked for."""
    images = data.reshape(-1, 28, 28)
    feature_names = [f"pixel_{row}_{col}" for row in range(28) for col in range(28)]
    frame = None
    if as_frame:
        import pandas as pd

        data = pd.DataFrame(data, columns=feature_names, copy=False)
        target = pd.Series(target, name="target", copy=False)
    if return_X_y:
        return data, target
    if as_frame:
        frame = pd.concat([data, target], axis=1)
    descr = resources.files("fmnist_sk").joinpath("_data", "fashion_mnist.rst")
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        images=images,
        feature_names=feature_names,
        target_names=np.array(CLASS_NAMES),
        DESCR=descr.read_text(encoding="utf-8"),
    )


def _parts(subset):
    return ("train", "test") if subset == "all" else (subset,)


@overload
def fetch_fashion_mnist(
    *,
    data_home: str | os.PathLike[str] | None = ...,
    subset: _Subset = ...,
    return_X_y: Literal[False] = ...,
    as_frame: bool = ...,
    download_if_missing: bool = ...,
    n_retries: int = ...,
    delay: float = ...,
) -> Bunch: ...
@overload
def fetch_fashion_mnist(
    *,
    data_home: str | os.PathLike[str] | None = ...,
    subset: _Subset = ...,
    return_X_y: Literal[True],
    as_frame: bool = ...,
    download_if_missing: bool = ...,
    n_retries: int = ...,
    delay: float = ...,
) -> tuple[Any, Any]: ...
@validate_params(
    {
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
def fetch_fashion_mnist(
    *,
    data_home: str | os.PathLike[str] | None = None,
    subset: _Subset = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
    download_if_missing: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Bunch | tuple[Any, Any]:
    """Load Fashion-MNIST (classification), downloading it if necessary.

    =================   =================
    Classes                            10
    Training images                 60000
    Test images                     10000
    Dimensionality          784 (28 x 28)
    Features            integers 0 to 255
    =================   =================

    Each of its four files is taken from the first of these folders that has it,
    as `train-images-idx3-ubyte.gz` or, unpacked, `train-images-idx3-ubyte`:

    1. `data_home`, if it is given;
    2. the one named by the environment variable `FMNIST_SK_DATA`, if it is set;
    3. `/usr/share/datasets/fashion-mnist`, where Debian's package
       `dataset-fashion-mnist` puts them;
    4. Keras's cache, `~/.keras/datasets/fashion-mnist` (or under `KERAS_HOME`);
    5. `~/scikit_learn_data/fashion_mnist` (or under `SCIKIT_LEARN_DATA`).

    If none has it, it is downloaded into the first of 1, 2 and 5 that applies.
    Wherever a file comes from, its content must have the known SHA-256.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder to search first and to download to. By default there is none but
        those listed above.

    subset : {"train", "test", "all"}, default="train"
        The 60,000 training images, the 10,000 test images, or both, the training
        images first.

    return_X_y : bool, default=False
        If True, return `(data, target)` instead of a Bunch.

    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame, `target` a Series, and the Bunch has
        a `frame` of both.

    download_if_missing : bool, default=True
        If False, raise a FileNotFoundError if a file is in none of the folders.

    n_retries : int, default=3
        How often to try again when a file cannot be had from any mirror.

    delay : float, default=1.0
        Seconds to wait before trying again.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of shape (n_images, 784), dtype uint8
            One image a row, its pixels row by row, 0 (background) to 255. A
            DataFrame if `as_frame` is True.
        target : ndarray of shape (n_images,), dtype int64
            The labels, 0 to 9. A Series named "target" if `as_frame` is True.
        images : ndarray of shape (n_images, 28, 28), dtype uint8
            The images again, in the same memory as `data`.
        frame : DataFrame of shape (n_images, 785)
            `data` and `target` together. None unless `as_frame` is True.
        feature_names : list of length 784
            "pixel_0_0", "pixel_0_1", ..., row before column.
        target_names : ndarray of shape (10,)
            The names of the classes, `CLASS_NAMES` as an array.
        DESCR : str
            Description of the data set.

    (data, target) : tuple if `return_X_y` is True
        Images as rows and their labels, as above.

    Raises
    ------
    FileNotFoundError
        If a file is in none of the folders and cannot or may not be downloaded.
    OSError
        If a file is truncated or altered. It is named, and no other is read in its
        place.

    See Also
    --------
    load_fashion_mnist_sample : A small part of it that comes with the package.

    Examples
    --------
    >>> from fmnist_sk import fetch_fashion_mnist
    >>> fashion = fetch_fashion_mnist()  # doctest: +SKIP
    >>> fashion.images.shape  # doctest: +SKIP
    (60000, 28, 28)
    >>> X_test, y_test = fetch_fashion_mnist(
    ...     subset="test", return_X_y=True
    ... )  # doctest: +SKIP
    """
    homes, download_home = data_homes(data_home)
    files = [FILES[part] for part in _parts(subset)]
    n_images = sum(images.shape[0] for images, _ in files)
    data = np.empty((n_images, 28 * 28), dtype=np.uint8)
    labels = np.empty(n_images, dtype=np.uint8)
    start = 0
    for pair in files:
        stop = start + pair[0].shape[0]
        for file, out in zip(pair, (data, labels), strict=True):
            load(
                file,
                out[start:stop],
                homes,
                download_home,
                download_if_missing,
                n_retries,
                delay,
            )
        start = stop
    return _make_bunch(
        data, labels.astype(np.int64), return_X_y=return_X_y, as_frame=as_frame
    )


@overload
def load_fashion_mnist_sample(
    *,
    subset: _Subset = ...,
    return_X_y: Literal[False] = ...,
    as_frame: bool = ...,
) -> Bunch: ...
@overload
def load_fashion_mnist_sample(
    *,
    subset: _Subset = ...,
    return_X_y: Literal[True],
    as_frame: bool = ...,
) -> tuple[Any, Any]: ...
@validate_params(
    {
        "subset": [StrOptions({"train", "test", "all"})],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_fashion_mnist_sample(
    *, subset: _Subset = "train", return_X_y: bool = False, as_frame: bool = False
) -> Bunch | tuple[Any, Any]:
    """Load a small, balanced part of Fashion-MNIST that comes with the package.

    Of each class there are 300 images of the training set and 100 of the test set,
    drawn at random, in random order. Nothing is searched for or downloaded.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The 3,000 images from the training set, the 1,000 from the test set, or
        both, those for training first.

    return_X_y : bool, default=False
        If True, return `(data, target)` instead of a Bunch.

    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame, `target` a Series, and the Bunch has
        a `frame` of both.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        The same attributes as :func:`fetch_fashion_mnist` gives.

    (data, target) : tuple if `return_X_y` is True
        The arrays `data` of shape (n_images, 784), dtype uint8, and `target` of
        shape (n_images,), dtype int64.

    See Also
    --------
    fetch_fashion_mnist : The whole data set.

    Examples
    --------
    >>> from fmnist_sk import load_fashion_mnist_sample
    >>> sample = load_fashion_mnist_sample()
    >>> sample.images.shape
    (3000, 28, 28)
    >>> X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)
    >>> X_test.shape, X_test.dtype
    ((1000, 784), dtype('uint8'))
    """
    path = resources.files("fmnist_sk").joinpath("_data", "fashion_mnist_sample.npz")
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        images = [arrays[f"{part}_images"] for part in _parts(subset)]
        labels = [arrays[f"{part}_labels"] for part in _parts(subset)]
    return _make_bunch(
        np.concatenate(images).reshape(-1, 28 * 28),
        np.concatenate(labels).astype(np.int64),
        return_X_y=return_X_y,
        as_frame=as_frame,
    )
