"""Grid searches: compared with SciKeras, with workers, halving and Dask, and memory.

Every search runs in its own process. Times are those of whole searches. TensorFlow and
the workers are started beforehand, unless the row says "cold".

Run with ``python examples/benchmarks/search.py [--only halving memory]``. The script
needs the extra ``dask`` and takes about half an hour.
"""

import gc
import time

import numpy as np
import psutil
from common import Worker, arguments_for, load, ratio, run, summary, take_turns
from peers import pixels, scikeras_search_model
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from fmnist_sk import FashionCNNClassifier, ImageReshaper

FILTERS, DROPOUTS, FOLDS, IMAGES, EPOCHS, BATCH = (
    (16, 32, 48),
    (0.0, 0.2, 0.4),
    3,
    6000,
    5,
    64,
)
ROUNDS = 2


def images(n=IMAGES):
    """Return n training images and their labels."""
    X, y, *_ = load()
    return X[:n], y[:n]


def our_search(n_jobs, **parameters):
    """Return an unfitted search over filters and dropout in a pipeline."""
    network = FashionCNNClassifier(
        **{
            "architecture": "two_conv",
            "epochs": EPOCHS,
            "batch_size": BATCH,
            "random_state": 0,
            **parameters,
        }
    )
    return GridSearchCV(
        make_pipeline(ImageReshaper(), network),
        {
            "fashioncnnclassifier__filters": list(FILTERS),
            "fashioncnnclassifier__dropout": list(DROPOUTS),
        },
        cv=FOLDS,
        n_jobs=n_jobs,
        refit=False,
    )


def scikeras_search(n_jobs):
    """Return the same search with SciKeras, as in its tutorial."""
    from scikeras.wrappers import KerasClassifier
    from sklearn.model_selection import StratifiedKFold
    from sklearn.preprocessing import FunctionTransformer

    network = KerasClassifier(
        scikeras_search_model,
        filters=32,
        dropout=0.0,
        epochs=EPOCHS,
        batch_size=BATCH,
        random_state=0,
        verbose=0,
    )
    return GridSearchCV(
        make_pipeline(FunctionTransformer(pixels), network),
        {
            "kerasclassifier__filters": list(FILTERS),
            "kerasclassifier__dropout": list(DROPOUTS),
        },
        # scikit-learn does not recognise SciKeras as a classifier.
        cv=StratifiedKFold(FOLDS),
        n_jobs=n_jobs,
        refit=False,
    )


def searcher(library, n_jobs, architecture="two_conv"):
    """Prepare a search and a short warm-up search for a `Worker`."""
    X, y = images()
    if library == "fmnist_sk":
        search = our_search(n_jobs, architecture=architecture)
    else:
        search = scikeras_search(n_jobs)

    def warm_up():
        clone(search).fit(X[:300], y[:300])

    def whole():
        return float(np.max(clone(search).fit(X, y).cv_results_["mean_test_score"]))

    return {"warm_up": warm_up, "search": whole}


def against_scikeras():
    """3 filters × 3 dropouts × 3 folds, 6,000 images, 5 epochs, the same network"""
    workers = {
        f"{library}, n_jobs={n_jobs}": Worker(searcher, library=library, n_jobs=n_jobs)
        for library in ("fmnist_sk", "SciKeras")
        for n_jobs in (1, 2)
    }
    cold = {name: worker("warm_up")[1] for name, worker in workers.items()}
    seconds, best = {name: [] for name in workers}, {}
    for _ in range(ROUNDS):
        for name, worker in workers.items():
            best[name], time_taken = worker("search")
            seconds[name].append(time_taken)
    for worker in workers.values():
        worker.close()
    peer = min(
        (name for name in workers if name.startswith("SciKeras")),
        key=lambda name: min(seconds[name]),
    )
    rows = [
        (name, f"{summary(seconds[name])} s; best mean score {best[name]:.4f}")
        for name in workers
    ]
    ours_1, ours_2 = "fmnist_sk, n_jobs=1", "fmnist_sk, n_jobs=2"
    rows += [
        (f"{ours_2} / {peer}", f"{ratio(seconds, ours_2, peer):.2f}"),
        (f"{ours_1} / {peer}", f"{ratio(seconds, ours_1, peer):.2f}"),
        ("n_jobs=2 / n_jobs=1, ours", f"{ratio(seconds, ours_2, ours_1):.2f}"),
        ("first search of 300 images, n_jobs=2, all cold", f"{cold[ours_2]:.1f} s"),
    ]
    return rows, {"seconds": seconds, "best": best, "cold": cold}


def two_jobs():
    """n_jobs=2, workers warm, compared with n_jobs=1 on two cores and on one"""
    ways = {
        "n_jobs=1": {"n_jobs": 1},
        "n_jobs=1, one core": {"n_jobs": 1, "cores": 1},
        "n_jobs=2": {"n_jobs": 2},
    }
    rows, values = [], {}
    for architecture in "two_conv", "standard":
        workers = {
            name: Worker(
                searcher, library="fmnist_sk", architecture=architecture, **way
            )
            for name, way in ways.items()
        }
        for worker in workers.values():
            worker("warm_up")
        seconds = values[architecture] = take_turns(workers, ROUNDS, "search")
        for worker in workers.values():
            worker.close()
        for name in list(ways)[:2]:
            rows.append(
                (
                    f"{architecture}, n_jobs=2 / {name}",
                    f"{ratio(seconds, 'n_jobs=2', name):.2f}",
                )
            )
    return rows, values


def halving_searcher():
    """Prepare the whole grid and successive halving over epochs for a `Worker`."""
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingGridSearchCV

    X, y = images()
    most = 9
    grid = our_search(2, architecture="standard", epochs=most)
    halving = HalvingGridSearchCV(
        clone(grid.estimator),
        grid.param_grid,
        resource="fashioncnnclassifier__epochs",
        min_resources=1,
        max_resources=most,
        cv=FOLDS,
        n_jobs=2,
        random_state=0,
        refit=False,
    )

    def fit(which):
        search = clone({"grid": grid, "halving": halving}[which]).fit(X, y)
        results = search.cv_results_
        found = search.best_params_
        return (
            {key: value for key, value in found.items() if not key.endswith("epochs")},
            [
                (params, mean, std / FOLDS**0.5)
                for params, mean, std in zip(
                    results["params"],
                    results["mean_test_score"].tolist(),
                    results["std_test_score"].tolist(),
                    strict=True,
                )
            ],
        )

    def warm_up():
        clone(grid).fit(X[:300], y[:300])

    return {"fit": fit, "warm_up": warm_up}


def halving():
    """Successive halving over epochs (1, 3, 9) compared with the whole grid with 9"""
    worker = Worker(halving_searcher)
    worker("warm_up")
    ratios, rows = [], []
    for _ in range(ROUNDS):
        (_, results), whole = worker("fit", "grid")
        (found, _), halved = worker("fit", "halving")
        ratios.append(halved / whole)
    worker.close()
    best = max(results, key=lambda row: row[1])
    chosen = next(row for row in results if row[0] == found)
    rows = [
        ("halving / grid", f"{np.median(ratios):.2f}"),
        ("score of the grid's best", f"{best[1]:.4f} (standard error {best[2]:.4f})"),
        ("score, in the grid, of halving's winner", f"{chosen[1]:.4f}"),
    ]
    return rows, {"ratios": ratios, "grid": results, "halving": found}


def memory_searcher():
    """Prepare a search that returns the memory in use, for a `Worker`."""
    X, y = images(600)
    network = FashionCNNClassifier(architecture="compact", epochs=1, random_state=0)
    grid = {"filters": [8, 12, 16, 20, 24], "dropout": np.linspace(0, 0.5, 10).tolist()}
    me = psutil.Process()

    def megabytes():
        gc.collect()
        processes = [me, *me.children(recursive=True)]
        sizes = {p.pid: p.memory_info().rss / 2**20 for p in processes}
        own = sizes.pop(me.pid)
        # joblib's resource tracker is a small process, which is left out.
        return own, {pid: size for pid, size in sizes.items() if size > 100}

    def fit(n_candidates):
        part = dict(grid, dropout=grid["dropout"][: n_candidates // 5])
        GridSearchCV(network, part, cv=4, n_jobs=2, refit=False).fit(X, y)
        return megabytes()

    return {"fit": fit}


def memory():
    """Growth of the resident memory over a search of 200 fits, n_jobs=2"""
    worker = Worker(memory_searcher)
    # Warm-up: compiles the graphs of all five networks in both workers.
    (own, workers), _ = worker("fit", 10)
    (own_after, workers_after), _ = worker("fit", 50)
    worker.close()
    rows = [("the parent", f"{own_after - own:.0f} MB, to {own_after:.0f} MB")]
    rows += [
        (
            "a worker",
            f"{workers_after[pid] - before:.0f} MB, to {workers_after[pid]:.0f} MB",
        )
        for pid, before in workers.items()
        if pid in workers_after
    ]
    return rows, {
        "before": [own, *workers.values()],
        "after": [own_after, *workers_after.values()],
    }


def dask_searcher(n_workers):
    """Prepare the search on Dask workers for a `Worker`."""
    from distributed import Client, LocalCluster
    from joblib import parallel_config

    X, y = images()
    search = our_search(None, architecture="standard")
    cluster = LocalCluster(
        n_workers=n_workers, threads_per_worker=1, dashboard_address=":0"
    )
    client = Client(cluster)

    def fit(n):
        if n_workers == 1:
            # joblib would not use a single worker, and would fit in this process.
            client.submit(clone(search).fit, X[:n], y[:n], pure=False).result()
            return
        with parallel_config(backend="dask", scatter=[X[:n], y[:n]]):
            clone(search).fit(X[:n], y[:n])

    def close():
        client.close()
        cluster.close()

    return {"warm_up": lambda: fit(300), "search": lambda: fit(IMAGES), "close": close}


def dask():
    """Two Dask workers of one thread each / one"""
    seconds = {"one": [], "two": []}
    for _ in range(ROUNDS):
        for name, n_workers in (("one", 1), ("two", 2)):
            # One cluster at a time, because idle workers keep their scheduler busy.
            worker = Worker(dask_searcher, n_workers=n_workers)
            worker("warm_up")
            seconds[name].append(worker("search")[1])
            worker("close")
            worker.close()
            time.sleep(1)
    rows = [(name, f"{summary(seconds[name])} s") for name in seconds]
    rows += [("two / one", f"{ratio(seconds, 'two', 'one'):.2f}")]
    return rows, seconds


MEASUREMENTS = [against_scikeras, two_jobs, halving, memory, dask]

if __name__ == "__main__":
    run(MEASUREMENTS, arguments_for(MEASUREMENTS, __doc__.split("\n")[0]))
