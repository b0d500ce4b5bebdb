"""Measurements of the web page and its API: speed, load, and refused uploads.

Starts `python -m fmnist_sk app` with the default model, and sends requests from another
process on the same machine. Photographs are test images of the sample, enlarged to 400
pixels on a coloured background, as JPEG files.
"""

import http.client
import io
import statistics
import struct
import subprocess
import sys
import threading
import time
import zlib

import numpy as np
import psutil
from common import Worker, arguments_for, median_ms, run
from PIL import Image

from fmnist_sk import load_fashion_mnist_sample

MODEL = "fashion-mnist"
KIND = {"Content-Type": "multipart/form-data; boundary=b"}
HEAD = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
END = b"\r\n--b--\r\n"
SETTINGS = {"seconds": 60.0, "clients": 32}


class Server:
    """Running page.

    Attributes
    ----------
    port : int
        Port of the page.
    seconds : float
        Time from the start of the process until the page is usable.
    process : psutil.Process
        Process of the server.
    """

    def __init__(self):
        start = time.perf_counter()
        self._running = subprocess.Popen(
            [sys.executable, "-m", "fmnist_sk", "app", "--port", "0", "--model", MODEL],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        lines = iter(self._running.stdout.readline, "")
        ready = next((line for line in lines if line.startswith("Ready: ")), None)
        if ready is None:
            raise SystemExit("The server did not start.")
        self.port = int(ready.split()[1].rstrip("/").rpartition(":")[2])
        assert request(self.port, "GET", "/")[0] == 200
        self.seconds = time.perf_counter() - start
        self.process = psutil.Process(self._running.pid)

    def memory(self):
        """Return the resident memory in MB."""
        return self.process.memory_info().rss / 1e6

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._running.terminate()
        self._running.wait()
        self._running.stdout.close()


def request(port, method, path, body=None):
    """Send a request on a new connection, and return status and content."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, KIND if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def photographs(n_photographs):
    """Return JPEG files of photographs."""
    X, _ = load_fashion_mnist_sample(subset="test", return_X_y=True)
    rng, files = np.random.default_rng(0), []
    for row in X[:n_photographs]:
        image = Image.fromarray(row.reshape(28, 28)).resize((300, 300), Image.BICUBIC)
        garment = np.pad(np.asarray(image) / 255, 50)[..., np.newaxis]
        back, front = rng.uniform(170, 255, 3), rng.uniform(0, 110, 3)
        pixels = back + (front - back) * garment + rng.normal(0, 4, garment.shape)
        stream = io.BytesIO()
        picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
        picture.save(stream, "JPEG", quality=90)
        files.append(stream.getvalue())
    return files


def start():
    """Start of the server until the page is usable, median of 3"""
    seconds = []
    for _ in range(3):
        with Server() as server:
            seconds.append(server.seconds)
    median = statistics.median(seconds)
    return [("from the command to the page", f"{median:.2f} s")], {"seconds": seconds}


def one_photograph():
    """Answer for one photograph, conversion included, 500 requests one by one"""
    rows, values = [], {}
    with Server() as server:
        time.sleep(10)  # until the similar images are known
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        bodies = [HEAD + file + END for file in photographs(50)]
        for name, path in {
            "prediction": "/api/predict",
            "with explanations": "/api/predict?explain=true",
        }.items():
            times = []

            def send(i, path=path):
                connection.request("POST", path, bodies[i % 50], KIND)
                answer = connection.getresponse()
                assert answer.status == 200
                answer.read()

            median_ms(send, 50)
            for i in range(500):
                begin = time.perf_counter()
                send(i)
                times.append(1000 * (time.perf_counter() - begin))
            median, p95 = np.percentile(times, [50, 95])
            rows.append((name, f"median {median:.1f} ms, 95 % within {p95:.1f} ms"))
            values[name] = times
        connection.close()
    return rows, values


def many_clients():
    """Many clients at once, each with a photograph after the other"""
    clients, seconds = SETTINGS["clients"], SETTINGS["seconds"]
    with Server() as server:
        worker = Worker(_clients_worker)
        worker("load", server.port, clients, 5.0)
        time.sleep(10)
        before = server.memory()
        found, _ = worker("load", server.port, clients, seconds)
        after = server.memory()
        worker.close()
    values = {**found, "mb_before": before, "mb_after": after}
    return [
        ("clients and seconds", f"{clients} for {seconds:g} s"),
        ("errors", str(found["errors"])),
        ("requests per second", f"{found['requests'] / seconds:.0f}"),
        ("median time of an answer", f"{found['median_ms']:.0f} ms"),
        ("memory of the server", f"{before:.0f} MB before, {after:.0f} MB after"),
    ], values


def _clients_worker():
    files = photographs(50)

    def load(port, clients, seconds):
        end, times, errors = time.perf_counter() + seconds, [], []

        def client(first):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            i = first
            while time.perf_counter() < end:
                i += 1
                begin = time.perf_counter()
                try:
                    body = HEAD + files[i % len(files)] + END
                    connection.request("POST", "/api/predict", body, KIND)
                    answer = connection.getresponse()
                    content = answer.read()
                    if answer.status != 200 or b'"error"' in content:
                        errors.append(answer.status)
                except OSError as error:
                    errors.append(repr(error))
                    connection.close()
                times.append(time.perf_counter() - begin)
            connection.close()

        threads = [threading.Thread(target=client, args=(i,)) for i in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {
            "requests": len(times),
            "errors": len(errors),
            "median_ms": 1000 * statistics.median(times),
        }

    return {"load": load}


def refused_uploads():
    """A picture of 50 megapixels, a bomb, and 1,000 malformed uploads"""
    rng, rows = np.random.default_rng(0), []
    with Server() as server:
        for name, size in {"50": (10_000, 5_000), "400": (20_000, 20_000)}.items():
            content = _declared(*size)
            begin = time.perf_counter()
            status, answer = request(
                server.port, "POST", "/api/predict", HEAD + content + END
            )
            taken = 1000 * (time.perf_counter() - begin)
            refused = status == 200 and b'"error"' in answer
            what = f"{name} megapixels in {len(content) / 1000:.0f} kB"
            rows.append((what, f"{'refused' if refused else status}, {taken:.0f} ms"))
        before, statuses = server.memory(), []
        files = photographs(20)
        for i in range(1000):
            content = bytearray(files[i % len(files)])
            for place in rng.integers(len(content), size=20):
                content[place] = rng.integers(256)
            body = HEAD + content[: rng.integers(len(content))]
            if i % 2:
                body += END
            statuses.append(request(server.port, "POST", "/api/predict", bytes(body)))
        begin = time.perf_counter()
        status, answer = request(
            server.port, "POST", "/api/predict", HEAD + files[0] + END
        )
        alive = status == 200 and b'"predictions"' in answer
        taken = 1000 * (time.perf_counter() - begin)
        after = server.memory()
    # A damaged JPEG file may still be a picture.
    n_refused = sum(status == 400 or b'"error"' in text for status, text in statuses)
    others = sum(status not in (200, 400) for status, _ in statuses)
    rows += [
        ("malformed uploads refused", f"{n_refused} of 1,000"),
        ("other statuses than 200 and 400", str(others)),
        ("answer afterwards", f"{'correct' if alive else status}, {taken:.0f} ms"),
        ("memory of the server", f"{before:.0f} MB before, {after:.0f} MB after"),
    ]
    return rows, dict(rows)


def _declared(width, height):
    """Return a small PNG file that declares a size."""

    def chunk(kind, data):
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = zlib.compress(bytes(height * (1 + (width + 7) // 8)), 9)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", data)
    return b"\x89PNG\r\n\x1a\n" + data + chunk(b"IEND", b"")


MEASUREMENTS = [start, one_photograph, many_clients, refused_uploads]

if __name__ == "__main__":
    arguments = arguments_for(
        MEASUREMENTS,
        __doc__,
        seconds=(SETTINGS["seconds"], "duration of the load"),
        clients=(SETTINGS["clients"], "number of clients at once"),
    )
    SETTINGS.update(seconds=arguments.seconds, clients=arguments.clients)
    run(MEASUREMENTS, arguments)
