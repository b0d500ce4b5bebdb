"""Measurements apart from speed: pixel scales, small data, memory and imports.

Run with::

    python examples/benchmarks/estimator.py --json estimator.json

`--only` selects measurements. Needs psutil.
"""

import gc
import statistics
import subprocess
import sys
import time

import numpy as np
import psutil
from common import arguments_for, load, run, summary
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold, cross_val_score

from fmnist_sk import FashionCNNClassifier

SEEDS = (0, 1, 2)


def scales():
    """Accuracy on held-out images with pixels 0–255, 0–1 and standardised"""
    X, y, *_ = load()
    accuracy = {}
    for name, convert in {
        "uint8": lambda X: X,
        "0–1": lambda X: X / np.float32(255),
        "standardised": lambda X: (X / np.float32(255) - 0.286) / np.float32(0.353),
    }.items():
        accuracy[name] = [
            100
            * FashionCNNClassifier(random_state=seed)
            .fit(convert(X[:50_000]), y[:50_000])
            .score(convert(X[50_000:]), y[50_000:])
            for seed in SEEDS
        ]
    return [(name, f"{summary(a)} %") for name, a in accuracy.items()], accuracy


def digits():
    """scikit-learn's digits, default settings, five folds: not shuffled and shuffled"""
    X, y = load_digits(return_X_y=True)
    scores = {"in order": [], "shuffled": []}
    for seed in SEEDS:
        folds = {
            "in order": 5,
            "shuffled": StratifiedKFold(5, shuffle=True, random_state=seed),
        }
        for name, cv in folds.items():
            clf = FashionCNNClassifier(random_state=seed)
            scores[name].append(100 * cross_val_score(clf, X, y, cv=cv).mean())
    return [(name, f"{summary(s)} %") for name, s in scores.items()], scores


def small_fits():
    """Repeated fits for one epoch and predictions of 100 images, in one process"""
    X, y, *_ = load()
    X, y = X[:100], y[:100]
    process, seconds, memory = psutil.Process(), [], []
    for i in range(70):
        start = time.perf_counter()
        FashionCNNClassifier(epochs=1, random_state=i).fit(X, y).predict(X)
        seconds.append(time.perf_counter() - start)
        gc.collect()
        memory.append(process.memory_info().rss / 2**20)
    growth = (memory[-1] - memory[9]) / 60
    return [
        ("first fit", f"{seconds[0]:.2f} s"),
        ("later fits, median", f"{statistics.median(seconds[1:]):.3f} s"),
        ("growth of memory over 60 fits", f"{growth:+.2f} MB per fit"),
    ], {"seconds": seconds, "mb_a_fit": growth}


def imports():
    """Import time compared with `sklearn.pipeline`, in new interpreters"""
    times = {"fmnist_sk": [], "sklearn.pipeline": []}
    for _ in range(7):
        for module, values in times.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
            values.append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in times.items()}
    return [(name, f"{value:.2f} s") for name, value in medians.items()], medians


MEASUREMENTS = [scales, digits, small_fits, imports]

if __name__ == "__main__":
    run(MEASUREMENTS, arguments_for(MEASUREMENTS, __doc__.splitlines()[0]))
