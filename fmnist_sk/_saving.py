"""Files that are complete or absent, never in between.

A file is written as a *part* in the folder of its final path. When the part is
complete, it is flushed to the disk and renamed, which replaces an old file in one step.
After a crash or a power failure, the path therefore holds the old file or the new one.

A killed process cannot delete its part. The next write into the same folder deletes it.
A part of a living process is recognised by its lock, which the operating system
releases when the process ends, whatever ends it.
"""

import contextlib
import os
import re
import time
import uuid
from pathlib import Path
from typing import IO, Any, Self

try:
    import fcntl
except ImportError:  # Windows, which refuses to delete a file that is open
    fcntl = None  # type: ignore[assignment]

# The prefix keeps the parts apart from the files of other programs. The ending of the
# final name is kept, because libraries choose a format by it.
_PART = re.compile(r"\.fmnist_sk-[0-9a-f]{32}\.part(\..*)?")
# On a file system without locks, a part that was written to in the last hour may belong
# to a living process.
_SECONDS_WITHOUT_LOCKS = 3600


class WholeFile:
    """File that replaces a file of that name when it is complete.

    Use it as a context manager, which calls `complete` or, after an error, `discard`.

    Parameters
    ----------
    path : str or path-like
        Path of the file.

    Attributes
    ----------
    part : Path
        Path to write to, an empty file in the same folder and with the same ending.
    file : file object
        The part, open for writing and locked.

    Raises
    ------
    OSError
        If the file cannot be created. The old file is then unchanged.
    """

    part: Path
    file: IO[bytes]

    def __init__(self, path: str | os.PathLike[str]):
        self._path = Path(path)
        _delete_abandoned(self._path.parent)
        while True:
            name = f".fmnist_sk-{uuid.uuid4().hex}.part{self._path.suffix}"
            self.part = self._path.with_name(name)
            try:
                # A file of tempfile could not be read by other users of the machine.
                self.file = self.part.open("xb")
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(path)) from error
            # Between the two steps, another process may take the part for abandoned.
            if _lock(self.file) is not False and self.part.exists():
                return
            self.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error_type: Any, error: Any, _: Any) -> None:
        try:
            if error_type is None:
                self.complete()
        except OSError as failure:
            error = failure
            raise
        finally:
            # The error of a full disk does not say which file was too large.
            if isinstance(error, OSError) and error.errno and error.filename is None:
                error.filename = str(self._path)
            self.discard()

    def complete(self) -> None:
        """Flush the file and give it its final name.

        Raises
        ------
        OSError
            If the disk is full, or the file cannot be replaced. The part is deleted.
        """
        try:
            self.file.flush()
            # Without it, a power failure can leave an empty file under the new name,
            # because a file system may write names before contents.
            os.fsync(self.file.fileno())
            if fcntl is None:
                self.file.close()  # Windows does not rename an open file
            os.replace(self.part, self._path)
        finally:
            self.discard()

    def discard(self) -> None:
        """Delete the part, if it is not complete."""
        with contextlib.suppress(OSError):  # a full disk, again
            self.file.close()
        self.part.unlink(missing_ok=True)


def write_whole(path: str | os.PathLike[str], content: bytes | memoryview) -> None:
    """Write a file, which replaces a file of that name when it is complete.

    Parameters
    ----------
    path : str or path-like
        Path of the file.
    content : bytes-like
        Content of the file.

    Raises
    ------
    OSError
        If the file cannot be written. The old file is then unchanged.
    """
    with WholeFile(path) as whole:
        whole.file.write(content)


def _delete_abandoned(folder):
    """Delete the parts of processes that have ended."""
    try:
        with os.scandir(folder) as entries:
            parts = [entry.path for entry in entries if _PART.fullmatch(entry.name)]
    except OSError:
        return  # creating the new part will say what is wrong with the folder
    for part in parts:
        # Another process may delete the part at the same time.
        with contextlib.suppress(OSError), open(part, "r+b") as file:
            is_free = _lock(file)
            if is_free is None:
                since = time.time() - os.fstat(file.fileno()).st_mtime
                is_free = since > _SECONDS_WITHOUT_LOCKS
                if fcntl is None:
                    file.close()
            if is_free:
                os.unlink(part)


def _lock(file):
    """Lock a file until it is closed. Return None where there are no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return None
    return True
