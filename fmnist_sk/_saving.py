"""Files that are complete or absent, never in between."""

import os
import uuid
from pathlib import Path


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
    path = Path(path)
    # A file of tempfile could not be read by other users of the machine.
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
