"""The blocks of code in a Markdown page, and a comparison of outputs."""

import re
from itertools import pairwise
from typing import NamedTuple

FENCED = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.M | re.S)
# A number that is not part of a name such as uint8. A comma may divide thousands.
NUMBER = re.compile(r"(?<![\w.])-?(?:\d+(?:,\d{3})*)(?:\.\d*)?(?:e[+-]?\d+)?(?!\w)")
TIME = re.compile(r"(?<![\w.])\d+(?:\.\d+)? (?:s|ms)\b")


class Block(NamedTuple):
    """A block of Python and what the page says it prints.

    `shown` is None if the page shows no output, or an output in a `console` block,
    which differs from run to run.
    """

    code: str
    shown: str | None
    console: bool


def blocks_of(text):
    """Return the blocks of Python in a page, each with the output below it."""
    fences = list(FENCED.finditer(text))
    blocks = []
    for fence, following in pairwise([*fences, None]):
        if fence[1] != "python":
            continue
        kind, shown = None, None
        if following and not text[fence.end() : following.start()].strip():
            kind = following[1]
            shown = following[2] if kind == "text" else None
        blocks.append(Block(fence[2], shown, console=kind == "console"))
    return blocks


def same_output(shown, printed):
    """Return whether two outputs are the same up to the last digits of numbers.

    Words and whole numbers must be equal. Numbers with decimals may differ by 0.03, or
    by 0.05 if they are shown with one or two decimals: so much do scores on a thousand
    images, and on the hundred images of a class, depend on the processor and on the
    number of threads. Greater numbers may differ by 3 %, and so may numbers with an
    exponent. Times, which are numbers before "s" or "ms", may be any. Spaces and line
    breaks do not count, because they depend on the width of the numbers.
    """
    shown, printed = (TIME.sub("(time)", text) for text in (shown, printed))
    words = [re.sub(r"\s+", "", NUMBER.sub("#", text)) for text in (shown, printed)]
    numbers = [NUMBER.findall(text) for text in (shown, printed)]
    return words[0] == words[1] and all(map(_close, *numbers))


def _close(shown, printed):
    if not any(mark in shown + printed for mark in ".e"):
        return shown == printed
    first, second = (float(number.replace(",", "")) for number in (shown, printed))
    relative = 0.03 * abs(first)
    decimals = len(shown.partition(".")[2])
    absolute = 0 if "e" in shown else 0.05 if decimals <= 2 else 0.03
    return abs(first - second) <= max(absolute, relative) + 1e-9
