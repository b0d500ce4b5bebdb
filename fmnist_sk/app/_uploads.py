"""Reading of uploaded files, with limits that apply while they arrive.

Starlette's form parser writes large uploads to the disk before a size can be checked.
The parser here stops at the first byte over a limit, and holds files in memory only.
"""

import asyncio
from typing import NamedTuple

from .._compat import optional_import
from ._limits import Refusal

#: Name of the form field with pictures.
FIELD = "image"
# Bytes and seconds for which the rest of a refused request is read and dropped. A
# client that is still sending would otherwise see a closed connection, not the reason.
_DROPPED_BYTES, _DROPPED_SECONDS = 100_000_000, 10.0
# Form fields that are no pictures, all of them dropped, and parts altogether.
_MOST_PARTS = 64


class Upload(NamedTuple):
    """Uploaded file: its name, without folders, and its content."""

    name: str
    content: bytes


async def read_uploads(request, limits, hold):
    """Read the pictures of a request.

    Parameters
    ----------
    request : fastapi.Request
        Request with a body of the type multipart/form-data.
    limits : Limits
        Limits of requests.
    hold : callable
        Function that counts bytes in memory, and raises `Refusal` if they are too many.

    Returns
    -------
    uploads : list of Upload
        Files of the form field `FIELD`, at least one.

    Raises
    ------
    Refusal
        If the body has another form, or exceeds a limit.
    """
    stream = _body(request)
    try:
        async with asyncio.timeout(limits.upload_seconds):
            return await _read(request, stream, limits, hold)
    except TimeoutError:
        raise Refusal(
            408, f"The upload took longer than {limits.upload_seconds:g} seconds."
        ) from None
    except Refusal:
        await drop(stream)
        raise


async def _body(request):
    """Yield the pieces of a request's body."""
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "The connection was closed during the upload.")
        yield message.get("body", b"")
        more = message.get("more_body", False)


async def drop(stream):
    """Read the rest of a request for a while, without keeping it."""
    dropped = 0
    try:
        async with asyncio.timeout(_DROPPED_SECONDS):
            async for chunk in stream:
                dropped += len(chunk)
                if dropped > _DROPPED_BYTES:
                    return
    except TimeoutError:
        return


async def _read(request, stream, limits, hold):
    multipart = optional_import(
        "python_multipart.multipart", extra="app", why="The web page"
    )
    kind, options = multipart.parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise Refusal(
            415,
            "The request must have the type multipart/form-data, with a boundary. Send "
            f"pictures as files in the form field {FIELD!r}.",
        )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limits.request_bytes:
        raise _too_large("request", limits.request_bytes)
    form = _Form(limits, multipart.parse_options_header)
    received = 0
    try:
        parser = multipart.MultipartParser(options[b"boundary"], form.callbacks())
        async for chunk in stream:
            received += len(chunk)
            if received > limits.request_bytes:
                raise _too_large("request", limits.request_bytes)
            hold(len(chunk))
            parser.write(chunk)
    except multipart.FormParserError:
        raise _malformed() from None
    if not form.complete:
        raise _malformed()
    if not form.uploads:
        raise Refusal(422, f"The request contains no file in the form field {FIELD!r}.")
    return form.uploads


def _too_large(what, limit):
    return Refusal(413, f"A {what} can have at most {limit / 1e6:g} MB.")


def _malformed():
    return Refusal(400, "The multipart data of the request are incomplete or damaged.")


class _Form:
    """Receiver of the parts of a multipart body.

    Parameters
    ----------
    limits : Limits
        Limits of requests.
    parse_header : callable
        Function that divides the value of a header into value and options.

    Attributes
    ----------
    uploads : list of Upload
        Complete files of the form field `FIELD`.
    complete : bool
        Whether the end of the body has been read.
    """

    def __init__(self, limits, parse_header):
        self._limits, self._parse_header = limits, parse_header
        self.uploads, self.complete = [], False
        self._n_parts = 0

    def callbacks(self):
        """Return the functions that the parser calls."""
        return {
            name: getattr(self, f"_{name}")
            for name in (
                "on_part_begin",
                "on_header_field",
                "on_header_value",
                "on_header_end",
                "on_headers_finished",
                "on_part_data",
                "on_part_end",
                "on_end",
            )
        }

    def _on_part_begin(self):
        self._n_parts += 1
        if self._n_parts > _MOST_PARTS:
            raise Refusal(413, f"A request can have at most {_MOST_PARTS} form fields.")
        self._field, self._value, self._disposition = b"", b"", b""
        self._name, self._content = None, bytearray()

    def _on_header_field(self, data, start, end):
        self._field += data[start:end]

    def _on_header_value(self, data, start, end):
        self._value += data[start:end]

    def _on_header_end(self):
        if self._field.lower() == b"content-disposition":
            self._disposition = self._value
        self._field = self._value = b""

    def _on_headers_finished(self):
        _, options = self._parse_header(self._disposition)
        if options.get(b"name") != FIELD.encode() or b"filename" not in options:
            return
        if len(self.uploads) == self._limits.files:
            raise Refusal(
                413, f"A request can have at most {self._limits.files} pictures."
            )
        self._name = _base_name(options[b"filename"].decode("utf-8", "replace"))

    def _on_part_data(self, data, start, end):
        if self._name is None:
            return
        if len(self._content) + end - start > self._limits.file_bytes:
            raise _too_large("picture", self._limits.file_bytes)
        self._content += data[start:end]

    def _on_part_end(self):
        if self._name is not None:
            self.uploads.append(Upload(self._name, bytes(self._content)))

    def _on_end(self):
        self.complete = True


def _base_name(name):
    """Return the last part of a path, printable and not too long."""
    name = name.replace("\\", "/").rpartition("/")[2]
    return "".join(filter(str.isprintable, name))[-200:] or "picture"
