"""The four files of Fashion-MNIST: where they lie, what they hold, how they come."""

import gzip
import hashlib
import http.client
import logging
import os
import shutil
import struct
import time
import uuid
import warnings
import zlib
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

logger = logging.getLogger(__name__)


class IdxFile(NamedTuple):
    """What one file of the data set holds once it is decompressed."""

    name: str
    shape: tuple
    sha256: str


FILES = {
    "train": (
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
    "test": (
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
}
# The last one is the authors' own, but it has no https.
MIRRORS = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
DEBIAN_HOME = "/usr/share/datasets/fashion-mnist"
TIMEOUT = 20  # seconds without a byte from a mirror
CHUNK = 1 << 20


class DamagedFileError(ValueError):
    """The content of a file is not what the data set has under that name."""


def read_idx(path, file, out):
    """Read one file, plain or gzip by its suffix, into `out` and check every byte."""
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
                    f"it holds an array of shape {tuple(shape)}, not {file.shape}"
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
            f"the SHA-256 of its content is {digest.hexdigest()}, not {file.sha256}"
        )


def download(file, out, folder, n_retries, delay):
    """Store one file in `folder` and read it into `out`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file.name}.gz"
    # A name of its own, so that downloads at the same time do not meet, and no
    # tempfile, whose files nobody else on the machine may read.
    part = path.with_name(f"{uuid.uuid4().hex}.part.{path.name}")
    part.touch()
    try:
        for attempt in range(n_retries + 1):
            if attempt:
                warnings.warn(f"Retry downloading {path.name}", stacklevel=2)
                time.sleep(delay)
            failures = []
            for mirror in MIRRORS:
                url = f"{mirror}{path.name}"
                logger.info("Downloading %s to %s", url, folder)
                try:
                    with urlopen(url, timeout=TIMEOUT) as body, part.open("wb") as f:
                        shutil.copyfileobj(body, f)
                    read_idx(part, file, out)
                except (OSError, http.client.HTTPException, DamagedFileError) as error:
                    failures.append(f"{url}: {error}")
                else:
                    os.replace(part, path)
                    return
        raise OSError("; ".join(failures))
    finally:
        part.unlink(missing_ok=True)


def load(file, out, homes, download_home, download_if_missing, n_retries, delay):
    """Read one file into `out` from the first folder that has it, or download it."""
    for home in homes:
        for path in (home / file.name, home / f"{file.name}.gz"):
            if path.is_file():
                try:
                    return read_idx(path, file, out)
                except DamagedFileError as error:
                    raise OSError(
                        f"{path} is not the {file.name} of Fashion-MNIST: {error}. "
                        "Delete it, or put an intact copy in its place."
                    ) from error
    cause, reason = None, "download_if_missing is False"
    if download_if_missing:
        try:
            return download(file, out, download_home, n_retries, delay)
        except OSError as error:
            cause, reason = error, f"the download to {download_home} failed ({error})"
    raise FileNotFoundError(
        f"Fashion-MNIST was not found: no {file.name}.gz in "
        f"{', '.join(map(str, homes))}, and {reason}. There are three ways to get it: "
        "install Debian's package with `apt-get install dataset-fashion-mnist`; or put "
        "the four files from https://github.com/zalandoresearch/fashion-mnist into a "
        "folder and name that folder in data_home or in the environment variable "
        f"FMNIST_SK_DATA; or, with access to {MIRRORS[0]}, leave "
        "download_if_missing=True. load_fashion_mnist_sample() gives 4,000 of the "
        "images without any of these."
    ) from cause


def data_homes(data_home):
    """List the folders to search, and the one to download to."""
    named = [home for home in (data_home, os.environ.get("FMNIST_SK_DATA")) if home]
    keras = os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")
    # Not sklearn.datasets.get_data_home, which makes the folder when asked where it
    # is and so fails in a read-only home, although the data may lie elsewhere.
    sklearn = os.environ.get("SCIKIT_LEARN_DATA") or os.path.join(
        "~", "scikit_learn_data"
    )
    cache = os.path.join(sklearn, "fashion_mnist")
    homes = [
        Path(os.path.expanduser(home))
        for home in (
            *named,
            DEBIAN_HOME,
            os.path.join(keras, "datasets", "fashion-mnist"),
            cache,
        )
    ]
    return homes, homes[0] if named else homes[-1]
