"""Measurement of processes that are killed while they write files.

A process of this script does the same work again and again, until it is killed at a
random moment. The next process starts in the same folder. It reports whether what it
finds is complete, does the work once, and reports which files are left over. Then it is
killed in turn.
"""

import hashlib
import http.server
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import joblib
import numpy as np

# Seconds between the report of a process and the latest moment of its death.
LONGEST = {
    "save_model": 1.0,
    "command line": 1.0,
    "download": 1.0,
    "memory": 2.0,
    "backup": 2.0,
}
N_BYTES = 8 * 2**20  # of the downloaded file


def killed_processes(arguments):
    """Processes that were killed at random moments while they wrote"""
    rows, values = [], {}
    for number, task in enumerate(LONGEST):
        n_kills = len(range(number, arguments.kills, len(LONGEST)))
        found = _kill_again_and_again(task, n_kills, arguments.seed)
        values[task] = found
        rows.append(
            (
                f"{task}: {n_kills} kills",
                f"{found['interrupted']} while a file was being written, "
                f"{found['damaged']} damaged files, "
                f"{found['left_over']} left over after the next start",
            )
        )
    return rows, values


def _kill_again_and_again(task, n_kills, seed):
    rng = random.Random(f"{task} {seed}")
    found = {"interrupted": 0, "damaged": 0, "left_over": 0, "problems": []}
    with tempfile.TemporaryDirectory() as folder, _Server() as url:
        for number in range(n_kills + 1):
            process = subprocess.Popen(
                [sys.executable, __file__, task, folder, url],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            line = process.stdout.readline()
            if not line:
                process.kill()
                found["damaged"] += 1
                found["problems"].append(process.communicate()[1][-2000:])
                continue
            report = json.loads(line)
            found["damaged"] += len(report["damaged"])
            found["left_over"] += len(report["left_over"])
            found["problems"] += report["damaged"] + report["left_over"]
            if number < n_kills:  # the last process only reports
                time.sleep(rng.uniform(0, LONGEST[task]))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            found["interrupted"] += number < n_kills and bool(_incomplete(folder))
            _make_old(folder)
    return found


def _incomplete(folder):
    """Return the files under names that only incomplete files have."""
    return [
        str(path)
        for path in Path(folder).rglob("*")
        if path.name.startswith(".fmnist_sk-")
        or path.name.partition(".json.")[2]
        or path.name.partition(".pkl.")[2]
    ]


def _make_old(folder):
    """Age files by two hours: joblib has no locks, so the age of its files counts."""
    before = time.time() - 7200
    for path in Path(folder).rglob("*"):
        if path.is_file():
            os.utime(path, (before, before))


class _Server:
    """Server of one file, which takes a few tenths of a second to send it."""

    def __enter__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                try:
                    for first in range(0, N_BYTES, 2**18):
                        self.wfile.write(CONTENT[first : first + 2**18])
                        time.sleep(0.01)
                except ConnectionError:
                    pass  # the client was killed

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


# The file that is downloaded is its own content in the IDX format, packed with no
# compression, so that it is as long as its content.
def _downloaded():
    import gzip
    import struct

    from fmnist_sk.datasets import IdxFile

    shape = (N_BYTES - 2**14,)
    content = struct.pack(">2I", 0x0801, *shape) + random.Random(0).randbytes(*shape)
    packed = gzip.compress(content, 0, mtime=0)
    return IdxFile("noise", shape, hashlib.sha256(content).hexdigest()), packed


# What the processes do: a function returns the damaged files that it finds, and a
# function that does the work once.


def save_model_of(folder, url, name="model.skops"):
    from fmnist_sk import load_model, load_pretrained, save_model

    models = [load_pretrained().set_params(random_state=seed) for seed in (0, 1)]
    return _saving(models, Path(folder, name), save_model, load_model)


def save_of_command_line(folder, url):
    from fmnist_sk import load_pretrained
    from fmnist_sk._cli import _models

    models = [load_pretrained().set_params(random_state=seed) for seed in (0, 1)]
    return _saving(models, Path(folder, "model.joblib"), _models.save, joblib.load)


def _saving(models, path, save, load):
    known = {joblib.hash(model) for model in models}

    def find_damaged():
        try:
            intact = not path.exists() or joblib.hash(load(path)) in known
        except Exception as error:
            return [f"{path}: {error}"]
        return [] if intact else [str(path)]

    turns = iter(range(10**9))
    return find_damaged, lambda: save(models[next(turns) % 2], path)


def download_of(folder, url):
    from fmnist_sk.datasets import _files

    file, _ = _downloaded()
    out = np.empty(file.shape, np.uint8)
    home = Path(folder, "home")

    def find_damaged():
        try:
            _files.find_and_read(file, out, [home], "noise")
        except OSError as error:
            return [str(error)]
        return []

    return find_damaged, lambda: _files.download(file, out, home, [url], 0, 0)


def memory_of(folder, url):
    X, y = _images()
    plain, cached = (_small(memory=memory) for memory in (None, folder))
    known = {}

    def fit(seed):
        """Fit from the cache, if it has the fit, and compare with a fit without it."""
        cached.set_params(random_state=seed).fit(X, y)
        if seed not in known:
            fit = plain.set_params(random_state=seed).fit(X, y)
            known[seed] = joblib.hash(fit._fitted.weights)
        return joblib.hash(cached._fitted.weights) == known[seed]

    n_cached = len(list(Path(folder).rglob("output.pkl")))
    turns = iter(range(n_cached + 1, 10**9))

    def find_damaged():
        # The last seeds are those that the killed process was working on.
        last = range(max(0, n_cached - 2), n_cached + 1)
        return [f"fit {seed}" for seed in last if not fit(seed)]

    return find_damaged, lambda: fit(next(turns))


def backup_of(folder, url):
    import keras

    X, y = _images()
    expected = joblib.hash(_small(epochs=20).fit(X, y)._fitted.weights)
    backups = keras.callbacks.BackupAndRestore(str(Path(folder, "backup")))

    def fit():
        clf = _small(epochs=20, callbacks=[backups]).fit(X, y)
        return joblib.hash(clf._fitted.weights) == expected

    def find_damaged():
        try:
            return [] if fit() else ["another result"]
        except ValueError as error:
            return [str(error)]

    return find_damaged, fit


def _images():
    from fmnist_sk import load_fashion_mnist_sample

    X, y = load_fashion_mnist_sample(return_X_y=True)
    return X[:200], y[:200]


def _small(**parameters):
    from fmnist_sk import FashionCNNClassifier

    settings = {"architecture": "compact", "epochs": 1, "random_state": 0}
    return FashionCNNClassifier(**settings | parameters)


TASKS = {
    "save_model": save_model_of,
    "command line": save_of_command_line,
    "download": download_of,
    "memory": memory_of,
    "backup": backup_of,
}


def _work(task, folder, url):
    find_damaged, work = TASKS[task](folder, url)
    damaged = find_damaged()
    work()
    print(
        json.dumps({"damaged": damaged, "left_over": _incomplete(folder)}), flush=True
    )
    while True:
        work()


if __name__ == "__main__":
    _work(*sys.argv[1:])
else:
    CONTENT = _downloaded()[1]
