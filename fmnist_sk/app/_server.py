"""The command app: address, model, server and signals."""

import errno
import ipaddress
import logging
import os
import signal
import socket
import sys
import warnings
from contextlib import contextmanager

from PIL import Image

from .._cli import CommandError, announce
from .._compat import optional_import
from . import create_app
from ._guard import ACCESS_LOG

# Connections at once. Browsers open up to six each.
_CONNECTIONS = 512
# Seconds that running requests have after a signal.
_GRACE = 5


def run_server(args):
    """Run the command `app`.

    Parameters
    ----------
    args : argparse.Namespace
        Parsed arguments.

    Returns
    -------
    status : int
        0 after SIGTERM. Ctrl-C raises a KeyboardInterrupt when all is cleaned up.
    """
    optional_import("fastapi", extra="app", why="The web page")
    optional_import("uvicorn", extra="app", why="The web page")
    # uvicorn repeats a signal when it has shut down.
    former = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with _listen(args.host, args.port) as listener, _logs():
            _serve(args, listener)
    finally:
        signal.signal(signal.SIGTERM, former)
    return 0


def _serve(args, listener):
    """Load the model, and answer requests until a signal arrives."""
    uvicorn = optional_import("uvicorn", extra="app", why="The web page")
    loopback = _is_loopback(listener)
    if not loopback:
        warnings.warn(
            f"The page can be reached from other machines ({args.host}). Anyone who "
            "reaches it can use the model. There is no login and no encryption.",
            stacklevel=2,
        )
    announce(f"Loading the model {args.model} ...")
    app = create_app(
        args.model,
        mode=args.mode,
        class_names=args.class_names,
        white=args.white,
        allowed_hosts=args.allowed_host,
        any_address=not loopback,
    )
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        root_path=args.root_path.rstrip("/"),
        proxy_headers=True,
        forwarded_allow_ips=args.forwarded_allow_ips,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE,
    )

    class Server(uvicorn.Server):
        async def startup(self, *args, **kwargs):
            await super().startup(*args, **kwargs)
            announce(f"Ready: {_url(listener)} (stop with Ctrl-C)")

    Server(config).run(sockets=[listener])


def _listen(host, port):
    """Return a socket that listens, before the model is loaded, which takes longer."""
    try:
        (family, *_, address), *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise CommandError(
            f"--host: {host!r} is not an address ({error.strerror})"
        ) from error
    # asyncio turns off Nagle's algorithm, which would delay each answer by 40 ms, only
    # for sockets whose protocol is given. `socket.create_server` leaves it open.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere, two servers could share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
        return listener
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"port {port} of {host} is in use by another program. Choose another "
                "port with --port, or 0 for any free port."
            ) from error
        raise CommandError(
            f"cannot listen on port {port} of {host} ({error.strerror})"
        ) from error


def _is_loopback(listener):
    host = listener.getsockname()[0].partition("%")[0]
    return ipaddress.ip_address(host).is_loopback


def _url(listener):
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


@contextmanager
def _logs():
    """Log requests and the server's errors to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logs = {ACCESS_LOG: logging.INFO, logging.getLogger("uvicorn"): logging.WARNING}
    for log, level in logs.items():
        log.addHandler(handler)
        log.setLevel(level)
    # A picture that is too large is refused, without a line about it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            yield
        finally:
            for log in logs:
                log.removeHandler(handler)
