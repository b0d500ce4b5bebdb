"""Command line: `python -m fmnist_sk`, also installed as `fmnist-sk`."""

import importlib
import os
import sys

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
    args = build_parser().parse_args(argv)
    try:
        return _run(args)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader, for instance `head`, has closed the pipe. Without this the
        # interpreter would print an error when it flushes stdout for the last time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(args):
    """Run a command with parsed arguments and return its exit status."""
    if args.command == "demo":
        # The imports that follow take seconds.
        print("Demo: training a CNN on Fashion-MNIST", flush=True)
    from ._compat import InvalidParameterError

    module = importlib.import_module(f"._cli._{args.command}", __package__)
    try:
        getattr(module, args.command)(args)
        sys.stdout.flush()
    except CommandError as error:
        status, message = error.status, error
    except BrokenPipeError:
        raise
    except InvalidParameterError as error:
        status, message = 2, error
    except (ImportError, OSError, ValueError) as error:
        status, message = 1, error
    else:
        return 0
    print(f"fmnist-sk: error: {' '.join(str(message).split())}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
