"""Strength of the prior of `temperature="auto"`, on small hold-outs.

Run with::

    python examples/benchmarks/temperature.py

For each data set it prints the temperature and the test log loss for several standard
deviations of the prior. The images are digits of scikit-learn and training images of
Fashion-MNIST: the test images of Fashion-MNIST are not used.
"""

import argparse
from functools import partial

import numpy as np
from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from fmnist_sk import FashionCNNClassifier, fetch_fashion_mnist
from fmnist_sk._training import fit_temperature

DEVIATIONS = (0.2, 0.35, 0.5, 1.0, np.inf)


def measure(X, y, n_train, n_held_out, seed):
    """Return held-out errors, and temperature and test log loss of each deviation."""
    split = partial(train_test_split, random_state=seed)
    X, X_test, y, y_test = split(X, y, train_size=n_train + n_held_out, stratify=y)
    X, X_val, y, y_val = split(X, y, test_size=n_held_out, stratify=y)
    classifier = FashionCNNClassifier(early_stopping=True, random_state=seed)
    classifier.fit(X, y, X_val=X_val, y_val=y_val)
    held_out = classifier.decision_function(X_val)
    test = classifier.decision_function(X_test)
    weights = np.ones(n_held_out)
    found = [fit_temperature(held_out, y_val, weights, d) for d in DEVIATIONS]
    losses = [log_loss(y_test, softmax(test / t, axis=1)) for t in (1.0, *found)]
    return (held_out.argmax(axis=1) != y_val).sum(), found, losses


def main():
    """Print a row for each data set and seed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=4)
    seeds = range(parser.parse_args().seeds)
    X, y = fetch_fashion_mnist(return_X_y=True)
    data = {
        "digits, 540 + 60": (*load_digits(return_X_y=True), 540, 60),
        "digits, 200 + 30": (*load_digits(return_X_y=True), 200, 30),
        "Fashion-MNIST, 2,700 + 300": (X[:8000], y[:8000], 2700, 300),
        "Fashion-MNIST, 500 + 50": (X[:8000], y[:8000], 500, 50),
    }
    columns = " | ".join(f"deviation {deviation}" for deviation in DEVIATIONS)
    print(f"| images | held-out errors | temperature 1 | {columns} |")
    print("|" + "---|" * (3 + len(DEVIATIONS)))
    for name, arguments in data.items():
        for seed in seeds:
            errors, found, (plain, *losses) = measure(*arguments, seed)
            cells = " | ".join(
                f"{temperature:.2f}: {loss:.4f}"
                for temperature, loss in zip(found, losses, strict=True)
            )
            print(f"| {name} | {errors} | {plain:.4f} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
