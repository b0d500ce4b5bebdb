"""Images and labels in the container and the dtypes of the caller's data.

Images are checked and augmented as floats or small integers. These functions return
the result in the dtypes that the caller uses, per column for a DataFrame.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from ._pixels import cast_pixels


def library_of(data: Any) -> str | None:
    """Return the library of a DataFrame or Series.

    Parameters
    ----------
    data : object
        Data of the caller.

    Returns
    -------
    library : {"pandas", "polars"} or None
        Name of the library, or None for anything else, such as arrays and lists.
    """
    for name in ("pandas", "polars"):
        # A library that is not imported has created none of these objects.
        library = sys.modules.get(name)
        if library and isinstance(data, (library.DataFrame, library.Series)):
            return name
    return None


def as_array(X: Any, rows: NDArray[Any]) -> NDArray[Any]:
    """Return images as an array of their own dtype.

    Parameters
    ----------
    X : array-like
        Images of the caller.
    rows : ndarray of shape (n, n_features)
        Checked images with the same values.

    Returns
    -------
    images : ndarray
        Array of the images: `X`, without a copy if it is an array, or `rows` if NumPy
        has no numeric dtype for `X`, for instance because its columns have mixed types.
    """
    images = np.asarray(X)
    return images if images.dtype.kind in "biuf" else rows


def cast_like(images: NDArray[Any], X: Any) -> NDArray[Any]:
    """Cast images to the dtype that `as_array` returns.

    Parameters
    ----------
    images : ndarray
        Augmented images.
    X : array-like
        Images of the caller.

    Returns
    -------
    images : ndarray
        Cast images. Integers are rounded and clipped to the range of the dtype.
    """
    library = library_of(X)
    if library == "pandas":
        dtype = X.iloc[:0].to_numpy().dtype
    elif library == "polars":
        dtype = X.head(1).to_numpy().dtype
    else:
        dtype = getattr(X, "dtype", None)
        if not isinstance(dtype, np.dtype):
            dtype = np.asarray(X).dtype
    return cast_pixels(images, dtype) if dtype.kind in "biuf" else images


def frame_like(rows: NDArray[Any], X: Any, *, index: Any = None) -> Any:
    """Return images as a DataFrame with the columns and dtypes of another one.

    Parameters
    ----------
    rows : ndarray of shape (n, n_features)
        Images.
    X : DataFrame
        DataFrame of the caller, of pandas or polars.
    index : Index, default=None
        Index of a DataFrame of pandas. None stands for 0, 1, ….

    Returns
    -------
    frame : DataFrame
        DataFrame of the same library. Integers are rounded and clipped to the range of
        their column's dtype.
    """
    library = sys.modules[str(library_of(X))]
    if library.__name__ == "polars":
        return library.DataFrame(
            [
                library.Series(name, _cast_column(column, X[name].to_numpy().dtype))
                for name, column in zip(X.columns, rows.T, strict=True)
            ]
        ).cast(dict(X.schema))
    dtypes = X.dtypes.tolist()
    if len(set(dtypes)) == 1 and isinstance(dtypes[0], np.dtype):
        frame = library.DataFrame(_cast_column(rows, dtypes[0]))
    else:
        columns = [
            _as_series(library, _cast_column(column, _numpy_dtype(dtype)), dtype)
            for column, dtype in zip(rows.T, dtypes, strict=True)
        ]
        frame = library.concat(columns, axis=1)
        frame = _in_byte_order(frame, dict(enumerate(dtypes)))
    frame.columns = X.columns
    if index is not None:
        frame.index = index
    return frame


def _as_series(library: Any, column: Any, dtype: Any) -> Any:
    """Return a Series of a dtype of pandas."""
    series = library.Series(column)
    if isinstance(dtype, library.CategoricalDtype):
        # New pixel values become new categories, not missing values.
        new = series[~series.isin(dtype.categories)].unique()
        categories = dtype.categories.append(library.Index(sorted(new)))
        dtype = library.CategoricalDtype(categories, ordered=dtype.ordered)
    return series.astype(dtype)


def shallow_copy(X: Any) -> Any:
    """Return a DataFrame that shares the memory of another one.

    scikit-learn renames the columns of the DataFrame that a transformer returns, so a
    transformer must not return the DataFrame of the caller.

    Parameters
    ----------
    X : DataFrame
        DataFrame of the caller, of pandas or polars.

    Returns
    -------
    frame : DataFrame
        Equal DataFrame of the same library.
    """
    return X.copy(deep=False) if library_of(X) == "pandas" else X.clone()


def _in_byte_order(frame, dtypes):
    """Restore big-endian dtypes, which pandas changes to the machine's byte order.

    pandas changes them when it concatenates rows, and before pandas 3 also columns.
    """
    swapped = {
        name: dtype
        for name, dtype in dtypes.items()
        if isinstance(dtype, np.dtype) and not dtype.isnative
    }
    return frame.astype(swapped) if swapped else frame


def _numpy_dtype(dtype):
    """Return the NumPy dtype of the values of a pandas dtype, or object."""
    for attribute in ("numpy_dtype", "subtype"):  # nullable and Arrow; sparse
        dtype = getattr(dtype, attribute, dtype)
    return dtype if isinstance(dtype, np.dtype) else np.dtype(object)


def _cast_column(values, dtype):
    return cast_pixels(values, dtype) if dtype.kind in "biuf" else values


def append_images(X: Any, rows: NDArray[Any], new: NDArray[Any]) -> Any:
    """Append images to the images of the caller.

    Parameters
    ----------
    X : array-like
        Images of the caller, of any shape, which are not changed.
    rows : ndarray of shape (n, n_features)
        Checked images with the same values.
    new : ndarray of shape (n_new, n_features)
        Further images.

    Returns
    -------
    images : ndarray, DataFrame or list
        Images of the caller, bitwise unchanged, followed by the new images, in the
        container and the dtypes of `X`. The index of a DataFrame is 0, 1, …, as in
        imbalanced-learn.
    """
    library = library_of(X)
    if library == "pandas":
        pandas, copies = sys.modules[library], frame_like(new, X)
        # Frames whose columns have other categories would lose the dtype.
        wider = {
            name: dtype
            for name, dtype in copies.dtypes.items()
            if isinstance(dtype, pandas.CategoricalDtype)
        }
        frame = pandas.concat(
            [X.astype(wider) if wider else X, copies], ignore_index=True
        )
        frame = _in_byte_order(frame, X.dtypes)
        frame.attrs = dict(X.attrs)
        return frame
    if library == "polars":
        return sys.modules[library].concat([X, frame_like(new, X)])
    images = as_array(X, rows)
    # np.concatenate would change big-endian numbers to the machine's order.
    both = np.empty((len(images) + len(new), *images.shape[1:]), images.dtype)
    both[: len(images)] = images
    both[len(images) :] = cast_pixels(new, images.dtype).reshape(-1, *images.shape[1:])
    return both.tolist() if isinstance(X, list) else both


def read_labels(y: Any) -> Any:
    """Return labels as one array.

    Parameters
    ----------
    y : array-like of shape (n,), (n, 1) or (n, n_classes)
        Labels of the caller. Several columns are one-vs-all encoded: the column of the
        class is 1 and the others are 0.

    Returns
    -------
    labels : ndarray of shape (n,)
        Labels, or the numbers of the columns if `y` is one-vs-all encoded. Anything
        else is returned unchanged, and scikit-learn's checks reject it.

    Raises
    ------
    ValueError
        If there are missing values, or rows of several classes or of none.
    """
    if y is None or issparse(y):
        return y
    labels = y.to_numpy() if library_of(y) else np.asarray(y)
    if labels.dtype == object:
        import pandas as pd

        if pd.isna(labels).any():
            raise ValueError("Input y contains NaN.")
        # Nullable dtypes become objects, which scikit-learn would treat as text.
        if len({type(label) for label in labels.ravel()}) == 1:
            labels = np.array(labels.tolist())
    if labels.ndim != 2:
        return labels
    if labels.shape[1] == 1:
        return labels[:, 0]
    if labels.dtype.kind not in "biuf" or not np.isin(labels, (0, 1)).all():
        return labels
    classes_per_row = np.sum(labels, axis=1, dtype=np.intp)
    if (classes_per_row > 1).any():
        raise ValueError(
            "Multilabel and multioutput targets are not supported. y must be binary, "
            "multiclass or one-vs-all encoded, with a single 1 in each row."
        )
    if (classes_per_row < 1).any():
        raise ValueError(
            "Each row of a one-vs-all encoded y must contain a single 1. "
            f"{(classes_per_row < 1).sum()} rows have no class."
        )
    return labels.argmax(axis=1)


def take_labels(y: Any, indices: NDArray[np.intp]) -> Any:
    """Select labels.

    Parameters
    ----------
    y : array-like of shape (n,), (n, 1) or (n, n_classes)
        Labels of the caller.
    indices : ndarray of int
        Indices of the labels.

    Returns
    -------
    labels : ndarray, Series, DataFrame or list
        Labels in the container and the dtype of `y`. The index of a Series or DataFrame
        is 0, 1, …, as in imbalanced-learn, and so a column of an array becomes 1-D.
    """
    library = library_of(y)
    if library == "pandas":
        return y.iloc[indices].reset_index(drop=True)
    if library == "polars":
        return y[indices.tolist()]
    if isinstance(y, list):
        return [y[i] for i in indices]
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    return labels[indices]
