"""Conversion of many picture files into rows of an array, in parallel."""

import numpy as np
from joblib import Parallel, delayed
from PIL import Image, ImageFile

from .._pictures import convert_picture, shown_name
from ._progress import LoadingProgress

# Number of files that a thread converts at a time. joblib's overhead for a task is that
# of one file. Fewer large images keep the results of all tasks in progress small.
_FILES_PER_TASK, _BYTES_PER_TASK = 32, 2**20
# With "resize", two threads are 1.75 times as fast as one. With "fashion-mnist", NumPy
# hands over the interpreter's lock in many short operations: two threads are 1.05 times
# as fast as one, and two processes 1.9 times. Processes take a second to start, in
# which one thread converts 160 photographs.
_FILES_FOR_PROCESSES = 1000


def convert_files(
    filenames, rows, size, *, mode, n_channels, skips_errors, n_jobs, verbose
):
    """Convert picture files and append them to the rows of an array.

    Parameters
    ----------
    filenames : ndarray of str
        Paths of the files.
    rows : RowsInMemory or RowsInFile
        Place of the array.
    size : (height, width)
        Size of an image.
    mode : {"fashion-mnist", "resize"}
        Conversion, see `convert_picture`.
    n_channels : {1, 3}
        Number of channels: grey or colour.
    skips_errors : bool
        Whether to leave out files that cannot be read.
    n_jobs : int or None
        Number of threads, or of processes for many photographs.
    verbose : int
        Verbosity.

    Returns
    -------
    kept : ndarray of shape (n_files,), dtype bool
        Files that were converted.
    errors : list of str
        Messages about the other files.

    Raises
    ------
    ValueError
        If a file cannot be read, unless `skips_errors`. The message names the first of
        these files.
    """
    kept, errors = np.ones(len(filenames), dtype=bool), []
    n_done, failure = 0, None
    n_per_task = _BYTES_PER_TASK // (size[0] * size[1] * n_channels)
    n_per_task = min(max(1, n_per_task), _FILES_PER_TASK)

    prefer, settings = "threads", None
    if (
        mode == "fashion-mnist"
        and len(filenames) >= _FILES_FOR_PROCESSES
        and not _has_plugins()
    ):
        prefer = "processes"
        settings = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES

    def tasks():
        for first in range(0, len(filenames), n_per_task):
            if failure is None:
                files = filenames[first : first + n_per_task]
                yield delayed(_convert)(files, size, mode, n_channels, settings)

    # Tasks of this length need not be joined by joblib.
    parallel = Parallel(
        n_jobs=n_jobs, prefer=prefer, return_as="generator", batch_size=1
    )
    with LoadingProgress(len(filenames), verbose) as progress:
        for images, failures, n_files in parallel(tasks()):
            # After a failure, the tasks in progress are completed, because joblib warns
            # if their results are not used.
            if failure is not None:
                continue
            if failures and not skips_errors:
                position, failure = failures[0]
                continue
            for position, error in failures:
                kept[n_done + position] = False
                errors.append(_message(filenames[n_done + position], error))
            rows.append(images)
            n_done += n_files
            progress.advance(n_files)
    if failure is not None:
        raise ValueError(
            f"{_message(filenames[n_done + position], failure)} "
            'Set on_error="skip" to leave out such files.'
        ) from failure
    return kept, errors


def _has_plugins():
    """Return whether Pillow has readers that a new process would not have."""
    return any(
        not getattr(opener, "__module__", "").startswith("PIL.")
        for opener, _ in Image.OPEN.values()
    )


def _convert(filenames, size, mode, n_channels, settings):
    """Return images as rows, positions and errors of other files, and the number."""
    if settings is not None:
        # A new process does not have the settings of the user.
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = settings
    images = np.empty((len(filenames), size[0] * size[1] * n_channels), np.uint8)
    failures = []
    for position, path in enumerate(filenames.tolist()):
        try:
            image = convert_picture(path, size, mode=mode, grey=n_channels == 1)
        except (OSError, ValueError) as error:
            failures.append((position, error))
        else:
            images[position - len(failures)] = image.ravel()
    return images[: len(filenames) - len(failures)], failures, len(filenames)


def _message(path, error):
    """Return a message that names the file."""
    name = shown_name(path)
    if isinstance(error, OSError):
        return f"{name} cannot be read: {error.strerror or error}."
    return str(error) if name in str(error) else f"{name} cannot be converted: {error}"
