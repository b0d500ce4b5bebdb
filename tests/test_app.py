"""The web page's API: answers, limits, refusals, and the command that starts it."""

import contextlib
import io
import json
import logging
import os
import re
import signal
import socket
import struct
import sys
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from _page import in_thread, serving
from _photographs import photograph
from _picture_files import scene
from PIL import Image
from sklearn.dummy import DummyClassifier

import fmnist_sk
from fmnist_sk import CLASS_NAMES, PhotoConverter, load_pretrained, save_model
from fmnist_sk.__main__ import main
from fmnist_sk.app._api import build_app
from fmnist_sk.app._limits import Limits
from fmnist_sk.app._model import ServedModel
from fmnist_sk.app._server import _listen

STATIC = Path(fmnist_sk.__file__).parent / "app" / "static"


def content_of(picture, kind="PNG", **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def declared(width, height):
    """Return a PNG file of 50 kB or less that declares any size."""

    def chunk(kind, data):
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    row = bytes(1 + (width + 7) // 8)
    squeeze = zlib.compressobj(9)
    data = b"".join(squeeze.compress(row) for _ in range(height)) + squeeze.flush()
    data = chunk(b"IHDR", header) + chunk(b"IDAT", data)
    return b"\x89PNG\r\n\x1a\n" + data + chunk(b"IEND", b"")


PICTURE = content_of(scene())
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.fixture(scope="module")
def dummy(sample):
    """Classifier that predicts without TensorFlow, always the same."""
    model = DummyClassifier().fit(sample.X_train, sample.y_train)
    model.class_names_ = list(CLASS_NAMES)
    return model


@pytest.fixture(scope="module")
def start(dummy):
    """Function that serves a model with limits, and returns a client."""
    with contextlib.ExitStack() as stack:

        def start(limits=None, model=None, root_path="", **options):
            model = model or ServedModel(dummy, "dummy")
            app = build_app(model, limits=limits, **options)
            address = stack.enter_context(in_thread(app, root_path=root_path))
            return stack.enter_context(httpx.Client(base_url=address, timeout=60))

        yield start


@pytest.fixture(scope="module")
def client(start):
    return start()


def post(client, *files, **options):
    """Upload pictures, each a pair of name and content, and return the answer."""
    return client.post("/api/predict", files=[("image", f) for f in files], **options)


# Answers --------------------------------------------------------------------------


def test_results_are_in_the_order_of_the_files(client):
    answer = post(client, ("a.png", PICTURE), ("b.txt", b"text"), ("c.png", PICTURE))
    assert answer.status_code == 200
    first, broken, last = answer.json()["results"]
    assert first.keys() == {"filename", "predictions", "novelty"}
    assert broken.keys() == {"filename", "error"}
    assert [each["filename"] for each in (first, broken, last)] == [
        "a.png",
        "b.txt",
        "c.png",
    ]
    assert {each["name"] for each in first["predictions"]} == set(CLASS_NAMES)
    probabilities = [each["probability"] for each in first["predictions"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1)
    assert broken["error"].startswith("is not a JPEG, ")


def test_explanation_of_a_model_without_layers(client):
    (result,) = post(client, ("a.png", PICTURE), params={"explain": "true"}).json()[
        "results"
    ]
    assert result["image"].startswith("data:image/png;base64,")
    assert result["heat_map"] is None
    assert result["similar"] is None
    assert client.get("/api/model").json()["similar_images"] is False


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("/home/me/shoe.png", "shoe.png"),
        ("C:\\me\\shoe.png", "shoe.png"),
        ("schön ✓.png", "schön ✓.png"),
        ("a\x1b[31m.png", "a[31m.png"),
        ("x" * 500 + ".png", "x" * 196 + ".png"),
    ],
)
def test_file_name_of_a_result(sent, shown, client):
    content = (
        b'--b\r\nContent-Disposition: form-data; name="image"; filename="'
        + sent.replace("\\", "\\\\").encode()
        + b'"\r\n\r\n'
        + PICTURE
        + b"\r\n--b--\r\n"
    )
    answer = client.post(
        "/api/predict",
        content=content,
        headers=MULTIPART,
    )
    (result,) = answer.json()["results"]
    assert result["filename"] == shown


def test_health_model_and_description(client):
    health = client.get("/api/health").json()
    assert health == {
        "status": "ok",
        "version": fmnist_sk.__version__,
        "model": "dummy",
    }
    about = client.get("/api/model").json()
    assert [each["name"] for each in about["classes"]] == list(CLASS_NAMES)
    assert about["image_shape"] == [28, 28, 1]
    description = client.get("/openapi.json").json()
    operation = description["paths"]["/api/predict"]["post"]
    (body,) = operation["requestBody"]["content"].values()
    assert body["schema"]["properties"]["image"]["items"]["format"] == "binary"
    assert {"400", "413", "415", "422", "503"} <= operation["responses"].keys()


# Limits and refusals --------------------------------------------------------------


def refused(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    (detail,) = answer.json().values()
    assert isinstance(detail, str)
    return detail


def test_request_without_a_picture(client):
    assert "'image'" in refused(client.post("/api/predict"), 415)
    assert "'image'" in refused(client.post("/api/predict", json={"image": 1}), 415)
    other = client.post("/api/predict", files={"picture": ("a.png", PICTURE)})
    assert "'image'" in refused(other, 422)
    field = client.post("/api/predict", data={"image": "a"}, files={"x": b""})
    refused(field, 422)
    no_boundary = client.post(
        "/api/predict", content=b"", headers={"Content-Type": "multipart/form-data"}
    )
    refused(no_boundary, 415)


def test_wrong_parameter_path_or_method(client):
    answer = post(client, ("a.png", PICTURE), params={"explain": "perhaps"})
    assert "explain" in refused(answer, 422)
    refused(client.get("/api/predict"), 405)
    refused(client.get("/api/nothing"), 404)
    refused(client.get("/static/../_api.py"), 404)
    refused(client.get("/static/%2e%2e/_api.py"), 404)


def test_limits_of_size_and_number(start):
    limits = Limits(file_bytes=40_000, request_bytes=60_000, files=2)
    client = start(limits)
    assert post(client, ("a.png", PICTURE)).status_code == 200
    large = PICTURE + bytes(40_000)
    assert "picture" in refused(post(client, ("a.png", large)), 413)
    half = PICTURE + bytes(29_000)
    assert "request" in refused(post(client, ("a.png", half), ("b.png", half)), 413)
    three = [("a.png", PICTURE)] * 3
    assert "2 pictures" in refused(post(client, *three), 413)
    fields = client.post("/api/predict", files=[(f"f{i}", b"") for i in range(100)])
    assert "fields" in refused(fields, 413)


def test_size_is_counted_while_the_request_arrives(start):
    """Without a declared length the upload would go on forever."""
    client = start(Limits(request_bytes=100_000))
    sent = 0

    def endless():
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n'
        for _ in range(1000):
            sent += 1
            yield bytes(10_000)

    answer = client.post(
        "/api/predict",
        content=endless(),
        headers=MULTIPART,
    )
    assert "request" in refused(answer, 413)


@pytest.mark.parametrize("size", [(20_000, 20_000), (10_000, 5_000)])
def test_picture_with_too_many_pixels_is_refused_by_its_header(size, client):
    content = declared(*size)
    assert len(content) < 60_000
    start = time.perf_counter()
    answer = post(client, ("large.png", content), ("small.png", PICTURE))
    assert time.perf_counter() - start < 1
    large, small = answer.json()["results"]
    assert "pixels are allowed" in large["error"] or "too many" in large["error"]
    assert "predictions" in small


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not a JPEG"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "HEIC"),
        (PICTURE[:-40], "is not a JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not a JPEG"),
    ],
)
def test_file_that_is_not_a_picture(content, reason, client):
    (result,) = post(client, ("shoe.jpg", content)).json()["results"]
    assert reason in result["error"]
    assert "Pillow" not in result["error"]


def test_malformed_uploads(client):
    """Damaged pictures and bodies get an answer, and the server survives them."""
    rng = np.random.default_rng(0)
    pictures = [content_of(scene(), kind) for kind in ("JPEG", "PNG", "GIF", "TIFF")]
    head = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    for i in range(80):
        content = bytearray(pictures[i % len(pictures)])
        for place in rng.integers(len(content), size=20):
            content[place] = rng.integers(256)
        body = head + bytes(content[: rng.integers(len(content))])
        if i % 2:
            body += b"\r\n--b--\r\n"
        answer = client.post("/api/predict", content=body, headers=MULTIPART)
        assert answer.status_code == (200 if i % 2 else 400), answer.text
    assert post(client, ("a.png", PICTURE)).status_code == 200


def test_busy_server_asks_to_try_again(dummy, start):
    model = ServedModel(dummy, "dummy")
    waiting, go_on = threading.Event(), threading.Event()

    compute = model.compute

    def slow(*arguments):
        waiting.set()
        assert go_on.wait(30)
        return compute(*arguments)

    model.compute = slow
    client = start(Limits(requests=1), model)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(post, client, ("a.png", PICTURE))
        assert waiting.wait(30)
        second = post(client, ("b.png", PICTURE))
        assert "busy" in refused(second, 503)
        assert int(second.headers["retry-after"]) > 0
        assert client.get("/api/health").status_code == 200
        go_on.set()
        assert first.result().status_code == 200
    assert post(client, ("a.png", PICTURE)).status_code == 200


def test_uploads_in_memory_are_limited(start):
    client = start(Limits(held_bytes=2 * len(PICTURE)))
    for _ in range(3):
        assert post(client, ("a.png", PICTURE)).status_code == 200
        refused(post(client, *[("a.png", PICTURE)] * 3), 503)


def test_slow_upload_is_ended(start):
    client = start(Limits(upload_seconds=0.3))

    def slow():
        yield b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n'
        time.sleep(1)
        yield b"a"

    answer = client.post("/api/predict", content=slow(), headers=MULTIPART)
    assert "0.3 seconds" in refused(answer, 408)


def test_upload_that_is_broken_off(start, caplog):
    client = start()
    with (
        caplog.at_level(logging.INFO),
        socket.create_connection(("127.0.0.1", client.base_url.port)) as connection,
    ):
        head = (
            "POST /api/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n"
        )
        kind = "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
        connection.sendall((head + kind).encode())
        time.sleep(0.2)
        connection.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + 10
        while "POST /api/predict 400" not in caplog.text:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert "Traceback" not in caplog.text


# Guard ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/docs", "/api/health", "/static/app.js"])
def test_security_headers(path, client):
    answer = client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] in ("no-cache", "no-store")
    origin = client.get(path, headers={"Origin": "http://example.org"})
    assert "access-control-allow-origin" not in origin.headers


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1:8000", True),
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("[::1]:8000", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("192.168.0.7", False),
        ("", False),
    ],
)
def test_host_of_a_request(host, allowed, client):
    status = client.get("/", headers={"Host": host}).status_code
    assert status == (200 if allowed else 400)


def test_more_hosts(start):
    client = start(allowed_hosts=["a.example", ".b.example"])
    for host, allowed in {
        "a.example": True,
        "A.EXAMPLE:443": True,
        "x.b.example": True,
        "c.example": False,
        "10.0.0.1": False,
    }.items():
        status = client.get("/", headers={"Host": host}).status_code
        assert status == (200 if allowed else 400), host
    client = start(allowed_hosts=["*"])
    assert client.get("/", headers={"Host": "any.example"}).status_code == 200
    client = start(any_address=True)
    for host, allowed in {
        "10.0.0.1:80": True,
        "[fe80::1]": True,
        socket.gethostname(): True,
        "evil.example": False,
    }.items():
        status = client.get("/", headers={"Host": host}).status_code
        assert status == (200 if allowed else 400), host


def test_uploads_from_other_web_pages_are_refused(client):
    for origin, status in {"same-origin": 200, "cross-site": 403}.items():
        headers = {"Sec-Fetch-Site": origin}
        assert post(client, ("a.png", PICTURE), headers=headers).status_code == status


def test_log_has_no_names_of_files(client, caplog):
    with caplog.at_level(logging.INFO, logger="fmnist_sk.app"):
        post(client, ("secret.png", PICTURE), params={"explain": "true"})
        client.get("/x%0Aforged")
    lines = [record.getMessage() for record in caplog.records]
    assert re.fullmatch(r"POST /api/predict 200 \d+ ms", lines[0])
    assert re.fullmatch(r"GET /x%0Aforged 404 \d+ ms", lines[1])


def test_page_loads_nothing_from_elsewhere():
    names = {path.name for path in STATIC.iterdir()}
    assert {"index.html", "style.css", "app.js", "docs.html", "docs.js"} <= names
    for path in STATIC.glob("*.*s*"):
        if path.suffix in (".html", ".css", ".js"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"https?://|//cdn|@import|<script>", text), path


def test_links_of_the_page_are_relative():
    """The page then works under any path of a reverse proxy."""
    for name in ("index.html", "docs.html"):
        text = (STATIC / name).read_text(encoding="utf-8")
        links = re.findall(r'(?:href|src)="([^"]*)"', text)
        assert links
        assert not [link for link in links if link.startswith("/")]
        for link in links:
            if link.startswith("static/"):
                assert (STATIC.parent / link).exists(), link


def test_page_behind_a_proxy(start):
    """A proxy removes the path before it passes a request on."""
    client = start(root_path="/clothes")
    assert client.get("/api/health").status_code == 200
    assert client.get("/static/app.js").status_code == 200
    servers = client.get("/openapi.json").json()["servers"]
    assert servers == [{"url": "/clothes"}]


# The command ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["m.joblib", "m.pkl", "model", "m.PICKLE"])
def test_pickles_are_refused_before_they_are_opened(name, tmp_path, capsys):
    code = f"(S{str(tmp_path / 'exploded')!r}\nios\nmkdir\n."
    (tmp_path / name).write_bytes(code.encode())
    assert main(["app", "--port", "0", "--model", str(tmp_path / name)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "only loads models from .skops and .onnx files" in line
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("name", ["m.skops", "m.SKOPS", "m.onnx", "m.Onnx"])
def test_pickles_with_other_names_are_not_run(name, tmp_path, capsys):
    code = f"(S{str(tmp_path / 'exploded')!r}\nios\nmkdir\n."
    (tmp_path / name).write_bytes(code.encode())
    assert main(["app", "--port", "0", "--model", str(tmp_path / name)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert name in line
    assert not (tmp_path / "exploded").exists()


def test_port_in_use(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["app", "--port", str(port)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"fmnist-sk: error: port {port} of 127.0.0.1 is in use")


def test_answers_are_not_delayed():
    """asyncio sets TCP_NODELAY only for sockets whose protocol is given."""
    with _listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize("option", [("--port", "70000"), ("--port", "x")])
def test_wrong_port(option, capsys):
    with pytest.raises(SystemExit) as end:
        main(["app", *option])
    assert end.value.code == 2
    assert "not an integer from 0 to 65535" in capsys.readouterr().err


def test_missing_package_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["app", "--port", "0"]) == 1
    assert "pip install 'fmnist-sk[app]'" in capsys.readouterr().err


@pytest.fixture(scope="module")
def model_path(dummy, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.skops"
    save_model(dummy, path)
    return path


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 0), ("SIGINT", 130)])
def test_signals_stop_the_server(name, status, model_path):
    with serving("--model", model_path, "--class-names", "fashion-mnist") as server:
        files = {"image": ("secret.png", PICTURE)}
        assert httpx.post(f"{server.address}/api/predict", files=files).is_success
        assert server.stop(getattr(signal, name)) == status
        output = server.output()
    assert "Traceback" not in output
    assert "secret" not in output
    assert re.search(r" POST /api/predict 200 \d+ ms$", output, re.M)


def test_address_for_other_machines_gets_a_warning(model_path):
    with serving("--model", model_path, "--host", "0.0.0.0") as server:
        assert "can be reached from other machines" in server.output()
        assert httpx.get(f"{server.address}/api/health").is_success


@pytest.fixture(scope="module")
def live():
    """Server with the default model."""
    with serving() as server:
        yield server


def test_predictions_are_those_of_the_model(live, sample):
    rng, files = np.random.default_rng(0), []
    for i in range(4):
        picture = photograph(sample.X_test[i].reshape(28, 28), rng, coloured=True)
        files.append((f"{i}.jpg", content_of(picture, "JPEG", quality=90)))
    answer = httpx.post(
        f"{live.address}/api/predict",
        files=[("image", file) for file in files],
        timeout=60,
    )
    streams = [io.BytesIO(content) for _, content in files]
    images = PhotoConverter().transform(streams)
    for result, row in zip(
        answer.json()["results"], load_pretrained().predict_proba(images), strict=True
    ):
        by_label = sorted(result["predictions"], key=lambda each: each["label"])
        found = [each["probability"] for each in by_label]
        assert result["novelty"].keys() == {"score", "is_novel"}
        np.testing.assert_allclose(found, row, atol=1e-4)


def test_explanation(live, sample):
    picture = Image.fromarray(sample.X_train[0].reshape(28, 28))
    files = {"image": ("train.png", content_of(picture))}
    url = f"{live.address}/api/predict?explain=true"
    for _ in range(60):  # similar images are known after some seconds
        (result,) = httpx.post(url, files=files, timeout=60).json()["results"]
        if result["similar"]:
            break
        time.sleep(1)
    heat_map = np.array(result["heat_map"])
    assert heat_map.shape == (28, 28)
    assert heat_map.max() == 1
    assert len(result["similar"]) == 5
    # It is a training image itself, in the size of the model's images.
    nearest = result["similar"][0]
    assert nearest["image"] == result["image"]
    assert nearest["similarity"] == pytest.approx(1, abs=1e-3)
    assert nearest["label"] == sample.y_train[0]


def test_many_clients_at_once(live):
    files = {"image": ("a.jpg", content_of(scene(), "JPEG"))}
    with httpx.Client(timeout=60) as client, ThreadPoolExecutor(16) as pool:
        url = f"{live.address}/api/predict"
        answers = list(pool.map(lambda _: client.post(url, files=files), range(64)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({json.dumps(answer.json()) for answer in answers}) == 1
