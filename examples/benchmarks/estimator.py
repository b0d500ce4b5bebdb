"""Measure what the README and the changelog say of the estimator.

    python examples/benchmarks/estimator.py [--only NAME ...] [--json FILE]

Each measurement prints one line of a Markdown table. All of them take about twenty
minutes on two cores; run nothing else meanwhile. Accuracies on the test set are means
over seeds, with the standard deviation; nothing was chosen by them.
"""

import argparse
import gc
import json
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version

import numpy as np
import psutil
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_score

from fmnist_sk import FashionCNNClassifier, fetch_fashion_mnist

SEEDS = (0, 1, 2)


def load():
    """The training and the test images, as rows of uint8."""
    train = fetch_fashion_mnist(return_X_y=True)
    return *train, *fetch_fashion_mnist(subset="test", return_X_y=True)


def summary(values):
    """Mean ± standard deviation."""
    return f"{np.mean(values):.2f} ± {np.std(values, ddof=1):.2f}"


def defaults():
    """`FashionCNNClassifier()` on all 60,000 images."""
    return _full_data()


def compact():
    """`architecture="compact"` on all 60,000 images."""
    return _full_data(architecture="compact")


def _full_data(**parameters):
    X, y, X_test, y_test = load()
    accuracy, nll, seconds = [], [], []
    for seed in SEEDS:
        start = time.perf_counter()
        clf = FashionCNNClassifier(random_state=seed, **parameters).fit(X, y)
        seconds.append(time.perf_counter() - start)
        probabilities = clf.predict_proba(X_test)
        accuracy.append(100 * (probabilities.argmax(axis=1) == y_test).mean())
        nll.append(log_loss(y_test, probabilities))
    return (
        f"{summary(accuracy)} % test accuracy, NLL {np.mean(nll):.3f}, "
        f"{statistics.median(seconds):.0f} s a fit",
        {"accuracy": accuracy, "nll": nll, "seconds": seconds},
    )


def scales():
    """Accuracy on a hold-out with pixels 0–255, 0–1 and standardised."""
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
    text = ", ".join(f"{name} {summary(a)} %" for name, a in accuracy.items())
    return text, accuracy


def digits():
    """scikit-learn's digits, 5-fold, with defaults: folds in order, and shuffled."""
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
    text = ", ".join(f"{name} {summary(s)} %" for name, s in scores.items())
    return text, scores


def _median_ms(function, n):
    times = []
    for i in range(n):
        start = time.perf_counter()
        function(i)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def one_row():
    """Median time to predict one image, beside SciKeras's with the same network."""
    from scikeras.wrappers import KerasClassifier

    X, y, X_test, _ = load()
    clf = FashionCNNClassifier(epochs=1, random_state=0).fit(X[:1000], y[:1000])
    model = clf.to_keras()
    model.compile("adam", "sparse_categorical_crossentropy")
    theirs = KerasClassifier(model, epochs=1, verbose=0)
    theirs.fit(X[:1000].reshape(-1, 28, 28, 1).astype(np.float32), y[:1000])
    pixels = X_test.reshape(-1, 28, 28, 1).astype(np.float32)
    _median_ms(lambda i: clf.predict(X_test[i : i + 1]), 100)
    ours = _median_ms(lambda i: clf.predict(X_test[i : i + 1]), 1000)
    scikeras = _median_ms(lambda i: theirs.predict(pixels[i : i + 1]), 100)
    return (
        f"{ours:.2f} ms; SciKeras {scikeras:.0f} ms",
        {"ours_ms": ours, "scikeras_ms": scikeras},
    )


def small_fits():
    """Fit for one epoch and predict 100 images, again and again in one process."""
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
    return (
        f"first {seconds[0]:.2f} s, then {statistics.median(seconds[1:]):.3f} s; "
        f"{growth:+.2f} MB a fit over 60 fits",
        {"seconds": seconds, "mb_a_fit": growth},
    )


def imports():
    """Import time beside that of `sklearn.pipeline`, in fresh interpreters."""
    times = {"fmnist_sk": [], "sklearn.pipeline": []}
    for _ in range(7):
        for module, values in times.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
            values.append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in times.items()}
    text = ", ".join(f"{name} {value:.2f} s" for name, value in medians.items())
    return text, medians


MEASUREMENTS = [
    defaults,
    compact,
    scales,
    digits,
    one_row,
    small_fits,
    imports,
]


def main():
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [measurement.__name__ for measurement in MEASUREMENTS]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--json", help="file to write all single values to")
    arguments = parser.parse_args()
    packages = ("tensorflow", "keras", "scikit-learn", "scikeras", "numpy")
    machine = {
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
        "cores": psutil.cpu_count(),
        "processor": _processor(),
    }
    print("; ".join(f"{key} {value}" for key, value in machine.items()))
    print(f"seeds {SEEDS}\n\n| measurement | result |\n|---|---|")
    results = {"machine": machine}
    for measurement in MEASUREMENTS:
        if measurement.__name__ in arguments.only:
            text, values = measurement()
            results[measurement.__name__] = values
            print(f"| {measurement.__doc__} | {text} |", flush=True)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(results, file, indent=1)


def _processor():
    try:
        with open("/proc/cpuinfo") as file:
            lines = [line for line in file if line.startswith("model name")]
        return lines[0].partition(":")[2].strip()
    except (OSError, IndexError):
        return platform.processor()


if __name__ == "__main__":
    main()
