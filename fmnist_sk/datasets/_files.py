"""Files in the IDX format: search, reading, checks and download."""

import gzip
import hashlib
import http.client
import logging
import math
import struct
import time
import warnings
import zlib
from typing import NamedTuple
from urllib.request import urlopen

from .._saving import WholeFile

logger = logging.getLogger(__name__)

TIMEOUT = 20  # seconds without a byte from a mirror
CHUNK = 1 << 20


class IdxFile(NamedTuple):
    """Description of one file of uint8 values in the IDX format.

    Attributes
    ----------
    name : str
        Name of the unpacked file. A file packed by gzip is called `name` + ".gz".
    shape : tuple of int
        Shape of the array in the file.
    sha256 : str
        SHA-256 of the unpacked file, in hexadecimal.
    """

    name: str
    shape: tuple[int, ...]
    sha256: str


class DamagedFileError(ValueError):
    """Error about a file whose content differs from that of the data set."""


def read_idx(path, file, out):
    """Read one file into `out` and check every byte.

    Parameters
    ----------
    path : Path
        Path of the file. It is unpacked if it ends in ".gz".
    file : IdxFile
        Description of the file.
    out : ndarray of shape `file.shape`, dtype uint8
        C-contiguous array to read into.

    Raises
    ------
    DamagedFileError
        If the content differs from the description.
    """
    ndim = len(file.shape)
    expected_magic = 0x0800 + ndim  # 08 stands for uint8
    header = struct.pack(f">{1 + ndim}I", expected_magic, *file.shape)
    opener = gzip.open if path.suffix == ".gz" else open
    target = memoryview(out).cast("B")
    try:
        with opener(path, "rb") as stream:
            found = stream.read(len(header))
            if len(found) < len(header):
                raise DamagedFileError("it is truncated")
            magic, *shape = struct.unpack(f">{1 + ndim}I", found)
            if magic != expected_magic:
                raise DamagedFileError(
                    f"its magic number is {magic:#010x}, not {expected_magic:#010x}"
                )
            if tuple(shape) != file.shape:
                raise DamagedFileError(
                    f"it contains an array of shape {tuple(shape)}, not {file.shape}"
                )
            for start in range(0, len(target), CHUNK):
                chunk = target[start : start + CHUNK]
                if stream.readinto(chunk) < len(chunk):
                    raise DamagedFileError("it is truncated")
            if stream.read(1):
                raise DamagedFileError("it is longer than its header says")
    except EOFError as error:
        raise DamagedFileError("it is truncated") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DamagedFileError(f"it cannot be decompressed ({error})") from error
    digest = hashlib.sha256(header)
    digest.update(target)
    if digest.hexdigest() != file.sha256:
        raise DamagedFileError(
            f"its SHA-256 is {digest.hexdigest()}, not {file.sha256}"
        )


def download(file, out, folder, mirrors, n_retries, delay):
    """Download one file into `folder` and read it into `out`.

    Parameters
    ----------
    file : IdxFile
        Description of the file.
    out : ndarray of shape `file.shape`, dtype uint8
        C-contiguous array to read into.
    folder : Path
        Folder for the file, created if necessary.
    mirrors : sequence of str
        URLs of folders with the packed file, tried in this order.
    n_retries : int
        Number of further attempts, each with all mirrors.
    delay : float
        Time to wait before each further attempt, in seconds.

    Raises
    ------
    OSError
        If no mirror has an intact file. The message lists all failures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file.name}.gz"
    with WholeFile(path) as whole:  # a name for each of several downloads at once
        for attempt in range(n_retries + 1):
            if attempt:
                warnings.warn(f"Retry downloading {path.name}", stacklevel=2)
                time.sleep(delay)
            failures = []
            for mirror in mirrors:
                url = f"{mirror.removesuffix('/')}/{path.name}"
                logger.info("Downloading %s to %s", url, folder)
                try:
                    with urlopen(url, timeout=TIMEOUT) as body:
                        _copy(body, whole.file, _largest_packed_size(file))
                    read_idx(whole.part, file, out)
                except (OSError, http.client.HTTPException, DamagedFileError) as error:
                    failures.append(f"{url}: {error}")
                else:
                    return
        raise OSError("; ".join(failures))


def _copy(body, file, largest_size):
    """Copy a response to an empty file, unless the response is too long."""
    file.seek(0)
    file.truncate()
    left = largest_size + 1
    while chunk := body.read(min(CHUNK, left)):
        file.write(chunk)
        left -= len(chunk)
        if not left:
            raise DamagedFileError(f"it is longer than {largest_size:,} bytes")
    file.flush()


def _largest_packed_size(file):
    """Return an upper bound of the size of a packed file.

    Data that cannot be compressed become longer by 5 bytes per block of at most 32 KiB
    (RFC 1951). The header may contain a name and a comment.
    """
    size = 4 + 4 * len(file.shape) + math.prod(file.shape)
    return size + size // 1000 + 2**16


def find_and_read(file, out, homes, owner):
    """Read one file into `out` from the first folder that has it.

    Parameters
    ----------
    file : IdxFile
        Description of the file.
    out : ndarray of shape `file.shape`, dtype uint8
        C-contiguous array to read into.
    homes : list of Path
        Folders to search. In each of them, the unpacked file comes first.
    owner : str
        Name of the data set in the error message.

    Returns
    -------
    found : bool
        Whether a folder has the file.

    Raises
    ------
    OSError
        If the first file found is damaged.
    """
    for home in homes:
        for path in (home / file.name, home / f"{file.name}.gz"):
            if path.is_file():
                try:
                    read_idx(path, file, out)
                except DamagedFileError as error:
                    raise OSError(
                        f"{path} is not the file {file.name} of {owner}: {error}. "
                        "Delete the file, or replace it with an intact copy."
                    ) from error
                return True
    return False
