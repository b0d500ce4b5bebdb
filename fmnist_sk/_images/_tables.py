"""DataFrames of images: what they are, and their dtype as an array."""

import numpy as np


def is_table(X):
    """Return whether X has columns, whose names NumPy would drop."""
    # The type is checked, because a labelled array may have a coordinate "columns".
    return any(hasattr(type(X), name) for name in ("__dataframe__", "columns", "iloc"))


def table_dtype(X):
    """Return the NumPy dtype of the columns of a DataFrame if scikit-learn does not.

    scikit-learn keeps the common dtype of NumPy's columns in pandas. It converts
    polars, and pandas' nullable and Arrow columns, to float64, which takes eight times
    the memory of uint8 and hides from `ImageNormalizer` that the range is 0–255.

    Parameters
    ----------
    X : object
        Any object.

    Returns
    -------
    dtype : numpy.dtype or None
        Common dtype of the columns. None if there is none, if values are missing, or if
        `X` is anything but such a DataFrame.
    """
    kind = type(X)
    if hasattr(kind, "iloc") and getattr(X, "ndim", 0) == 2:  # pandas
        dtypes = set(X.dtypes)
        if all(isinstance(dtype, np.dtype) for dtype in dtypes):
            return None
        dtypes = {getattr(dtype, "numpy_dtype", dtype) for dtype in dtypes}
        if not all(isinstance(dtype, np.dtype) for dtype in dtypes):
            return None
        return None if X.isna().any(axis=None) else np.result_type(*dtypes)
    if hasattr(kind, "columns") and hasattr(kind, "to_numpy"):  # polars
        return X.head(1).to_numpy().dtype
    return None
