"""The web page as a process of its own, for the tests that need all of it."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading

import uvicorn


def find_browser():
    """Return the path of an installed Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@contextlib.contextmanager
def serving(*arguments):
    """Run `python -m fmnist_sk app` on a free port.

    Yields
    ------
    server : Server
        Running server.
    """
    server = Server(*arguments)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.close()


class Server:
    """Process of a server, with its address and output."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "fmnist_sk", "app", "--port", "0"]
        self.process = subprocess.Popen(
            [*command, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        self.lines, self.address = [], None
        self._ready = threading.Event()
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for reader in self._readers:
            reader.start()

    def wait_until_ready(self):
        assert self._ready.wait(120), self.output()
        assert self.address, self.output()

    def stop(self, signal):
        """Send a signal, and return the exit status when all output has been read."""
        self.process.send_signal(signal)
        status = self.process.wait(30)
        for reader in self._readers:
            reader.join(30)
        return status

    def close(self):
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join(30)

    def output(self):
        return "\n".join(self.lines)

    def _read(self, stream):
        with stream:
            for line in stream:
                self.lines.append(line.rstrip())
                if line.startswith("Ready: "):
                    self.address = line.split()[1].rstrip("/")
                    self._ready.set()
        if stream is self.process.stdout:  # the process has ended
            self._ready.set()


@contextlib.contextmanager
def in_thread(app, **options):
    """Serve an ASGI application in a thread of this process.

    Yields
    ------
    address : str
        Address of the server.
    """
    config = uvicorn.Config(app, log_config=None, lifespan="on", ws="none", **options)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
