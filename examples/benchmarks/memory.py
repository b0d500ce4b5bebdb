"""Measurements of memory."""

import resource
import tempfile
from pathlib import Path

import numpy as np
import peers
import psutil
from common import Worker, load


def memory():
    """Peak memory of a process that fits 60,000 uint8 images for one epoch"""
    values = {}
    for name in "keras_script", "ours":
        worker = Worker(_memory_worker, peer=name)
        values[name] = worker("peak_mb")[0]
        worker.close()
    rows = [(name, f"{mb:.0f} MB") for name, mb in values.items()]
    return [*rows, ("ratio", f"{values['ours'] / values['keras_script']:.2f}")], values


def _memory_worker(peer):
    X, y, *_ = load()
    settings = {} if peer == "ours" else {"batch_size": 64}

    def peak_mb():
        fit, _ = getattr(peers, peer)(X, y, **settings)
        fit(1)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    return {"peak_mb": peak_mb}


def memory_map():
    """Memory for one epoch of 1,000,000 memory-mapped images"""
    with tempfile.TemporaryDirectory() as folder:
        worker = Worker(_memory_map_worker, folder=folder)
        above, seconds = worker("fit")
        worker.close()
    return [
        ("peak above the loaded library", f"{above:.0f} MB"),
        ("time", f"{seconds:.0f} s"),
    ], {"mb": above, "seconds": seconds}


def _memory_map_worker(folder):
    from fmnist_sk import FashionCNNClassifier

    n, path = 1_000_000, Path(folder) / "images.npy"
    X, y, *_ = load()
    mapped = np.lib.format.open_memmap(path, "w+", np.uint8, (n, 784))
    for first in range(0, n, 50_000):
        mapped[first : first + 50_000] = X[:50_000]
    labels = np.tile(y[:50_000], n // 50_000)
    mapped.flush()
    del mapped
    FashionCNNClassifier(epochs=1, random_state=0).fit(X[:1000], y[:1000])
    del X, y
    process = psutil.Process()

    def fit():
        before, peak = process.memory_info().rss, _Peak()
        images = np.load(path, mmap_mode="r")
        with peak:
            FashionCNNClassifier(epochs=1, random_state=0).fit(images, labels)
        return (peak.bytes - before) / 2**20

    return {"fit": fit}


class _Peak:
    """Peak memory of the process while the context is active, sampled every 50 ms.

    The kernel's own peak includes the time before.
    """

    def __enter__(self):
        import threading

        self.bytes, self._done = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self):
        process = psutil.Process()
        while not self._done.wait(0.05):
            self.bytes = max(self.bytes, process.memory_info().rss)

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()
