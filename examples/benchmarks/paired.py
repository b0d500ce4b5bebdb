"""Compare two settings of a classifier on the 60,000 training images, in pairs.

Run with::

    python examples/benchmarks/paired.py '{"architecture": "compact"}' \
        '{"architecture": "compact", "epochs": 4}'

Both settings are trained on the same folds with the same seeds, in turns. Images that
are almost equal are in the same fold. The test images are not used. The script prints
the mean difference of the pairs with its 95 % interval, and the ratio of the times.
"""

import argparse
import json
import time

import numpy as np
from common import load
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.stats import t
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold

from fmnist_sk import FashionCNNClassifier

# Images whose pixels correlate more than this are treated as one.
DUPLICATE = 0.99


def groups_of_duplicates(X, block=2000):
    """Return a number for each image, which is the same for images almost equal."""
    rows = X - X.mean(axis=1, keepdims=True, dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    pairs = []
    for first in range(0, len(rows), block):
        similar = rows[first : first + block] @ rows[first:].T > DUPLICATE
        pairs.append(first + np.argwhere(similar))
    i, j = np.concatenate(pairs).T
    graph = coo_matrix((np.ones(len(i), bool), (i, j)), shape=(len(X), len(X)))
    return connected_components(graph, directed=False)[1]


def measure(make, seed, train, test):
    """Return accuracy in percent, log loss, and seconds of wall time and CPU time."""
    clf = make(seed)
    wall, cpu = time.perf_counter(), time.process_time()
    clf.fit(*train)
    times = time.perf_counter() - wall, time.process_time() - cpu
    X, y = test
    probabilities = clf.predict_proba(X)
    hits = probabilities.argmax(axis=1) == y
    return 100 * hits.mean(), log_loss(y, probabilities), *times


def compare(makers, *, folds=3, seeds=5, report=print):
    """Measure classifiers on all folds with all seeds, in turns.

    Parameters
    ----------
    makers : dict of callable
        Functions from a seed to an unfitted classifier. The first is the baseline.
    folds, seeds : int
        Numbers of folds and of seeds per fold.
    report : callable
        Function that gets a line of text after each pair.

    Returns
    -------
    values : dict of ndarray of shape (folds * seeds, 4)
        Accuracy, log loss, wall time and CPU time of each run.
    """
    X, y, *_ = load()
    split = StratifiedGroupKFold(folds, shuffle=True, random_state=0)
    parts = list(split.split(X, y, groups_of_duplicates(X)))
    values = {name: [] for name in makers}
    for seed in range(seeds):
        for number, (train, test) in enumerate(parts):
            seed_of_run = folds * seed + number
            data = (X[train], y[train]), (X[test], y[test])
            for name, make in makers.items():
                values[name].append(measure(make, seed_of_run, *data))
            report(describe(values))
    return {name: np.array(results) for name, results in values.items()}


def describe(values):
    """Return a line for each classifier: means, and differences from the first."""
    baseline, lines = np.array(next(iter(values.values()))), []
    for name, results in values.items():
        results = np.array(results)
        accuracy, nll, wall, cpu = results.mean(axis=0)
        difference = results[:, 0] - baseline[:, 0]
        n = len(results)
        spread = np.std(difference, ddof=1) if n > 1 else np.nan
        half = t.ppf(0.975, max(1, n - 1)) * spread / np.sqrt(n)
        ratios = np.median(results[:, 2:] / baseline[:, 2:], axis=0)
        lines.append(
            f"{name}: {accuracy:.2f} %, NLL {nll:.4f}, {wall:.1f} s, CPU {cpu:.1f} s; "
            f"difference {difference.mean():+.3f} ± {half:.3f} points, "
            f"time × {ratios[0]:.2f}, CPU × {ratios[1]:.2f} ({n} pairs)"
        )
    return "\n".join(lines)


def main():
    """Run the comparison from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("settings", nargs="+", help="parameters as JSON")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()

    def maker(text):
        parameters = json.loads(text)
        return lambda seed: FashionCNNClassifier(random_state=seed, **parameters)

    values = compare(
        {text: maker(text) for text in arguments.settings},
        folds=arguments.folds,
        seeds=arguments.seeds,
        report=lambda text: None,
    )
    print(describe(values))


if __name__ == "__main__":
    main()
