"""Fashion-MNIST: the whole data set, and a small sample inside the package."""

import os
from importlib import resources
from numbers import Integral, Real
from typing import Any, Literal, overload

import numpy as np
from sklearn.utils import Bunch

from .._compat import Interval, StrOptions, validate_params
from ._bunch import make_bunch
from ._files import IdxFile
from ._idx_dataset import (
    IdxDataset,
    Subset,
    fetch_idx_dataset,
    part_names,
)

#: Names of the ten classes, in the order of their labels 0 to 9.
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

FASHION_MNIST = IdxDataset(
    name="Fashion-MNIST",
    train=(
        IdxFile(
            "train-images-idx3-ubyte",
            (60_000, 28, 28),
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        ),
        IdxFile(
            "train-labels-idx1-ubyte",
            (60_000,),
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        ),
    ),
    test=(
        IdxFile(
            "t10k-images-idx3-ubyte",
            (10_000, 28, 28),
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        ),
        IdxFile(
            "t10k-labels-idx1-ubyte",
            (10_000,),
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
    class_names=CLASS_NAMES,
    description=resources.files("fmnist_sk")
    .joinpath("_data", "fashion_mnist.rst")
    .read_text(encoding="utf-8"),
    # The last mirror is the authors' own, but it does not support https.
    mirrors=(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    homepage="https://github.com/zalandoresearch/fashion-mnist",
    variable="FMNIST_SK_DATA",
    cache_folder="fashion_mnist",
    keras_folder="fashion-mnist",
    debian_package="dataset-fashion-mnist",
    debian_folder="/usr/share/datasets/fashion-mnist",
    alternative="load_fashion_mnist_sample() gives 4,000 of the images without any of "
    "these.",
)


@overload
def fetch_fashion_mnist(
    *,
    data_home: str | os.PathLike[str] | None = ...,
    subset: Subset = ...,
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
    subset: Subset = ...,
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
    subset: Subset = "train",
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

    The data set has four files. Each file, for instance `train-images-idx3-ubyte.gz` or
    its unpacked form `train-images-idx3-ubyte`, is read from the first of these folders
    that has it:

    1. `data_home`, if it is given;
    2. the folder named by the environment variable `FMNIST_SK_DATA`, if it is set;
    3. `/usr/share/datasets/fashion-mnist`, the folder of Debian's package
       `dataset-fashion-mnist`;
    4. Keras's cache, `~/.keras/datasets/fashion-mnist` (or under `KERAS_HOME`);
    5. `~/scikit_learn_data/fashion_mnist` (or under `SCIKIT_LEARN_DATA`).

    A file that is in none of the folders is downloaded to folder 1, 2 or 5, whichever
    applies first. The SHA-256 of every file is checked.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder to search first and to download to. By default, only the other folders
        are used.

    subset : {"train", "test", "all"}, default="train"
        Images to load: the 60,000 training images, the 10,000 test images, or both,
        training images first.

    return_X_y : bool, default=False
        Whether to return `(data, target)` instead of a Bunch.

    as_frame : bool, default=False
        Whether `data` is a pandas DataFrame and `target` a Series. The Bunch then also
        has a `frame` of both.

    download_if_missing : bool, default=True
        Whether to download a file that is in none of the folders. If False, such a file
        raises a FileNotFoundError.

    n_retries : int, default=3
        Number of further attempts if no mirror has returned the file.

    delay : float, default=1.0
        Time to wait before each further attempt, in seconds.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of shape (n_images, 784), dtype uint8
            One image per row, with its pixels row by row, from 0 (background) to 255.
            A DataFrame if `as_frame` is True.
        target : ndarray of shape (n_images,), dtype int64
            Labels, 0 to 9. A Series named "target" if `as_frame` is True.
        images : ndarray of shape (n_images, 28, 28), dtype uint8
            The same images, sharing the memory of `data`.
        frame : DataFrame of shape (n_images, 785)
            `data` and `target` together. None unless `as_frame` is True.
        feature_names : list of length 784
            "pixel_0_0", "pixel_0_1", ..., row before column.
        target_names : ndarray of shape (10,)
            Names of the classes: `CLASS_NAMES` as an array.
        DESCR : str
            Description of the data set.

    (data, target) : tuple if `return_X_y` is True
        Images as rows and their labels, as above.

    Raises
    ------
    FileNotFoundError
        If a file is in none of the folders and cannot or may not be downloaded.
    OSError
        If a file is truncated or altered. The message names the file. The other folders
        are not searched for it.

    See Also
    --------
    load_fashion_mnist_sample : Load a small sample that ships with the package.

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
    return fetch_idx_dataset(
        FASHION_MNIST,
        data_home=data_home,
        subset=subset,
        return_X_y=return_X_y,
        as_frame=as_frame,
        download_if_missing=download_if_missing,
        n_retries=n_retries,
        delay=delay,
    )


@overload
def load_fashion_mnist_sample(
    *,
    subset: Subset = ...,
    return_X_y: Literal[False] = ...,
    as_frame: bool = ...,
) -> Bunch: ...
@overload
def load_fashion_mnist_sample(
    *,
    subset: Subset = ...,
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
    *, subset: Subset = "train", return_X_y: bool = False, as_frame: bool = False
) -> Bunch | tuple[Any, Any]:
    """Load a small, balanced sample of Fashion-MNIST that ships with the package.

    It has 300 training images and 100 test images per class, drawn at random, in random
    order. Nothing is downloaded.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        Images to load: 3,000 training images, 1,000 test images, or both, training
        images first.

    return_X_y : bool, default=False
        Whether to return `(data, target)` instead of a Bunch.

    as_frame : bool, default=False
        Whether `data` is a pandas DataFrame and `target` a Series. The Bunch then also
        has a `frame` of both.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with the attributes listed in
        :func:`fetch_fashion_mnist`.

    (data, target) : tuple if `return_X_y` is True
        Arrays `data` of shape (n_images, 784), dtype uint8, and `target` of shape
        (n_images,), dtype int64.

    See Also
    --------
    fetch_fashion_mnist : Load the whole data set.

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
        images = [arrays[f"{part}_images"] for part in part_names(subset)]
        labels = [arrays[f"{part}_labels"] for part in part_names(subset)]
    return make_bunch(
        np.concatenate(images).reshape(-1, FASHION_MNIST.n_pixels),
        np.concatenate(labels).astype(np.int64),
        shape=FASHION_MNIST.image_shape,
        target_names=CLASS_NAMES,
        description=FASHION_MNIST.description,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )
