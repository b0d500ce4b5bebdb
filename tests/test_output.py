"""Output of a fit in a new process: progress on stdout, TensorFlow's log on stderr."""

import os
import subprocess
import sys

import pytest

from fmnist_sk import _engine

FIT = """
import numpy as np
from fmnist_sk import FashionCNNClassifier

rng = np.random.default_rng(0)
X, y = rng.integers(256, size=(40, 64), dtype=np.uint8), np.arange(40) % 2
clf = FashionCNNClassifier(architecture="compact", epochs=2, verbose=1)
clf.fit(X, y).predict(X)
"""
# Log lines of TensorFlow that no setting hides: six in version 2.21, seven in 2.19.
MAX_LOG_LINES = 7


def fit_in_new_process(stdout):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-c", FIT],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
        timeout=240,
        check=True,
    )


def test_redirected_output_is_plain_lines():
    done = fit_in_new_process(subprocess.PIPE)
    lines = done.stdout.splitlines()
    assert [line.split(" - ")[0] for line in lines] == ["Epoch 1/2", "Epoch 2/2"]
    assert all(map(str.isprintable, lines))
    log = done.stderr.splitlines()
    assert len(log) <= MAX_LOG_LINES, done.stderr
    assert all("absl::InitializeLog" in line or line[0] in "IWE" for line in log)


@pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")
def test_a_terminal_gets_bars():
    reading, writing = os.openpty()
    try:
        done = fit_in_new_process(writing)
        out = os.read(reading, 65536).decode()
    finally:
        os.close(reading)
        os.close(writing)
    assert "Epoch 2/2" in out
    assert out.count("\x1b[32m") >= 2  # the bars are green
    assert len(done.stderr.splitlines()) <= MAX_LOG_LINES, done.stderr


@pytest.mark.parametrize(
    ("imported", "given", "expected"),
    [(False, None, "3"), (False, "0", "0"), (True, None, None)],
)
def test_log_level_is_set_for_the_import_only(imported, given, expected, monkeypatch):
    if imported:
        monkeypatch.setitem(sys.modules, "tensorflow", sys)
    else:
        monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    # Undone at the end, unlike a variable that was never set.
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", given or "")
    if given is None:
        del os.environ["TF_CPP_MIN_LOG_LEVEL"]
    _engine._quiet_import()
    assert os.environ.get("TF_CPP_MIN_LOG_LEVEL") == expected
