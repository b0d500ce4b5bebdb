"""Predictions in several threads while another thread refits the same estimator.

Every prediction must come from one of the models. Run with
``python examples/benchmarks/refits.py --seconds 120``.
"""

import argparse
import threading
import time
from collections import Counter

import numpy as np
from sklearn.base import clone

from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample


def tasks():
    """Return images to predict, and data with different classes and shapes to fit."""
    X, y = load_fashion_mnist_sample(return_X_y=True)
    X, y = X[:300], y[:300]
    few = y < 3
    return X, {
        "ten classes": (X, y),
        "other labels": (X, y + 1),
        "three classes": (X[few], np.array(["a", "b", "c"])[y[few]]),
        "small images": (X.reshape(-1, 28, 28)[:, ::2, ::2], y),
        "another shape": (X.reshape(-1, 14, 56), y),
    }


def answer(classifier, X):
    """Return the predicted labels, or the message if the images are refused."""
    try:
        return tuple(classifier.predict(X).tolist())
    except ValueError as error:
        return str(error)


def main():
    """Refit in one thread, predict in the others, and count the results."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--threads", type=int, default=8)
    arguments = parser.parse_args()
    X, fits = tasks()
    classifier = FashionCNNClassifier(
        architecture="compact", epochs=1, batch_size=32, random_state=0
    )
    expected = {}
    for name, task in fits.items():
        expected.setdefault(answer(clone(classifier).fit(*task), X[:7]), name)
    classifier.fit(*fits["ten classes"])
    answers, stop, n_refits = [Counter() for _ in range(arguments.threads)], False, 0

    def predict(counter):
        while not stop:
            counter[answer(classifier, X[:7])] += 1

    threads = [threading.Thread(target=predict, args=(a,)) for a in answers]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + arguments.seconds
    while time.monotonic() < deadline:
        for task in fits.values():
            classifier.fit(*task)
            n_refits += 1
    stop = True
    for thread in threads:
        thread.join()
    total = sum(answers, Counter())
    print(
        f"{n_refits} refits, {total.total()} predictions in {arguments.threads} threads"
    )
    for key, name in expected.items():
        print(f"  {total.pop(key, 0):8d} of the model of {name}")
    print(f"  {total.total():8d} of no model")
    raise SystemExit(bool(total))


if __name__ == "__main__":
    main()
