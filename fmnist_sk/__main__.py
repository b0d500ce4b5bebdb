"""Command line: `python -m fmnist_sk`, also installed as `fmnist-sk`."""

import importlib
import os
import sys
import warnings

from ._cli import CommandError
from ._cli._parser import build_parser


def main(argv=None):
    """Run a command.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments. None stands for those of the process.

    Returns
    -------
    status : int
        Exit status: 0 for success, 1 for an error, 2 for an invalid option, and 130
        for Ctrl-C.

    Raises
    ------
    SystemExit
        After `--help` and `--version`, and with status 2 if the arguments cannot be
        parsed.
    """
    if hasattr(sys.stdout, "reconfigure"):
        # A file name or the name of a class may have characters that the terminal has
        # not, or bytes that are no text.
        sys.stdout.reconfigure(errors="backslashreplace")
    args = build_parser().parse_args(argv)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _one_line_warnings()
            return _run(args)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader, for instance `head`, has closed the pipe. Without this the
        # interpreter would print an error when it flushes stdout for the last time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _one_line_warnings():
    """Return a function that prints warnings without code, and each of them once.

    A command predicts labels and probabilities, which raise the same warnings.
    """
    shown = set()

    def show(message, *_):
        text = " ".join(str(message).split())
        if text not in shown:
            shown.add(text)
            print(f"fmnist-sk: warning: {text}", file=sys.stderr)

    return show


def _run(args):
    """Run a command with parsed arguments and return its exit status."""
    if args.command == "demo":
        # The imports that follow take seconds.
        print("Demo: training a CNN on Fashion-MNIST", flush=True)
    from ._cli._console import complain
    from ._compat import InvalidParameterError

    module = importlib.import_module(args.module, __package__)
    try:
        status = getattr(module, args.function)(args) or 0
        sys.stdout.flush()
    except CommandError as error:
        status = error.status
        complain(error)
    except BrokenPipeError:
        raise
    except InvalidParameterError as error:
        status = 2
        complain(error)
    except MemoryError as error:
        status = 1
        complain(f"not enough memory ({error or 'no details'})")
    except (ImportError, OSError, OverflowError, TypeError, ValueError) as error:
        status = 1
        complain(error)
    return status


if __name__ == "__main__":
    sys.exit(main())
