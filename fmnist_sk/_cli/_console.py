"""The console: TensorFlow without its log lines, and printed output."""

import os
import sys

from .. import _engine


def announce(line):
    """Print a line before long work, also into a pipe without delay."""
    print(line, flush=True)


def start_engine(*, announced=False):
    """Start TensorFlow without the log lines that its libraries write while loading.

    `_engine` says why no setting hides these lines. This program owns its process, so
    it can redirect stderr for that moment, which the package must not do. Errors of the
    import are Python exceptions, which are reported afterwards. A user who sets
    TF_CPP_MIN_LOG_LEVEL below 3 sees all lines, to find out why loading crashes.
    """
    if "tensorflow" in sys.modules:
        return
    if announced:
        announce("Starting TensorFlow, which takes several seconds ...")
    # A process that has started TensorFlow passes level 3 on to this process.
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3") != "3":
        _engine.start()
        return
    sys.stderr.flush()
    stderr, silence = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silence, 2)
        _engine.start()
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(silence)


def print_table(rows):
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
