"""Searches on Dask workers: equal scores, also if a worker dies during the search."""

import itertools
import json
import os
import subprocess
import sys
import time

import psutil
import pytest
from _small import quick
from joblib import parallel_config
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline

from fmnist_sk import ImageReshaper

pytest.importorskip("distributed")
from distributed import Client, LocalCluster


@pytest.fixture(scope="module")
def folds(digits):
    return list(StratifiedKFold(2).split(*digits))


@pytest.fixture(scope="module")
def environment():
    """Restore the settings of this process, which a LocalCluster changes."""
    with pytest.MonkeyPatch.context() as patch:
        for name in "OMP", "MKL", "OPENBLAS":
            patch.setenv(f"{name}_NUM_THREADS", "1")
        patch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")
        patch.delenv("TF_NUM_INTEROP_THREADS", raising=False)
        yield


@pytest.fixture(scope="module")
def local(environment, digits, folds):
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0")
    with cluster, Client(cluster) as client:
        # It would drop the copies that are needed when a worker dies.
        client.amm.stop()
        # Arrays that are scattered again while Dask deletes them, after the previous
        # search, get lost (dask/distributed#8576), so these arrays are not deleted.
        kept = client.scatter(arrays_of(*digits, folds), broadcast=True)
        yield client
        del kept


def arrays_of(X, y, folds):
    return [X, y, *itertools.chain(*folds)]


def make_search(folds, **parameters):
    pipe = make_pipeline(ImageReshaper(), quick(**parameters))
    grid = {"filters": [2, 4], "dropout": [0.0, 0.3]}
    grid = {f"fashioncnnclassifier__{name}": grid[name] for name in grid}
    return GridSearchCV(pipe, grid, cv=folds, refit=False, error_score="raise")


def search_on_dask(X, y, folds, **parameters):
    with parallel_config(backend="dask", scatter=arrays_of(X, y, folds)):
        return make_search(folds, **parameters).fit(X, y)


@pytest.fixture(scope="module")
def one_by_one(digits, folds):
    """Same search in this process."""
    return make_search(folds).fit(*digits)


def assert_same_search(search, expected):
    for fold in range(2):
        scores = f"split{fold}_test_score"
        assert_array_equal(search.cv_results_[scores], expected.cv_results_[scores])
    assert search.best_params_ == expected.best_params_


def test_a_search_on_two_workers(local, digits, folds, one_by_one):
    assert len(local.scheduler_info()["workers"]) == 2
    assert_same_search(search_on_dask(*digits, folds), one_by_one)


def test_the_data_are_sent_once(local, digits, folds, monkeypatch):
    """joblib scatters arrays that it does not find among the scattered arrays."""
    calls = []

    def scatter(*args, **kwargs):
        calls.append(args)
        return Client.scatter(local, *args, **kwargs)

    monkeypatch.setattr(local, "scatter", scatter)
    search_on_dask(*digits, folds)
    assert len(calls) == 1


def test_a_fit_has_the_threads_that_dask_gives_it(local, digits, folds):
    search_on_dask(*digits, folds)
    threads = local.run(os.getenv, "TF_NUM_INTEROP_THREADS")
    assert "1" in threads.values()
    assert set(threads.values()) <= {"1", None}  # where TensorFlow has not started


def dying_at(n_th, folder):
    """Return a callback that kills the process of one training run."""
    import keras

    class DieOnce(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            for self.number in itertools.count(1):
                try:
                    (folder / str(self.number)).touch(exist_ok=False)
                except FileExistsError:
                    continue
                break

        def on_epoch_end(self, epoch, logs=None):
            if self.number == n_th:
                psutil.Process().kill()

    return DieOnce()


def pids_of(client):
    return set(client.run(os.getpid).values())


def test_a_worker_that_dies_costs_nothing(local, digits, folds, one_by_one, tmp_path):
    """Its nanny starts another worker, which repeats the interrupted work."""
    before = pids_of(local)
    callback = dying_at(4, tmp_path)
    search = search_on_dask(*digits, folds, callbacks=[callback])
    assert_same_search(search, one_by_one)
    local.wait_for_workers(2, timeout=120)
    assert len(pids_of(local) - before) == 1
    n_trainings = len(list(tmp_path.iterdir()))
    assert 8 < n_trainings <= 8 + 4 + 1


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments, "--dashboard-address", ":0"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def address_in(file):
    """Wait until the scheduler has written its address."""
    for _ in range(600):
        try:
            return json.loads(file.read_text(encoding="utf-8"))["address"]
        except (FileNotFoundError, json.JSONDecodeError):
            time.sleep(0.1)
    raise TimeoutError("The scheduler did not start.")


@pytest.fixture
def remote(environment, tmp_path):
    """Scheduler and two workers without nannies, as on other machines."""
    file = tmp_path / "scheduler.json"
    options = "--host", "127.0.0.1", "--port", "0", "--idle-timeout", "10 minutes"
    processes = [start("scheduler", *options, "--scheduler-file", str(file))]
    try:
        address = address_in(file)
        options = "--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path)
        processes += [start("worker", address, *options) for _ in range(2)]
        with Client(address, timeout=60) as client:
            client.wait_for_workers(2, timeout=120)
            client.amm.stop()
            yield client
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_workers_reached_by_an_address(remote, digits, folds, one_by_one, tmp_path):
    """One worker dies and is not restarted. The other worker does the rest."""
    (folder := tmp_path / "trainings").mkdir()
    search = search_on_dask(*digits, folds, callbacks=[dying_at(4, folder)])
    assert_same_search(search, one_by_one)
    assert len(remote.scheduler_info()["workers"]) == 1
