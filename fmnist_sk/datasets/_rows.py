"""Places that collect the rows of an array: memory, or a file that is then mapped."""

import contextlib
import os
import shutil
import tempfile
import weakref
from pathlib import Path

import numpy as np

from .._pictures import shown_name
from .._saving import WholeFile

# Arrays of more bytes are mapped from a temporary file, with memmap="auto".
TEMPORARY_FILE_ABOVE = 2**30


def open_rows(memmap, shape):
    """Return a context manager that collects the rows of an array of uint8.

    Parameters
    ----------
    memmap : {"auto"}, bool, str or path-like
        Place of the array: memory (False), a memory-mapped temporary file (True), one
        of both by its size ("auto"), or a memory-mapped `.npy` file of this path.
    shape : (n_rows, n_columns)
        Shape of the array. Fewer rows may be appended.

    Returns
    -------
    rows : RowsInMemory or RowsInFile
        Collector with the methods `append` and `finish`.

    Raises
    ------
    ValueError
        If `memmap` is a str or a path that does not end in ".npy".
    """
    if isinstance(memmap, (bool, np.bool_)):
        in_file, path = memmap, None
    elif memmap == "auto":
        in_file, path = shape[0] * shape[1] > TEMPORARY_FILE_ABOVE, None
    else:
        in_file, path = True, Path(memmap).expanduser()
        if path.suffix != ".npy":
            raise ValueError(
                "The 'memmap' parameter must be 'auto', a bool or the path of a file "
                f"that ends in '.npy'. Got {os.fspath(memmap)!r} instead."
            )
    return RowsInFile(path, shape) if in_file else RowsInMemory(shape)


class RowsInMemory:
    """Rows of an array in memory.

    Parameters
    ----------
    shape : (n_rows, n_columns)
        Shape of the array.
    """

    def __init__(self, shape):
        self._array = np.empty(shape, np.uint8)
        self._n_rows = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def append(self, rows):
        """Append rows.

        Parameters
        ----------
        rows : ndarray of shape (n, n_columns), dtype uint8
            Rows.
        """
        self._array[self._n_rows : self._n_rows + len(rows)] = rows
        self._n_rows += len(rows)

    def finish(self):
        """Return the array.

        Returns
        -------
        array : ndarray of shape (n, n_columns), dtype uint8
            All rows that were appended.
        """
        if self._n_rows < len(self._array):
            # Returns the memory of rows that were left out, without a copy.
            self._array.resize((self._n_rows, self._array.shape[1]), refcheck=False)
        return self._array


class RowsInFile:
    """Rows of an array in a `.npy` file, which is mapped into memory when complete.

    Rows are written to the file instead of a map of it, because a map that is written
    counts as memory of the process, and a full disk would end the process.

    Parameters
    ----------
    path : Path or None
        Path of the file. None stands for a temporary file, which is deleted when the
        array is no longer used or when the process ends.
    shape : (n_rows, n_columns)
        Shape of the array.

    Raises
    ------
    OSError
        If the file cannot be created or there is not enough space for it.
    """

    def __init__(self, path, shape):
        self._path, self._shape, self._n_rows = path, shape, 0
        self._whole = None
        if path is None:
            number, name = tempfile.mkstemp(".npy", "fmnist_sk_")
            self._written = Path(name)
            self._file = os.fdopen(number, "wb")
        else:
            self._whole = WholeFile(path)
            self._written, self._file = self._whole.part, self._whole.file
        try:
            self._check_space()
            self._write_header()
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Delete a file that is not complete."""
        with contextlib.suppress(OSError):  # the error of `append` is the cause
            self._file.close()
        if self._written is not None:
            self._written.unlink(missing_ok=True)

    def append(self, rows):
        """Append rows.

        Parameters
        ----------
        rows : ndarray of shape (n, n_columns), dtype uint8
            Rows, C-contiguous.

        Raises
        ------
        OSError
            If the disk is full.
        """
        try:
            self._file.write(rows)
        except OSError as error:
            raise OSError(error.errno, self._no_space(), str(self._written)) from error
        self._n_rows += len(rows)

    def finish(self):
        """Return the array.

        Returns
        -------
        array : memmap of shape (n, n_columns), dtype uint8
            All rows that were appended, read-only.
        """
        self._file.seek(0)
        self._write_header()
        if self._whole is not None:
            self._whole.complete()
        self._file.close()
        path = self._written if self._path is None else self._path
        array = np.load(os.fspath(path), mmap_mode="r")
        if self._path is None:
            # Views, and DataFrames of the array, keep the map in use.
            weakref.finalize(array.base, _delete, path, os.getpid())
        self._written = None
        return array

    def _write_header(self):
        # The header has the same length for every number of rows.
        n_rows = self._n_rows or self._shape[0]
        np.lib.format.write_array_header_1_0(
            self._file,
            {
                "descr": "|u1",
                "fortran_order": False,
                "shape": (n_rows, self._shape[1]),
            },
        )

    def _check_space(self):
        free = shutil.disk_usage(self._written.parent).free
        if free < self._shape[0] * self._shape[1]:
            raise OSError(self._no_space())

    def _no_space(self):
        n_rows, n_columns = self._shape
        return (
            f"The folder {shown_name(self._written.parent)} has not enough space for "
            f"{n_rows:,} images ({n_rows * n_columns / 2**20:,.0f} MiB). Set 'memmap' "
            "to the path of a .npy file on a disk with more space"
        )


def _delete(path, owner):
    # A forked process has a copy of the array, but the file is not its own.
    if os.getpid() == owner:
        # Windows refuses to delete a file that is mapped until the process ends.
        with contextlib.suppress(OSError):
            path.unlink()
