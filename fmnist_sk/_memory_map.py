"""Reading memory-mapped arrays without keeping what was read in memory."""

import mmap

import numpy as np

# A row that is not in memory yet brings its neighbours, 64 KiB in all on Linux: so many
# rows from anywhere in a file are at most 128 MiB.
_ROWS_AT_ONCE = 2048


def read_rows(X, rows):
    """Give some rows of an array that may be memory-mapped.

    Pages of a file count as memory of the process that read them, until it lets go of
    them or the machine runs short: after an epoch that would be the whole file.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        Any array.
    rows : slice or ndarray of int
        Which rows.

    Returns
    -------
    part : ndarray of shape (len(rows), n_features)
        A view, if `rows` is a slice.
    """
    mapping = _mapping(X)
    if mapping is None:
        return X[rows]
    if isinstance(rows, slice):
        mapping.madvise(mmap.MADV_DONTNEED)
        return X[rows]
    part = np.empty((len(rows), *X.shape[1:]), X.dtype)
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        at_once = slice(first, first + _ROWS_AT_ONCE)
        part[at_once] = X[rows[at_once]]
        mapping.madvise(mmap.MADV_DONTNEED)
    return part


def _mapping(array):
    """The file mapping an array is in, if its pages can be let go of and come back."""
    shared = False
    while isinstance(array, np.ndarray):
        # Changes to a copy-on-write mapping are in its pages only.
        shared = getattr(array, "mode", None) in ("r", "r+", "w+")
        array = array.base
    can_let_go = shared and hasattr(mmap, "MADV_DONTNEED")
    return array if can_let_go and isinstance(array, mmap.mmap) else None
