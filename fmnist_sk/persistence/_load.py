"""`load_model`: read a model file."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn.exceptions import InconsistentVersionWarning

from .._compat import optional_import
from ._archive import NewerFormatError, unpack
from ._state import check_loaded
from ._types import OWN_TYPES, SKLEARN_TYPES

# Warnings about the versions of packages, which say nothing about the file.
_WARNINGS = InconsistentVersionWarning, DeprecationWarning, FutureWarning


def load_model(path: str | os.PathLike[str], *, trusted: Sequence[str] = ()) -> Any:
    """Load an estimator from a file that :func:`save_model` has written.

    No code in the file is run. The file names types, and only trusted types are
    created: those of this package, scikit-learn's estimators and their parts, NumPy's
    arrays and Python's own plain types. TensorFlow starts with the first prediction.

    The file is checked before it is used: its digest, the sizes that it declares, and
    whether the weights and the other fitted attributes belong to the described network.

    Parameters
    ----------
    path : str or path-like
        Path of the file.
    trusted : sequence of str, default=()
        Full names of additional types and functions that the file may contain, such as
        `"my_networks.build_wide"` for a function as `architecture`. They are imported
        and may be called, so pass only names that you know.

    Returns
    -------
    estimator : estimator
        Estimator as it was saved. It makes the same predictions, and `partial_fit`
        continues where it stopped.

    Raises
    ------
    OSError
        If there is no such file (FileNotFoundError), or it cannot be read.
    ImportError
        If skops is not installed, or the module of a trusted type.
    TypeError
        If the file contains untrusted types. The message lists the types.
    ValueError
        If the file was not written by :func:`save_model`, was written by a newer
        version of this package, is damaged, or exceeds the limits below.
    MemoryError
        If the model does not fit in memory.

    See Also
    --------
    save_model : Write the file. Its example also loads the file.

    Notes
    -----
    All errors name the file.

    The digest is a SHA-256 of the content, which reveals accidental damage. It is not a
    signature: anyone who can change the file can also compute a new digest. To be sure
    that a file comes from its author, obtain the SHA-256 of the file from the author.

    A small file can declare a large content. A file is rejected, before its content is
    decompressed, if the content is larger than 32 MiB and larger than 20 times the
    file. The description of the objects may take 512 KiB or 20 times the file, and at
    most 32 MiB. Files of :func:`save_model` do not exceed the limits, because it does
    not compress a content that would exceed them.

    Files of all earlier versions of this package can be loaded. A file of a newer
    version can be loaded if its format is the same.

    Examples
    --------
    >>> from fmnist_sk import load_model
    >>> load_model("no-such-file.skops")
    Traceback (most recent call last):
    ...
    FileNotFoundError: [Errno 2] No such file or directory: 'no-such-file.skops'
    """
    skops = optional_import("skops.io", extra="skops", why="load_model")
    path = Path(path)
    with path.open("rb") as file:
        # A device such as /dev/zero has no end.
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError(f"{path} is not a regular file.")
        content = file.read()
    try:
        plain = unpack(content)
        held = skops.get_untrusted_types(data=plain)
    except NewerFormatError as error:
        raise ValueError(f"{path} {error}") from error
    except Exception as error:
        raise _damaged(path, error) from error
    known = {*OWN_TYPES, *SKLEARN_TYPES, *trusted}
    unknown = sorted(set(held) - known)
    if unknown:
        raise TypeError(
            f"{path} contains untrusted types: {', '.join(unknown)}. If you trust the "
            "types and the source of the file, pass the types: "
            f"load_model(path, trusted={unknown})."
        )
    try:
        estimator = skops.loads(plain, trusted=sorted(known))
        check_loaded(estimator)
    except _WARNINGS:
        raise  # the user has turned warnings into errors
    except ImportError as error:
        raise ImportError(
            f"{path} contains a type that cannot be imported: {error}."
        ) from error
    except Exception as error:
        raise _damaged(path, error) from error
    return estimator


def _damaged(path, error):
    """Return the documented error for an error of any type."""
    if isinstance(error, MemoryError):
        return MemoryError(f"{path} contains a model that does not fit in memory.")
    return ValueError(
        f"{path} was not written by save_model, or is damaged "
        f"({type(error).__name__}: {error})."
    )
