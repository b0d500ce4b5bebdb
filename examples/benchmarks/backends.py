"""Cost of joblib's backends: the start, a short fit, and a search of long fits.

Every backend runs in its own process with two workers. The backends take turns, and the
times of the searches are medians over the rounds. A sequential fit uses all cores, and
a worker uses its share of the cores. Needs the extra ``dask`` and takes some minutes.

Run with ``python examples/benchmarks/backends.py [--workers 8] [--rounds 5]``.
"""

import argparse
import contextlib
import json
import statistics

from common import Worker, machine, take_turns
from joblib import parallel_config
from joblib.externals.loky import get_reusable_executor
from sklearn.model_selection import GridSearchCV

from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample

BACKENDS = ("sequential", "threading", "loky", "dask")
GRID = {"filters": [8, 16], "dropout": [0.0, 0.4]}


def prepare(backend, n_workers):
    """Return functions that run a search of eight short fits and one of eight long."""
    X, y = load_fashion_mnist_sample(return_X_y=True)
    stack = contextlib.ExitStack()
    settings = {"backend": backend, "n_jobs": n_workers}
    if backend == "sequential":
        settings = {"backend": "loky", "n_jobs": 1}
    if backend == "loky":  # Idle workers would otherwise stay alive for minutes.
        stack.callback(lambda: get_reusable_executor().shutdown(kill_workers=True))

    def start():
        if backend == "dask":
            from dask.distributed import Client, LocalCluster

            cluster = LocalCluster(
                n_workers=n_workers, threads_per_worker=1, dashboard_address=":0"
            )
            stack.enter_context(cluster)
            stack.enter_context(Client(cluster))
        short()

    def search(n_images, **parameters):
        clf = FashionCNNClassifier(random_state=0, **parameters)
        with parallel_config(**settings):
            GridSearchCV(clf, GRID, cv=2, refit=False).fit(X[:n_images], y[:n_images])

    def short():
        search(100, architecture="compact", epochs=1)

    def long():
        search(2000, epochs=2)

    return {"start": start, "short": short, "long": long, "close": stack.close}


def measure(n_workers, rounds):
    """Measure the seconds of each step with each backend."""
    workers, first = {}, {}
    for backend in BACKENDS:
        workers[backend] = Worker(prepare, backend=backend, n_workers=n_workers)
        first[backend] = workers[backend]("start")[1]
    seconds = {"first": first}
    for what in "short", "long":
        take_turns(workers, 1, what)  # warm-up: compiles the graphs
        times = take_turns(workers, rounds, what)
        seconds[what] = {name: statistics.median(times[name]) for name in times}
    for worker in workers.values():
        worker("close")
        worker.close()
    return seconds


def main():
    """Print the versions and a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="default: 2")
    parser.add_argument("--rounds", type=int, default=3, help="default: 3")
    parser.add_argument("--json", help="file for the measured values")
    arguments = parser.parse_args()
    about = machine()
    print("; ".join(f"{key} {value}" for key, value in about.items()), flush=True)
    seconds = measure(arguments.workers, arguments.rounds)
    print("\n| backend | first search | a short fit, later | a search of long fits |")
    print("|---|---|---|---|")
    for name in BACKENDS:
        first, short, long = (seconds[what][name] for what in seconds)
        print(f"| {name} | {first:.1f} s | {1000 * short / 8:.0f} ms | {long:.1f} s |")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"machine": about, "seconds": seconds}, file, indent=1)


if __name__ == "__main__":
    main()
