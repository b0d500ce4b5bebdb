"""Progress of a long load on standard output."""

import sys
import time

_WIDTH = 20  # characters of the bar
# Shortest time between two outputs in seconds, on a terminal and elsewhere.
_BETWEEN_BARS, _BETWEEN_LINES = 0.1, 1.0


class LoadingProgress:
    """Progress of loading images: a bar on a terminal, and at most ten lines elsewhere.

    Parameters
    ----------
    total : int
        Number of images.
    verbose : int
        Verbosity. 0 stands for no output.
    """

    def __init__(self, total, verbose):
        self._total, self._done, self._shown = total, 0, 0
        self._is_silent = not verbose
        self._is_terminal = getattr(sys.stdout, "isatty", bool)()
        self._start = self._last = time.monotonic()
        self._bar_width = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """End the line of the bar, also before the message of an error."""
        if self._bar_width:
            print(flush=True)

    def advance(self, n_images):
        """Count images, and show the progress if it is time.

        Parameters
        ----------
        n_images : int
            Number of images loaded since the last call.
        """
        self._done += n_images
        if self._is_silent:
            return
        now, tenth = time.monotonic(), 10 * self._done // self._total
        if self._is_terminal:
            is_due = now - self._last >= _BETWEEN_BARS
        else:
            is_due = now - self._last >= _BETWEEN_LINES and tenth > self._shown
        if not is_due and self._done < self._total:
            return
        self._last, self._shown = now, tenth
        rate = self._done / max(now - self._start, 1e-9)
        text = f"{self._done:,}/{self._total:,} images, {rate:,.0f} images/s"
        if not self._is_terminal:
            # A file or a pipe is buffered: without flush, its reader would see the
            # lines in blocks.
            print(text, flush=True)
            return
        n_full = _WIDTH * self._done // self._total
        bar = f"[{'=' * n_full}{' ' * (_WIDTH - n_full)}] {text}"
        print("\r" + bar.ljust(self._bar_width), end="", flush=True)
        self._bar_width = len(bar)
