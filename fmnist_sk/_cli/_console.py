"""The console: TensorFlow without its log lines, and printed output."""

import os
import shutil
import sys

from .. import _engine

# Space between two columns of a table.
_GAP = "  "
# Width below which no column of names is shortened.
_SHORTEST = 20


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


def complain(message):
    """Print an error to stderr, on one line."""
    print(f"fmnist-sk: error: {' '.join(str(message).split())}", file=sys.stderr)


def print_table(rows):
    """Print rows of cells in aligned columns.

    Parameters
    ----------
    rows : list of tuple of str
        Cells of each row, the header first. The last cell of a shorter row extends into
        the columns after it. On a terminal, long cells of the first column are
        shortened in the middle, so that a row fits on a line.
    """
    complete = [row for row in rows if len(row) == len(rows[0])]
    widths = [max(map(len, column)) for column in zip(*complete, strict=True)]
    widths[0] = max(len(_printable(row[0])) for row in rows)
    if sys.stdout.isatty():
        others = sum(widths[1:]) + len(_GAP) * (len(widths) - 1)
        room = shutil.get_terminal_size().columns - others
        widths[0] = min(widths[0], max(room, _SHORTEST))
    for first, *others in rows:
        cells = [shorten(_printable(first), widths[0]), *others]
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=False))
        print(_GAP.join(padded).rstrip())


def _printable(name):
    """Escape line breaks and control characters, which a file name may contain."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode()
        for each in name
    )


def shorten(name, width):
    """Leave out the middle of a name that is too long."""
    if len(name) <= width:
        return name
    first = (width - 1) // 3
    return f"{name[:first]}…{name[len(name) - (width - 1 - first) :]}"
