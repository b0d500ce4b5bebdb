"""Files of Fashion-MNIST: search, damage, download."""

import contextlib
import dataclasses
import gzip
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from _idx_files import TRAIN_IMAGES, altered, pixels, put

from fmnist_sk import fetch_fashion_mnist
from fmnist_sk.datasets import _fashion_mnist, _files

# The search


@pytest.fixture
def homes(tiny, tmp_path, monkeypatch):
    """Five empty folders in the order of the search."""
    monkeypatch.setenv("FMNIST_SK_DATA", str(tmp_path / "env"))
    return [
        tmp_path / "home",
        tmp_path / "env",
        tmp_path / "debian",
        tmp_path / "keras" / "datasets" / "fashion-mnist",
        tmp_path / "sklearn" / "fashion_mnist",
    ]


@pytest.mark.parametrize("position", range(5))
def test_first_folder_that_has_the_files_wins(tiny, homes, position):
    put(tiny, homes[position])
    for later in homes[position + 1 :]:
        put(dict.fromkeys(tiny, b"broken"), later)
    X, y = fetch_fashion_mnist(data_home=homes[0], return_X_y=True)
    np.testing.assert_array_equal(X, pixels(tiny))
    assert y.tolist() == [*range(10)] * 2


@pytest.mark.parametrize("position", range(5))
def test_broken_file_is_never_passed_over(tiny, homes, position):
    put(dict.fromkeys(tiny, b"broken"), homes[position])
    for later in homes[position + 1 :]:
        put(tiny, later)
    with pytest.raises(OSError, match="truncated") as caught:
        fetch_fashion_mnist(data_home=homes[0])
    assert str(homes[position] / f"{TRAIN_IMAGES}.gz") in str(caught.value)


def test_folders_may_share_the_files(tiny, homes):
    names = iter(tiny)
    for home in homes[:4]:
        name = next(names)
        put({name: tiny[name]}, home)
    X, _ = fetch_fashion_mnist(data_home=homes[0], subset="all", return_X_y=True)
    np.testing.assert_array_equal(X[:20], pixels(tiny))
    np.testing.assert_array_equal(X[20:], pixels(tiny, "t10k-images-idx3-ubyte"))


def test_unpacked_files(tiny, tmp_path):
    put(tiny, tmp_path / "plain", packed=False)
    X, _ = fetch_fashion_mnist(data_home=str(tmp_path / "plain"), return_X_y=True)
    np.testing.assert_array_equal(X, pixels(tiny))


def test_home_in_the_users_folder(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    put(tiny, tmp_path / "mine")
    X, _ = fetch_fashion_mnist(data_home="~/mine", return_X_y=True)
    np.testing.assert_array_equal(X, pixels(tiny))


def test_one_subset_needs_only_its_own_files(tiny, tmp_path):
    put({name: tiny[name] for name in tiny if name.startswith("t10k")}, tmp_path)
    assert len(fetch_fashion_mnist(data_home=tmp_path, subset="test").data) == 10
    with pytest.raises(FileNotFoundError, match=TRAIN_IMAGES):
        fetch_fashion_mnist(data_home=tmp_path, subset="all", download_if_missing=False)


@pytest.mark.parametrize("download_if_missing", [True, False])
def test_nowhere_to_be_found(homes, download_if_missing):
    with pytest.raises(OSError, match="not found") as caught:
        fetch_fashion_mnist(
            data_home=homes[0],
            download_if_missing=download_if_missing,
            n_retries=0,
        )
    message = str(caught.value)
    for word in (
        *map(str, homes),
        "apt-get install dataset-fashion-mnist",
        "https://github.com/zalandoresearch/fashion-mnist",
        "data_home",
        "FMNIST_SK_DATA",
        "download_if_missing",
        "load_fashion_mnist_sample()",
    ):
        assert word in message


def test_a_search_makes_no_folders(homes, tmp_path):
    with pytest.raises(FileNotFoundError):
        fetch_fashion_mnist(data_home=homes[0], download_if_missing=False)
    assert list(tmp_path.iterdir()) == []


# Damage


CONTENT_DAMAGE = {
    "pixel": (lambda c: altered(c, 5000), "SHA-256"),
    "magic": (lambda c: altered(c, 2), "magic number is 0x00000903"),
    "count": (lambda c: altered(c, 7), r"shape \(21, 28, 28\), not \(20, 28, 28\)"),
    "cut short": (lambda c: c[:-1], "truncated"),
    "no header": (lambda c: c[:10], "truncated"),
    "too long": (lambda c: c + b"\0", "longer"),
    "empty": (lambda c: b"", "truncated"),
}
GZIP_DAMAGE = {
    "truncated": (lambda c: c[: len(c) // 2], "truncated"),
    "without its end": (lambda c: c[:-4], "truncated"),
    "checksum": (lambda c: altered(c, -8), "cannot be decompressed"),
    "stream": (lambda c: altered(c, 5000), "cannot be decompressed"),
    "web page": (lambda c: b"<html>Not here</html>", "cannot be decompressed"),
    "empty": (lambda c: b"", "truncated"),
}


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("damage", CONTENT_DAMAGE)
def test_damaged_content(tiny, tmp_path, damage, packed):
    harm, words = CONTENT_DAMAGE[damage]
    put({**tiny, TRAIN_IMAGES: harm(tiny[TRAIN_IMAGES])}, tmp_path, packed=packed)
    with pytest.raises(OSError, match=words) as caught:
        fetch_fashion_mnist(data_home=tmp_path)
    assert str(tmp_path / TRAIN_IMAGES) in str(caught.value)
    assert "Delete the file" in str(caught.value)
    # Code that falls back to the sample if the data are missing must not do so here.
    assert not isinstance(caught.value, FileNotFoundError)


@pytest.mark.parametrize("damage", GZIP_DAMAGE)
def test_damaged_gzip(tiny, tmp_path, damage):
    harm, words = GZIP_DAMAGE[damage]
    put(tiny, tmp_path)
    path = tmp_path / f"{TRAIN_IMAGES}.gz"
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(OSError, match=words) as caught:
        fetch_fashion_mnist(data_home=tmp_path)
    assert str(path) in str(caught.value)


def test_damaged_labels(tiny, tmp_path):
    name = "train-labels-idx1-ubyte"
    put({**tiny, name: altered(tiny[name], -1)}, tmp_path)
    with pytest.raises(OSError, match=name):
        fetch_fashion_mnist(data_home=tmp_path)


# The download


class Mirror(ThreadingHTTPServer):
    """Web server of the tiny data set whose first responses are faulty."""

    daemon_threads = True

    def __init__(self, contents):
        super().__init__(("127.0.0.1", 0), MirrorHandler)
        self.bodies = {
            f"/{name}.gz": gzip.compress(content) for name, content in contents.items()
        }
        self.faults = []
        self.requests = []
        self.barrier = None
        self.n_sent = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"


class MirrorHandler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.requests.append(self.path)
        if server.barrier is not None:
            server.barrier.wait(timeout=20)
        body = server.bodies[self.path]
        fault = server.faults.pop(0) if server.faults else None
        if fault == "hang up":
            self.close_connection = True
            return
        self.send_response(500 if fault == "status" else 200)
        if fault != "endless":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault == "endless":
            with contextlib.suppress(ConnectionError):
                while True:
                    self.wfile.write(bytes(2**16))
                    server.n_sent += 2**16
            return
        if fault == "truncated":
            body = body[: len(body) // 2]
            self.close_connection = True
        if fault == "altered":
            body = gzip.compress(altered(gzip.decompress(body), -1))[: len(body)]
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def use_mirrors(monkeypatch, *urls):
    dataset = dataclasses.replace(_fashion_mnist.FASHION_MNIST, mirrors=urls)
    monkeypatch.setattr(_fashion_mnist, "FASHION_MNIST", dataset)


@pytest.fixture
def mirror(tiny, monkeypatch):
    with Mirror(tiny) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        use_mirrors(monkeypatch, server.url)
        yield server
        server.shutdown()
        thread.join()


def fetch_again_and_again(**params):
    return fetch_fashion_mnist(return_X_y=True, delay=0, **params)


@pytest.mark.parametrize("place", ["data_home", "FMNIST_SK_DATA", "cache"])
def test_download_is_kept(tiny, mirror, homes, monkeypatch, place):
    folder = {"data_home": homes[0], "FMNIST_SK_DATA": homes[1], "cache": homes[4]}
    if place != "FMNIST_SK_DATA":
        monkeypatch.delenv("FMNIST_SK_DATA")
    params = {"data_home": homes[0]} if place == "data_home" else {}
    X, y = fetch_again_and_again(**params)
    np.testing.assert_array_equal(X, pixels(tiny))
    assert y.tolist() == [*range(10)] * 2
    assert sorted(f"/{path.name}" for path in folder[place].iterdir()) == sorted(
        mirror.requests
    )

    again, _ = fetch_again_and_again(**params, download_if_missing=False)
    np.testing.assert_array_equal(again, X)
    assert len(mirror.requests) == 2


def test_only_what_is_missing_is_downloaded(tiny, mirror, tmp_path):
    put({TRAIN_IMAGES: tiny[TRAIN_IMAGES]}, tmp_path)
    fetch_again_and_again(data_home=tmp_path)
    assert mirror.requests == ["/train-labels-idx1-ubyte.gz"]


FAULTS = {
    "status": "HTTP Error 500",
    "truncated": "truncated",
    "altered": "SHA-256|cannot be decompressed|truncated",
    "hang up": "closed connection",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_failed_download_is_tried_again(tiny, mirror, tmp_path, fault):
    mirror.faults = [fault, fault]
    with pytest.warns(UserWarning, match=f"Retry downloading {TRAIN_IMAGES}") as record:
        X, _ = fetch_again_and_again(data_home=tmp_path, n_retries=2)
    assert len(record) == 2
    np.testing.assert_array_equal(X, pixels(tiny))
    assert len(list(tmp_path.glob("*ubyte*"))) == 2


@pytest.mark.parametrize("fault", FAULTS)
def test_failed_download_leaves_nothing(mirror, tmp_path, fault):
    mirror.faults = [fault]
    home = tmp_path / "home"
    with pytest.raises(FileNotFoundError, match=FAULTS[fault]) as caught:
        fetch_again_and_again(data_home=home, n_retries=0)
    assert f"{mirror.url}{TRAIN_IMAGES}.gz" in str(caught.value)
    assert "load_fashion_mnist_sample" in str(caught.value)
    assert list(home.iterdir()) == []


def test_an_endless_download_stops_at_the_largest_possible_size(mirror, tmp_path):
    mirror.faults = ["endless"]
    with pytest.raises(FileNotFoundError, match=r"it is longer than [\d,]+ bytes"):
        fetch_again_and_again(data_home=tmp_path, n_retries=0)
    assert mirror.n_sent < 10 * 2**20  # including what the sockets buffer
    assert list(tmp_path.iterdir()) == []


def test_incompressible_data_can_be_downloaded():
    file = _files.IdxFile("noise", (10, 28, 28), "")
    noise = np.random.default_rng(0).bytes(16 + 10 * 28 * 28)
    for level in 0, 9:
        size = len(gzip.compress(noise, compresslevel=level))
        assert size <= _files._largest_packed_size(file)


def test_next_mirror_is_asked_at_once(tiny, mirror, tmp_path, monkeypatch):
    with socket.socket() as nobody:  # the port is bound, but nothing listens on it
        nobody.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        use_mirrors(monkeypatch, dead, mirror.url)
        X, _ = fetch_again_and_again(data_home=tmp_path, n_retries=0)
    np.testing.assert_array_equal(X, pixels(tiny))


def test_delay_between_tries(mirror, tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr(_files.time, "sleep", waits.append)
    mirror.faults = ["status"] * 2
    with pytest.warns(UserWarning, match="Retry"):
        fetch_fashion_mnist(data_home=tmp_path, delay=2.5)
    assert waits == [2.5, 2.5]


def test_broken_file_is_not_replaced_by_a_download(tiny, mirror, tmp_path):
    put(dict.fromkeys(tiny, b"broken"), tmp_path)
    with pytest.raises(OSError, match="truncated"):
        fetch_again_and_again(data_home=tmp_path)
    assert mirror.requests == []


def test_folder_that_cannot_be_made(mirror, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileNotFoundError, match=r"download to .*file.* failed"):
        fetch_again_and_again(data_home=tmp_path / "file" / "home")
    assert mirror.requests == []


def test_two_downloads_at_once(tiny, mirror, tmp_path):
    mirror.barrier = threading.Barrier(2)  # both downloads overlap
    with ThreadPoolExecutor(2) as pool:
        futures = [
            pool.submit(fetch_again_and_again, data_home=tmp_path, n_retries=0)
            for _ in range(2)
        ]
        for future in futures:
            X, y = future.result()
            np.testing.assert_array_equal(X, pixels(tiny))
            assert y.tolist() == [*range(10)] * 2
    assert sorted(path.name for path in tmp_path.glob("*ubyte*")) == [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
    ]
