"""Reader of memory-mapped arrays that does not keep the rows in memory."""

import mmap
from itertools import pairwise

import numpy as np

# Bytes of the file that may be in memory at once. Reading one row loads its neighbours
# as well, so a few thousand random rows may load the whole file. Rows are therefore
# read in the order of the file, and pages that were read are released.
_BYTES_IN_MEMORY = 64 * 2**20


def read_rows(X, rows):
    """Return some rows of an array that may be memory-mapped.

    The pages of a mapped file count as memory of the process until the process releases
    them or the machine runs out of memory. After one epoch they would be the whole
    file.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        Array, memory-mapped or not.
    rows : slice or ndarray of int
        Indices of the rows.

    Returns
    -------
    part : ndarray of shape (len(rows), n_features)
        Rows, a view of `X` if `rows` is a slice.
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
    """Return the file mapping of an array, or None if its pages must stay in memory."""
    shared = False
    while isinstance(array, np.ndarray):
        # A copy-on-write mapping keeps changes only in its pages, so they must stay.
        shared = getattr(array, "mode", None) in ("r", "r+", "w+")
        array = array.base
    can_release = shared and hasattr(mmap, "MADV_DONTNEED")
    return array if can_release and isinstance(array, mmap.mmap) else None
