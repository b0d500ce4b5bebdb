"""Times that must not exceed a limit.

Run with::

    python examples/benchmarks/gates.py --check

The script prints a table. With `--check`, it fails if a time is above its limit. Each
time is the lowest median of several rounds, because other work on the machine can only
increase a time. The limits are for two cores of an AMD EPYC.
"""

import argparse
import statistics
import subprocess
import sys
import time

from common import machine, median_ms

from fmnist_sk import (
    FashionCNNClassifier,
    ImageEncoder,
    load_fashion_mnist_sample,
    load_pretrained,
)
from fmnist_sk.inspection import grad_cam

ROUNDS = 3


def import_ratio():
    """importing FashionCNNClassifier, relative to `import sklearn.pipeline`"""
    ours = "from fmnist_sk import FashionCNNClassifier"
    theirs = "import sklearn.pipeline"
    ratios = []
    for _ in range(ROUNDS):
        seconds = {ours: [], theirs: []}
        for _ in range(5):
            for code, measured in seconds.items():
                start = time.perf_counter()
                subprocess.run([sys.executable, "-c", code], check=True)
                measured.append(time.perf_counter() - start)
        ratios.append(
            statistics.median(seconds[ours]) / statistics.median(seconds[theirs])
        )
    return min(ratios)


def load_pretrained_ms():
    """`load_pretrained()`, in ms"""
    return min(median_ms(lambda _: load_pretrained(), 5) for _ in range(ROUNDS))


def fit_ms():
    """a repeated fit of 100 images for one epoch and a prediction of them, in ms"""
    X, y = load_fashion_mnist_sample(return_X_y=True)
    X, y = X[:100], y[:100]

    def fit(seed):
        FashionCNNClassifier(epochs=1, random_state=seed).fit(X, y).predict(X)

    fit(0)  # compiles the graphs
    return min(median_ms(fit, 20) for _ in range(ROUNDS))


def predict_ms():
    """the prediction of one image, in ms"""
    X, y = load_fashion_mnist_sample(return_X_y=True)
    model = FashionCNNClassifier(epochs=1, random_state=0).fit(X[:100], y[:100])
    model.predict(X[:1])  # compiles the graph
    return min(median_ms(lambda _: model.predict(X[:1]), 200) for _ in range(ROUNDS))


def encode_ms():
    """the features of one image by `ImageEncoder`, in ms"""
    X, _ = load_fashion_mnist_sample(return_X_y=True)
    encoder = ImageEncoder("fashion-mnist-compact").fit(X)
    encoder.transform(X[:1])  # compiles the graph
    return min(
        median_ms(lambda _: encoder.transform(X[:1]), 100) for _ in range(ROUNDS)
    )


def grad_cam_ms():
    """the heat map of one image by `grad_cam`, in ms"""
    X, _ = load_fashion_mnist_sample(return_X_y=True)
    model = load_pretrained("fashion-mnist-compact")
    grad_cam(model, X[:1])  # compiles the graph
    return min(median_ms(lambda _: grad_cam(model, X[:1]), 100) for _ in range(ROUNDS))


LIMITS = {
    import_ratio: 1.3,
    load_pretrained_ms: 200,
    fit_ms: 150,
    predict_ms: 1.0,
    encode_ms: 10,
    grad_cam_ms: 20,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail above a limit")
    arguments = parser.parse_args()
    print("; ".join(f"{key} {value}" for key, value in machine().items()))
    print("\n| time of | measured | limit |\n|---|---|---|")
    failed = []
    for measure, limit in LIMITS.items():
        value = measure()
        print(f"| {measure.__doc__} | {value:.2f} | {limit} |", flush=True)
        if value > limit:
            failed.append(measure.__doc__)
    if arguments.check and failed:
        sys.exit(f"Above the limit: {'; '.join(failed)}")
