"""Limits of requests, and the gate that holds the number of requests at once."""

from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits that keep memory and waiting times bounded, whatever is sent.

    Attributes
    ----------
    file_bytes : int
        Size of one picture file. Phones write files of 2 to 8 MB.
    request_bytes : int
        Size of one request.
    files : int
        Pictures of one request.
    pixels : int
        Pixels of one picture, width times height. Converting one takes up to 15 bytes
        per pixel for a moment. Most phones take photographs of 12 or 24 megapixels.
    requests : int
        Requests that are read, waiting or predicted at once. Others are told to try
        again.
    held_bytes : int
        Size of all uploads in memory at once.
    upload_seconds : float
        Time that a client has to send a request.
    """

    file_bytes: int = 10_000_000
    request_bytes: int = 32_000_000
    files: int = 16
    pixels: int = 25_000_000
    requests: int = 64
    held_bytes: int = 256_000_000
    upload_seconds: float = 60.0


class Refusal(Exception):
    """Request that is answered with an error.

    Parameters
    ----------
    status : int
        Status code of HTTP.
    detail : str
        Reason, for the client.
    """

    def __init__(self, status, detail):
        super().__init__(detail)
        self.status, self.detail = status, detail

    @property
    def headers(self):
        """Return the headers of the answer."""
        return {"Retry-After": "2"} if self.status == 503 else {}


class Gate:
    """Number of requests, and size of their uploads, that are being worked on.

    All methods are called on the thread of the event loop, so that no lock is needed.

    Parameters
    ----------
    limits : Limits
        Limits of requests.
    """

    def __init__(self, limits):
        self._limits = limits
        self.requests = self.held_bytes = 0

    @contextmanager
    def admit(self):
        """Count a request, and forget it and its upload afterwards.

        Yields
        ------
        hold : callable
            Function that counts bytes of the upload.

        Raises
        ------
        Refusal
            If there are too many requests. `hold` raises it as well.
        """
        if self.requests >= self._limits.requests:
            raise self._busy()
        self.requests += 1
        held = 0

        def hold(n_bytes):
            nonlocal held
            if self.held_bytes + n_bytes > self._limits.held_bytes:
                raise self._busy()
            held += n_bytes
            self.held_bytes += n_bytes

        try:
            yield hold
        finally:
            self.requests -= 1
            self.held_bytes -= held

    @staticmethod
    def _busy():
        return Refusal(503, "The server is busy. Try again in a few seconds.")
