"""Archive of a model file: limits, digest and members.

Nothing in a file is trusted before it is checked. Sizes are compared with limits before
anything is decompressed, and no member is read beyond the size that was compared. skops
then reads a copy of the checked members, so it never sees anything else.
"""

import hashlib
import io
import json
import math
import re
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from .. import __version__
from ._format import ENTRIES, FORMAT, MEMBER

#: Largest size of all decompressed members in bytes, and as a multiple of the file's
#: size; the larger of the two limits applies. Weights shrink to 92 %, fitted pipelines
#: of scikit-learn to between 5 and 60 %. `save_model` does not compress a model that
#: would exceed the limits.
MAX_BYTES, MAX_RATIO = 32 * 2**20, 20
#: The same for the member that describes the objects, because skops takes up to 35
#: times as much memory and half a second per MiB to read it. `LARGEST_SCHEMA_BYTES`
#: always applies. 1,000 trees of a random forest take half of it.
MAX_SCHEMA_BYTES, LARGEST_SCHEMA_BYTES = 2**19, 32 * 2**20
_MAX_ABOUT_BYTES = 2**16

_SCHEMA = "schema.json"
_NAMES = re.compile(r"schema\.json|fmnist_sk\.json|[0-9a-f-]+\.(npy|npz|bin)")
# Endings of the files that the nodes of skops read.
_ENDINGS = {
    "NdArrayNode": ".npy",
    "SparseMatrixNode": ".npz",
    "BytesNode": ".bin",
    "BytearrayNode": ".bin",
}
_IS_ENCRYPTED = 1
_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class NewerFormatError(ValueError):
    """Error about a file that a newer version of this package has written."""


def pack(plain: bytes) -> bytes:
    """Compress an archive of skops, and add the description with the digest.

    Parameters
    ----------
    plain : bytes
        Archive of skops.

    Returns
    -------
    content : bytes
        Content of a model file.
    """
    with ZipFile(io.BytesIO(plain)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    about = {
        "format": FORMAT,
        "fmnist_sk": __version__,
        "sha256": digest_of({name: _sha256(data) for name, data in members.items()}),
    }
    members[MEMBER] = json.dumps(about).encode()
    n_bytes = sum(map(len, members.values()))
    content = b""
    for compression in (ZIP_DEFLATED, ZIP_STORED):
        buffer = io.BytesIO()
        with ZipFile(buffer, "w", compression) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        content = buffer.getvalue()
        n_schema_bytes = len(members[_SCHEMA])
        if n_bytes <= _limit(content) and n_schema_bytes <= _schema_limit(content):
            break
    return content


def unpack(content: bytes) -> bytes:
    """Check the content of a model file.

    Parameters
    ----------
    content : bytes
        Content of a model file.

    Returns
    -------
    plain : bytes
        Archive of skops with the checked members, uncompressed.

    Raises
    ------
    NewerFormatError
        If a newer version of this package has written the file.
    Exception
        If the file is damaged or was not written by `save_model`. The type depends on
        the place of the damage.
    """
    limit = _limit(content)
    with ZipFile(io.BytesIO(content)) as archive:
        about = _read_about(archive)
        directory = _check_directory(archive, limit, _schema_limit(content))
        members = {name: _read(archive, entry) for name, entry in directory.items()}
    del members[MEMBER]
    digest = digest_of({name: _sha256(data) for name, data in members.items()})
    if about.get("sha256", digest) != digest:
        raise ValueError("its content does not have the SHA-256 of what was saved")
    for name, data in members.items():
        _check_arrays(name, data, limit)
    sizes = {name: len(data) for name, data in members.items()}
    n_nodes, n_bytes = _cost(json.loads(members[_SCHEMA]), sizes, {})
    # skops writes an object in full each time, so that a file has fewer nodes than
    # characters, and each file of an array is read once.
    if n_nodes > sizes[_SCHEMA] or n_bytes > limit:
        raise ValueError("its objects refer to each other too often")
    plain = io.BytesIO()
    with ZipFile(plain, "w") as checked:
        for name, data in members.items():
            checked.writestr(name, data)
    return plain.getvalue()


def digest_of(digests: dict[str, str]) -> str:
    """Return the SHA-256 of several members.

    Parameters
    ----------
    digests : dict of str to str
        Hexadecimal SHA-256 of each member, by name.

    Returns
    -------
    digest : str
        Hexadecimal SHA-256 of what the command `sha256sum` prints for the members in
        the order of their names.
    """
    lines = [f"{digests[name]}  {name}\n" for name in sorted(digests)]
    return _sha256("".join(lines).encode())


def read_schema(plain: bytes) -> Any:
    """Return the description of the objects in an archive of skops."""
    with ZipFile(io.BytesIO(plain)) as archive:
        return json.loads(archive.read(_SCHEMA))


def _limit(content):
    return max(MAX_BYTES, MAX_RATIO * len(content))


def _schema_limit(content):
    limit = max(MAX_SCHEMA_BYTES, MAX_RATIO * len(content))
    return min(limit, LARGEST_SCHEMA_BYTES)


def _sha256(data):
    return hashlib.sha256(data).hexdigest()


def _read_about(archive):
    """Return the description of the file. Newer formats may differ in all else."""
    member = archive.getinfo(MEMBER)
    if member.file_size > _MAX_ABOUT_BYTES:
        raise ValueError(f"{MEMBER} is too large")
    about = json.loads(_read(archive, member))
    number = about["format"]
    if type(number) is not int or number < 1:
        raise ValueError(f"{number!r} is not the number of a format")
    if number > FORMAT:
        raise NewerFormatError(
            f"was written by fmnist_sk {about['fmnist_sk']} in format {number}, but "
            f"fmnist_sk {__version__} only reads formats up to {FORMAT}. Update "
            "fmnist_sk to load it."
        )
    if about.keys() != ENTRIES[number]:
        raise ValueError(f"{MEMBER} has the entries {sorted(about)}")
    return about


def _check_directory(archive, limit, schema_limit):
    """Return the members by name, without reading them."""
    members: dict[str, ZipInfo] = {}
    for member in archive.infolist():
        name = member.orig_filename
        if not _NAMES.fullmatch(name):
            raise ValueError(f"unexpected member {name!r}")
        if name in members:
            raise ValueError(f"two members are called {name}")
        if member.compress_type not in (ZIP_DEFLATED, ZIP_STORED):
            raise ValueError(f"{name} is compressed by an unexpected method")
        if member.flag_bits & _IS_ENCRYPTED:
            raise ValueError(f"{name} is encrypted")
        members[name] = member
    n_bytes = sum(member.file_size for member in members.values())
    if n_bytes > limit:
        raise ValueError(f"{n_bytes:,} bytes of content exceed the limit of {limit:,}")
    if members[_SCHEMA].file_size > schema_limit:
        raise ValueError(f"{_SCHEMA} exceeds the limit of {schema_limit:,} bytes")
    return members


def _read(archive, member):
    """Read a member, but no more than its size in the directory of the archive."""
    with archive.open(member) as stream:
        data = stream.read(member.file_size + 1)
    if len(data) != member.file_size:
        raise ValueError(f"{member.filename} is shorter than it was")
    return data


def _check_arrays(name, data, limit):
    """Check that an array, or a sparse matrix of several, is as large as it says."""
    if name.endswith(".npy"):
        _check_array(name, data)
    elif name.endswith(".npz"):
        with ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > limit:
                raise ValueError(f"{name} exceeds the limit of {limit:,} bytes")
            for part in parts:
                _check_array(part.filename, _read(archive, part))


def _check_array(name, data):
    stream = io.BytesIO(data)
    shape, _, dtype = _HEADER_READERS[np.lib.format.read_magic(stream)](stream)
    n_bytes = math.prod(shape) * dtype.itemsize
    if (
        dtype.hasobject
        or n_bytes != len(data) - stream.tell()
        or (not dtype.itemsize and math.prod(shape) > len(data))
    ):
        raise ValueError(f"{name} is not an array of shape {shape} and type {dtype}")


def _cost(node, sizes, known):
    """Return how many nodes skops visits for a node, and how many bytes it reads.

    skops visits a node once for each reference to its number, but reads its file once.
    """
    number = node.get("__id__") if isinstance(node, dict) else None
    if number:
        if number in known:
            return known[number], 0
        known[number] = 1  # for a reference to the node from within
    n_nodes, n_bytes = 1, 0
    if isinstance(node, dict):
        if "file" in node and isinstance(node.get("__loader__"), str):
            n_bytes = sizes[_file_of(node)]
        children = node.values()
    elif isinstance(node, list):
        children = node
    else:
        return 0, 0
    for child in children:
        more_nodes, more_bytes = _cost(child, sizes, known)
        n_nodes, n_bytes = n_nodes + more_nodes, n_bytes + more_bytes
    if number:
        known[number] = n_nodes
    return n_nodes, n_bytes


def _file_of(node):
    """Return the name of the file that a node of skops reads."""
    name, loader = node["file"], node["__loader__"]
    if not name.endswith(_ENDINGS[loader]):
        raise ValueError(f"{loader} cannot read {name}")
    if node["__class__"] == "void":  # numpy.void(n) allocates n bytes
        raise ValueError("unexpected type numpy.void")
    return name
