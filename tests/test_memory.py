"""Cache of training runs: the parameter `memory`."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import psutil
import pytest
from _processes import run_python
from _small import quick
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from fmnist_sk import FashionCNNClassifier, ImageReshaper, load_model, save_model


@pytest.fixture(scope="module")
def images(sample):
    """Three hundred real images, read-only."""
    return sample.X_train[:300], sample.y_train[:300]


def kept(folder):
    """Return the training runs in a folder, with the time of their last change."""
    return {path: path.stat().st_mtime_ns for path in Path(folder).rglob("output.pkl")}


def test_the_same_training_is_not_done_again(images, tmp_path):
    X, y = images
    plain = quick(early_stopping=True, refit=True, epochs=3).fit(X, y)
    clf = clone(plain).set_params(memory=str(tmp_path))
    for _ in range(2):
        clf.fit(X, y)
        assert len(kept(tmp_path)) == 2  # the run with early stopping, and the refit
        np.testing.assert_array_equal(clf.predict_proba(X), plain.predict_proba(X))
        for name in "history_", "n_iter_", "best_epoch_", "n_parameters_":
            assert getattr(clf, name) == getattr(plain, name)


@pytest.mark.parametrize(
    "changed",
    [
        {"dropout": 0.3},
        {"random_state": 1},
        {"epochs": 1},
        {"augmentation": "light"},
        {"filters": 8},
        {"class_weight": {6: 2.0}},
        {"optimizer": "adam"},
    ],
)
def test_another_training_is_done(images, tmp_path, changed):
    X, y = images
    clf = quick(memory=str(tmp_path), precision="bfloat16").fit(X, y)
    different = clone(clf).set_params(**changed).fit(X, y)
    assert len(kept(tmp_path)) == 2
    expected = clone(different).set_params(memory=None).fit(X, y)
    np.testing.assert_array_equal(different.predict_proba(X), expected.predict_proba(X))


def test_other_images_labels_and_weights_are_trained_on(images, tmp_path):
    X, y = images
    clf = quick(memory=joblib.Memory(tmp_path, verbose=0)).fit(X, y)
    clf.fit(X[::-1], y[::-1])
    clf.fit(X, (y + 1) % 10)
    clf.fit(X, y, sample_weight=np.arange(300) + 1)
    assert len(kept(tmp_path)) == 4
    clf.fit(X, y)
    clf.set_params(verbose=2, temperature=2.0, tta="flip").fit(X, y)
    assert len(kept(tmp_path)) == 4


def test_what_changes_the_bits_of_a_run_is_part_of_its_key(
    images, tmp_path, monkeypatch
):
    """Different machines and versions may share a folder."""
    from fmnist_sk import _engine

    X, y = images
    clf = quick(memory=str(tmp_path)).fit(X, y)
    here = _engine.training_environment()
    elsewhere = (
        {"threads": here["threads"] + 1},
        {"versions": here["versions"] | {"tensorflow": "2.99"}},
        {"versions": here["versions"] | {"keras": "3.99"}},
        {"instruction_sets": ("avx2",)},
    )
    for n_runs, changed in enumerate(elsewhere, start=2):
        with monkeypatch.context() as patch:
            patch.setattr(_engine, "training_environment", lambda c=changed: here | c)
            clf.fit(X, y)
        assert len(kept(tmp_path)) == n_runs
    for fast in True, False:  # the value that "auto" stands for
        monkeypatch.setattr(_engine, "has_fast_bfloat16", lambda fast=fast: fast)
        clf.fit(X, y)
    assert len(kept(tmp_path)) == n_runs + 1
    plain = clone(clf).set_params(memory=None, precision="float32").fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X), plain.predict_proba(X))


def test_the_number_of_threads_is_known():
    """It is the number in use, not the present value of the variable."""
    code = """
import tensorflow as tf
from fmnist_sk import _engine
print(_engine.training_environment()["threads"])
tf.config.threading.set_intra_op_parallelism_threads(3)
print([_engine.training_environment()["threads"]])
"""
    assert run_python(code) == [3]


def test_an_architecture_that_has_no_name_is_refused(images, tmp_path):
    def nested(image_shape, n_classes):
        import keras

        return keras.Sequential(
            [
                keras.Input(image_shape),
                keras.layers.Flatten(),
                keras.layers.Dense(n_classes),
            ]
        )

    X, y = images
    for architecture in nested, lambda image_shape, n_classes: nested((28, 28, 1), 10):
        clf = quick(architecture=architecture, memory=str(tmp_path))
        with pytest.raises(TypeError, match="architecture that can be pickled"):
            clf.fit(X, y)
        assert not kept(tmp_path)
        clf.set_params(memory=None).fit(X, y)


def test_what_cannot_happen_again_is_not_kept(images, tmp_path):
    import keras

    X, y = images
    quick(memory=str(tmp_path), random_state=None).fit(X, y)
    quick(memory=str(tmp_path), callbacks=keras.callbacks.TerminateOnNaN()).fit(X, y)
    quick(memory=str(tmp_path)).partial_fit(X, y, classes=np.arange(10))
    assert not kept(tmp_path)


def test_a_damaged_training_is_done_again(images, tmp_path):
    X, y = images
    clf = quick(memory=str(tmp_path)).fit(X, y)
    (path,) = kept(tmp_path)
    path.write_bytes(path.read_bytes()[:1000])
    again = clone(clf).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), clf.predict_proba(X))


def test_memory_is_a_parameter_like_any_other(images, tmp_path):
    X, y = images
    with pytest.raises(ValueError, match="'memory' parameter"):
        quick(memory=3).fit(X, y)
    save_model(quick(memory=str(tmp_path)).fit(X, y), tmp_path / "clf.skops")
    assert load_model(tmp_path / "clf.skops").memory == str(tmp_path)


SEARCH = """
import sys
import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from fmnist_sk import FashionCNNClassifier, ImageReshaper

data = np.load(sys.argv[1])
network = FashionCNNClassifier(
    architecture="compact", epochs=8, batch_size=32, random_state=0, memory=sys.argv[2]
)
GridSearchCV(
    make_pipeline(ImageReshaper(), network),
    {
        "fashioncnnclassifier__filters": [4, 8],
        "fashioncnnclassifier__dropout": [0, 0.3],
    },
    cv=3,
    n_jobs=int(sys.argv[3]),
).fit(data["X"], data["y"])
"""


def test_a_killed_search_goes_on_where_it_was(images, tmp_path, monkeypatch):
    X, y = images
    np.savez(tmp_path / "data.npz", X=X, y=y)
    folder = tmp_path / "memory"
    arguments = str(tmp_path / "data.npz"), str(folder)
    process = subprocess.Popen([sys.executable, "-c", SEARCH, *arguments, "2"])
    deadline = time.monotonic() + 200
    while len(kept(folder)) < 3:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    for worker in workers:
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.kill()
    process.wait()
    psutil.wait_procs(workers)
    before = kept(folder)
    assert len(before) < 13
    # This process is another one, in which TensorFlow runs already.
    monkeypatch.setattr(sys, "argv", ["-c", *arguments, "1"])
    exec(SEARCH, {})
    after = kept(folder)
    assert len(after) == 13  # 4 candidates × 3 folds, and the refit
    unharmed = [path for path in before if after[path] == before[path]]
    assert len(unharmed) == len(before)


def test_the_results_are_those_of_an_undisturbed_search(images, tmp_path):
    X, y = images
    grid = {"fashioncnnclassifier__filters": [4, 8]}

    def search(memory):
        network = FashionCNNClassifier(
            architecture="compact", epochs=2, random_state=0, memory=memory
        )
        pipeline = make_pipeline(ImageReshaper(), network)
        return GridSearchCV(pipeline, grid, cv=2).fit(X, y)

    plain = search(None)
    for _ in range(2):
        remembered = search(str(tmp_path))
        assert remembered.best_params_ == plain.best_params_
        np.testing.assert_array_equal(
            remembered.cv_results_["mean_test_score"],
            plain.cv_results_["mean_test_score"],
        )
        np.testing.assert_array_equal(
            remembered.predict_proba(X), plain.predict_proba(X)
        )


def test_what_a_killed_process_was_writing_is_deleted_after_an_hour(images, tmp_path):
    X, y = images
    clf = quick(memory=str(tmp_path)).fit(X, y)
    (run,) = kept(tmp_path)
    old, new = (
        run.with_name(f"{run.name}.{i:032x}-1234-140512345678912") for i in range(2)
    )
    for path in old, new:
        path.touch()
    os.utime(old, (time.time() - 4000,) * 2)
    clf.fit(X, y)  # from the cache
    assert old.exists()
    clf.set_params(random_state=1).fit(X, y)
    assert not old.exists()
    assert new.exists()
