"""Commands of the command line, and the names that the web page shares with them.

The other names are loaded on first use, because the parser must start quickly.
"""

import importlib

_MODULE_OF = {
    "PictureReader": "_reading",
    "announce": "_console",
    "class_names": "_models",
    "load": "_models",
    "start_engine": "_console",
}


class CommandError(Exception):
    """Error that a user can correct: one line on stderr and an exit status.

    Parameters
    ----------
    message : str
        Text of the line.
    status : int, default=1
        Exit status: 2 for a wrong command line, 1 for any other error.
    """

    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status


def __getattr__(name):
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_MODULE_OF[name]}")
    return getattr(module, name)
