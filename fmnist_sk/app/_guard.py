"""Guard in front of the page: hosts, security headers, and the access log."""

import ipaddress
import json
import logging
import socket
import time

#: Log of the requests: method, path, status and time, but no name of a file.
ACCESS_LOG = logging.getLogger("fmnist_sk.app")

# The page loads everything from its own address. No other page may show it in a frame,
# or read its answers, because there are no headers for other origins.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_ENCODED = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]


class Guard:
    """ASGI middleware that checks where a request comes from.

    A web page of somebody else can let its own host name point to 127.0.0.1, and its
    scripts could then use a server on the visitor's machine (DNS rebinding). Such
    requests have the other page's name as their host, so only known names are allowed.
    An IP address as host cannot be rebound.

    Parameters
    ----------
    app : callable
        ASGI application.
    allowed_hosts : sequence of str or "*"
        Names of hosts to allow beside localhost and loopback addresses. A name that
        begins with a dot allows all names that end in it.
    any_address : bool
        Whether to allow every IP address and the name of this machine.
    """

    def __init__(self, app, *, allowed_hosts=(), any_address=False):
        self._app = app
        self._all = "*" in allowed_hosts
        self._names = {"localhost", *(name.lower() for name in allowed_hosts)}
        if any_address:
            self._names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
        self._any_address = any_address

    async def __call__(self, scope, receive, send):
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.perf_counter(), 500

        async def send_guarded(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", ()))
                if not any(name == b"cache-control" for name, _ in headers):
                    # A newer version of the package must not meet old scripts.
                    headers.append((b"cache-control", b"no-cache"))
                message = {**message, "headers": headers + _ENCODED}
            await send(message)

        try:
            refusal = self._refusal(scope)
            if refusal:
                await _answer(*refusal, send_guarded)
            else:
                await self._app(scope, receive, send_guarded)
        finally:
            path = scope.get("raw_path") or scope["path"].encode()
            ACCESS_LOG.info(
                "%s %s %d %.0f ms",
                scope["method"],
                path.decode("ascii", "backslashreplace"),
                status,
                1000 * (time.perf_counter() - start),
            )

    def _refusal(self, scope):
        """Return status and reason if a request is not allowed."""
        headers = dict(scope["headers"])
        if not self._allows(headers.get(b"host", b"").decode("latin-1")):
            return 400, (
                "This host name is not allowed. The server's administrator can allow "
                "it with --allowed-host."
            )
        # Browsers say where a request comes from. Other clients do not.
        origin = headers.get(b"sec-fetch-site", b"none")
        if scope["method"] == "POST" and origin not in (b"same-origin", b"none"):
            return 403, "Requests from other web pages are not allowed."
        return None

    def _allows(self, host):
        if self._all:
            return True
        name = host.rpartition("]")[0].lstrip("[") or host.partition(":")[0]
        name = name.lower().rstrip(".")
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name in self._names or any(
                name.endswith(each) for each in self._names if each.startswith(".")
            )
        return self._any_address or address.is_loopback or name in self._names


async def _answer(status, detail, send):
    body = json.dumps({"detail": detail}).encode()
    headers = [(b"content-type", b"application/json")]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
