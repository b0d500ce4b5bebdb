"""Reading memory-mapped arrays without keeping what was read in memory."""

import mmap
from itertools import pairwise

import numpy as np

# What may be in memory of a file. A row brings its neighbours, as many as the system
# likes, so that a few thousand rows from anywhere may be all of it: rows are read in
# the order of the file, and what lies behind is let go.
_BYTES_IN_MEMORY = 64 * 2**20


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
    order = np.argsort(rows, kind="stable")
    step = max(1, _BYTES_IN_MEMORY // max(1, abs(X.strides[0])))
    bounds = np.searchsorted(rows[order], range(0, len(X) + step, step))
    for first, last in pairwise(bounds):
        here = order[first:last]
        part[here] = X[rows[here]]
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
