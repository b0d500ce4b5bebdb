"""Long work and hard conditions: memory over time, and processes that are stopped.

- single: memory and time of many predictions of one image each, of the classifier and
  of its ONNX file;
- networks: memory of fits of many different networks in one process;
- stops: Ctrl-C and SIGTERM at random moments of `fit`, after which the estimator must
  predict as before, and the process must end with a single traceback or none;
- conditions: `fit`, `predict` and `save_model` with a full disk, a read-only folder,
  without a home, and with 2 to 3 GiB of address space. Each must work or raise one
  clear error, and an existing file must stay as it is.

Run with ``python examples/benchmarks/endurance.py``. `--n` divides all numbers, and
`--only` selects a measurement.
"""

import argparse
import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from common import run

from fmnist_sk import (
    FashionCNNClassifier,
    OnnxClassifier,
    export_onnx,
    load_fashion_mnist_sample,
    save_model,
)

MB = 2**20
SMALL = {"architecture": "compact", "epochs": 1, "random_state": 0}
ARGUMENTS = argparse.Namespace(n=1.0)


def number(n):
    """Return a number of repetitions, scaled by `--n`."""
    return max(4, round(n * ARGUMENTS.n))


def memory():
    """Return the resident memory of this process in MB."""
    return psutil.Process().memory_info().rss / MB


def data(n=300):
    """Return images of the sample and their labels."""
    X, y = load_fashion_mnist_sample(return_X_y=True)
    return X[:n], y[:n]


def growth(work, n):
    """Call a function n times. Return the memory after a tenth and after all calls."""
    for i in range(n // 10):
        work(i)
    before = memory()
    start = time.perf_counter()
    for i in range(n // 10, n):
        work(i)
    seconds = (time.perf_counter() - start) / (n - n // 10)
    return before, memory(), seconds


def single():
    """Predictions of one image each"""
    X, y = data()
    clf = FashionCNNClassifier(**SMALL).fit(X, y)
    rows, values = [], {}
    with tempfile.TemporaryDirectory() as folder:
        export_onnx(clf, Path(folder, "model.onnx"))
        exported = OnnxClassifier(Path(folder, "model.onnx"))
        for name, each in ("classifier", clf), ("ONNX file", exported):
            n = number(100_000)
            before, after, seconds = growth(
                lambda i, e=each: e.predict(X[i % 300 : i % 300 + 1]), n
            )
            values[name] = before, after, seconds
            rows.append(
                (
                    f"{name}, {n:,} predictions",
                    f"{before:.0f} → {after:.0f} MB, {1000 * seconds:.2f} ms each",
                )
            )
    return rows, values


def networks():
    """Fits of different networks"""
    X, y = data(64)
    n = number(300)

    def fit(i):
        clf = FashionCNNClassifier(**SMALL, filters=(4 + i % 20, 5 + i // 20, 6))
        clf.fit(X, y).predict(X[:2])

    before, after, seconds = growth(fit, n)
    per_network = (after - before) / (n - n // 10)
    text = (
        f"{before:.0f} → {after:.0f} MB, {per_network:.2f} MB per network, "
        f"{seconds:.2f} s each"
    )
    return [(f"{n} networks", text)], [before, after, seconds]


# Process that predicts, trains, is stopped, and predicts again.
_STOPPED = """
import signal, sys
import numpy as np
from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample, save_model

def terminate(*_):
    raise SystemExit(143)

signal.signal(signal.SIGTERM, terminate)
signal.signal(signal.SIGINT, signal.default_int_handler)
X, y = load_fashion_mnist_sample(return_X_y=True)
clf = FashionCNNClassifier(architecture="compact", epochs=1, random_state=0)
clf.fit(X[:200], y[:200])
before = clf.predict_proba(X[:50])
print("ready", flush=True)
try:
    clf.set_params(epochs=1000).fit(X, y)
except (KeyboardInterrupt, SystemExit):
    pass
assert np.array_equal(clf.predict_proba(X[:50]), before)
clf.set_params(epochs=1).fit(X[:200], y[:200])
assert np.array_equal(clf.predict_proba(X[:50]), before)
print("same", flush=True)
"""


def stops():
    """Stopped fits"""
    rng, n, wrong = random.Random(0), number(50), []
    for i in range(n):
        process = subprocess.Popen(
            [sys.executable, "-c", _STOPPED],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        process.stdout.readline()
        time.sleep(rng.uniform(0, 3))
        process.send_signal((signal.SIGINT, signal.SIGTERM)[i % 2])
        shown, errors = process.communicate(timeout=300)
        if shown != "same\n" or process.returncode != 0:
            wrong.append((process.returncode, errors[-2000:]))
    for status, errors in wrong:
        print(status, errors, file=sys.stderr)
    return [(f"{n} stops", f"{len(wrong)} with another estimator afterwards")], wrong


_WORK = """
import sys
import numpy as np
from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample, save_model
X, y = load_fashion_mnist_sample(return_X_y=True)
clf = FashionCNNClassifier(architecture="compact", epochs=1, random_state=0)
clf.fit(X[:500], y[:500]).predict(X)
save_model(clf, sys.argv[1])
print("done")
"""


def attempt(path, *, prepare=None, **variables):
    """Run the work in a process. Return the status, and the last line of the error."""
    environment = {**os.environ, **variables}
    environment = {name: value for name, value in environment.items() if value}
    done = subprocess.run(
        [sys.executable, "-c", _WORK, str(path)],
        capture_output=True,
        text=True,
        env=environment,
        preexec_fn=prepare,
        timeout=300,
        check=False,
    )
    lines = done.stderr.strip().splitlines()
    return done.returncode, lines[-1] if done.returncode and lines else ""


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def limit_file(n_bytes):
    """Return a function that limits the size of files, as a full disk does."""

    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))

    return prepare


def limit_memory(n_bytes):
    """Return a function that limits the address space."""
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (n_bytes, n_bytes))


def conditions():
    """Conditions"""
    X, y = data()
    rows, values = [], {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.skops")
        save_model(FashionCNNClassifier(**SMALL).fit(X, y), path)
        before = digest(path)
        cases = {
            "full disk (files of at most 20 kB)": {"prepare": limit_file(20_000)},
            "no home": {"HOME": "", "KERAS_HOME": "", "XDG_CACHE_HOME": ""},
            "home that does not exist": {"HOME": "/nowhere/at/all"},
            **{
                f"{gib} GiB of address space": {
                    "prepare": limit_memory(int(gib * 2**30))
                }
                for gib in (2, 2.5, 3, 4)
            },
        }
        for name, options in cases.items():
            status, line = attempt(path, **options)
            kept = digest(path) == before
            parts = len(list(Path(folder).iterdir())) - 1
            whole = kept or status == 0
            values[name] = status, line, whole, parts
            rows.append(
                (
                    name,
                    f"{'works' if status == 0 else line[:100] or f'status {status}'}; "
                    f"file {'whole' if whole else 'DAMAGED'}, {parts} left over",
                )
            )
            if status == 0:
                before = digest(path)
    return rows, values


def main():
    measurements = [single, networks, stops, conditions]
    names = [each.__name__ for each in measurements]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--n", type=float, default=1.0, help="factor of all numbers")
    parser.add_argument("--json", help="file for all values")
    parser.parse_args(namespace=ARGUMENTS)
    np.seterr(all="raise")
    run(measurements, ARGUMENTS)


if __name__ == "__main__":
    main()
