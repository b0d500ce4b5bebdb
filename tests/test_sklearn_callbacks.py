"""scikit-learn's callbacks, which see the epochs of a training run as tasks."""

import copy
import gc
import io
import json
import pickle
import weakref
from multiprocessing.pool import ThreadPool

import joblib
import numpy as np
import pandas as pd
import pytest
from _small import quick
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fmnist_sk import load_model, save_model

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9")

EARLY = {"epochs": 6, "early_stopping": True, "n_iter_no_change": 1, "tol": 0.2}


@pytest.fixture(scope="module")
def images(sample):
    """Two hundred real images, read-only."""
    return sample.X_train[:200], sample.y_train[:200]


def path_of(context):
    """Return the names of the tasks from the outermost task to this task."""
    name = context.source_task_name or context.task_name
    return [*(path_of(context.parent) if context.parent else []), name]


class Watch:
    """Callback that requests nothing and watches parts of pipelines and searches."""

    max_propagation_depth = None

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        pass


class Log(Watch):
    """Callback that writes events to a file, also from other processes."""

    def __init__(self, path):
        self.path = path

    def _write(self, *line):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def on_fit_task_begin(self, estimator, context):
        self._write("begin", path_of(context))

    def on_fit_task_end(self, estimator, context):
        self._write("end", path_of(context))

    def read(self):
        with open(self.path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def ended(self):
        return [path for what, path in self.read() if what == "end"]


class Snapshots(Watch):
    """Callback that requests all values and keeps them."""

    def __init__(self):
        self.begun, self.ended = [], []

    def on_fit_task_begin(
        self, estimator, context, *, X, y, metadata, fitted_estimator
    ):
        self.begun.append((path_of(context), X, y, metadata, fitted_estimator))

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        fitted_estimator.predict(X)
        self.ended.append((path_of(context), X, y, metadata, fitted_estimator))


class Stop(Watch):
    """Callback that stops at the n-th end of a task with a given name."""

    def __init__(self, name, n):
        self.name, self.left = name, n

    def on_fit_task_end(self, estimator, context):
        self.left -= context.task_name == self.name
        return self.left == 0 and context.task_name == self.name


class Fail(Watch):
    """Callback that raises in one of its methods."""

    def __init__(self, where, error):
        self.where, self.error, self.torn_down = where, error, 0

    def _fail(self, where):
        if where == self.where:
            raise self.error

    def setup(self, estimator, context):
        self._fail("setup")

    def teardown(self, estimator, context):
        self.torn_down += 1
        self._fail("teardown")

    def on_fit_task_begin(self, estimator, context):
        self._fail(f"{context.task_name} begins")

    def on_fit_task_end(self, estimator, context):
        self._fail(f"{context.task_name} ends")


def assert_same_model(model, other):
    for weights, others in zip(
        model._fitted.weights, other._fitted.weights, strict=True
    ):
        np.testing.assert_array_equal(weights, others)
    for name in "history_", "n_iter_", "best_epoch_", "temperature_":
        assert getattr(model, name) == getattr(other, name)


def test_the_tasks_of_a_fit(images, tmp_path):
    log = Log(tmp_path / "log")
    quick().set_callbacks(log).fit(*images)
    epoch = [["begin", ["fit", "epoch"]], ["end", ["fit", "epoch"]]]
    assert log.read() == [["begin", ["fit"]], *epoch, *epoch, ["end", ["fit"]]]


def test_the_tasks_of_a_fit_with_two_trainings(images, tmp_path):
    log = Log(tmp_path / "log")
    clf = quick(refit=True, **EARLY).set_callbacks(log).fit(*images)
    first = ["fit", "find-epochs"]
    assert log.ended() == [
        *[[*first, "epoch"]] * len(clf.history_["loss"]),
        first,
        *[["fit", "refit", "epoch"]] * clf.n_iter_,
        ["fit", "refit"],
        ["fit"],
    ]
    assert clf.n_iter_ == clf.best_epoch_


def test_the_task_of_a_partial_fit(images, tmp_path):
    log = Log(tmp_path / "log")
    clf = quick().set_callbacks(log)
    for _ in range(2):
        clf.partial_fit(*images, classes=range(10))
    assert log.ended() == [["partial-fit", "epoch"], ["partial-fit"]] * 2


def test_the_tasks_in_a_pipeline(images, tmp_path):
    log = Log(tmp_path / "log")
    make_pipeline(StandardScaler(), quick()).set_callbacks(log).fit(*images)
    last = ["fit", "fit-final-estimator"]
    assert log.ended()[-4:] == [[*last, "epoch"], [*last, "epoch"], last, ["fit"]]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_tasks_in_a_search_over_a_pipeline(images, tmp_path, n_jobs, capsys):
    log = Log(tmp_path / "log")
    monitor = callback.ScoringMonitor(scoring="accuracy")
    search = GridSearchCV(
        make_pipeline(StandardScaler(), quick().set_callbacks(monitor)),
        {"fashioncnnclassifier__epochs": [1, 2]},
        cv=2,
        n_jobs=n_jobs,
        error_score="raise",
    ).set_callbacks(callback.ProgressBar(max_propagation_depth=None), log)
    search.fit(*images)
    epochs = search.best_estimator_[-1].n_iter_
    fold = ["fit", "search", "candidate-split-evaluation", "fit-final-estimator"]
    again = ["fit", "refit-with-best-params", "fit-final-estimator"]
    ended = log.ended()
    assert ended.count([*fold, "epoch"]) == 2 + 2 * 2
    assert ended.count(fold) == 4
    assert ended.count([*again, "epoch"]) == epochs
    assert sorted(map(str, ended)) == sorted(
        str(path) for what, path in log.read() if what == "begin"
    )
    # One score per epoch and one of the whole fit, for each training run.
    scores = monitor.get_logs().data_as_pandas
    assert (scores["task_name"] == "epoch").sum() == 2 + 2 * 2 + epochs
    assert (scores["task_name"] == "fit").sum() == 4 + 1
    refitted = scores["task_id_path"].map(lambda path: path[:2]) == (0, 1)
    of_refit = scores[refitted & (scores["task_name"] == "epoch")]
    assert of_refit["accuracy"].iloc[-1] == search.score(*images)
    shown = capsys.readouterr().out
    assert "search #0" in shown
    assert "fit-final-estimator | FashionCNNClassifier - fit" in shown
    # No attributes remain.
    assert not hasattr(search.best_estimator_, "_parent_callback_ctx")


def test_a_score_an_epoch(images):
    X, y = images
    monitor = callback.ScoringMonitor(scoring=["accuracy", "neg_log_loss"])
    how = {"lr_schedule": "constant", "dropout": 0.2}
    clf = quick(epochs=3, **how).set_callbacks(monitor).fit(X, y)
    scores = monitor.get_logs().data_as_pandas.set_index("task_name")
    step_by_step = quick(**how)
    expected = []
    for _ in range(3):
        step_by_step.partial_fit(X, y, classes=range(10))
        expected.append(step_by_step.score(X, y))
    assert scores.loc["epoch", "accuracy"].tolist() == expected
    assert scores.loc["fit", "accuracy"] == expected[-1] == clf.score(X, y)
    last = scores.loc["epoch", "neg_log_loss"].iloc[-1]
    assert scores.loc["fit", "neg_log_loss"] == last


def test_weighted_scores_of_a_data_frame(images):
    X, y = pd.DataFrame(images[0]).rename(columns=str), images[1]
    sample_weight = np.where(y == 6, 3.0, 1.0)
    monitor = callback.ScoringMonitor(scoring="accuracy")
    clf = quick().set_callbacks(monitor).fit(X, y, sample_weight)
    scores = monitor.get_logs().data_as_pandas
    assert scores["accuracy"].iloc[-1] == clf.score(X, y, sample_weight)


def test_what_a_callback_gets(images):
    X, y = [image.reshape(28, 28) for image in images[0]], images[1].astype(str)
    sample_weight = list(np.arange(200.0))
    seen = Snapshots()
    clf = quick(temperature="auto", **EARLY).set_callbacks(seen)
    clf.fit(X, y, sample_weight)
    n_epochs = len(clf.history_["loss"])
    # The image of weight 0 is not trained on, and a tenth is held out.
    assert [len(ended[1]) for ended in seen.ended] == [179] * n_epochs + [200]
    for _, some_X, some_y, metadata, _ in seen.ended:
        rows = np.array(metadata["sample_weight"], dtype=int)
        np.testing.assert_array_equal(some_X, np.array(X)[rows])
        np.testing.assert_array_equal(some_y, y[rows])
    for n, (*_, fitted) in enumerate(seen.ended[:-1], start=1):
        assert fitted.n_iter_ == fitted.best_epoch_ == n
        for key, values in clf.history_.items():
            assert fitted.history_[key] == values[:n]
    np.testing.assert_array_equal(
        seen.ended[clf.best_epoch_ - 1][-1].predict_proba(X), clf.predict_proba(X)
    )
    # An epoch begins in the state in which the previous epoch has ended.
    for begun, ended in zip(seen.begun[2:], seen.ended[:-2], strict=True):
        np.testing.assert_array_equal(
            begun[-1]._fitted.weights[0], ended[-1]._fitted.weights[0]
        )
    assert seen.begun[0][-1] is None


def test_weights_are_copied_only_for_a_callback_that_asks(images, monkeypatch):
    from fmnist_sk.architectures import Network

    copied = []
    get_weights = Network.get_weights

    def counting(network):
        copied.append(network)
        return get_weights(network)

    monkeypatch.setattr(Network, "get_weights", counting)
    for callbacks, n_copies in ([], 1), ([Watch()], 1), ([Snapshots()], 1 + 2 * 2):
        copied.clear()
        quick().set_callbacks(*callbacks).fit(*images)
        assert len(copied) == n_copies


def test_a_stop_ends_training_after_that_epoch(images, tmp_path):
    how = {"epochs": 6, "lr_schedule": "constant"}
    log = Log(tmp_path / "log")
    clf = quick(**how).set_callbacks(Stop("epoch", 2), log).fit(*images)
    assert log.ended() == [*[["fit", "epoch"]] * 2, ["fit"]]
    assert_same_model(clf, quick(**how | {"epochs": 2}).fit(*images))
    # The next training run of the same graph is complete.
    assert quick(**how).fit(*images).n_iter_ == 6


def test_a_stop_in_a_fit_with_two_trainings(images):
    how = {"refit": True, **EARLY, "tol": 1e-4, "n_iter_no_change": 6}
    early = quick(**how | {"refit": False}).fit(*images)
    assert early.best_epoch_ > 3
    clf = quick(**how).set_callbacks(Stop("epoch", 3)).fit(*images)
    assert len(clf.history_["loss"]) == 3
    assert clf.n_iter_ == clf.best_epoch_ <= 3
    clf = quick(**how).set_callbacks(Stop("epoch", 6 + 1)).fit(*images)
    assert (clf.n_iter_, clf.best_epoch_) == (1, early.best_epoch_)
    clf = quick(**how).set_callbacks(Stop("find-epochs", 1)).fit(*images)
    assert_same_model(clf, early)


@pytest.mark.parametrize(
    "parameters",
    [
        {"dropout": 0.3, "augmentation": "standard", "warm_start": True},
        {"refit": True, "temperature": "auto", **EARLY},
    ],
    ids=["going on", "early stopping"],
)
def test_a_callback_that_only_watches_changes_nothing(images, parameters):
    watched = quick(**parameters).set_callbacks(Snapshots())
    alone = quick(**parameters)
    for _ in range(2):
        assert_same_model(watched.fit(*images), alone.fit(*images))


def test_a_callback_that_watches_partial_fit_changes_nothing(images):
    seen = Snapshots()
    watched, alone = quick().set_callbacks(seen), quick()
    for _ in range(2):
        for clf in watched, alone:
            clf.partial_fit(*images, classes=range(10))
        assert_same_model(watched, alone)
    # Training can continue from the estimator that a callback received.
    *_, fitted = seen.ended[0]
    assert_same_model(fitted.set_callbacks().partial_fit(*images), alone)


def test_keras_callbacks_beside(images, tmp_path):
    import keras

    log = Log(tmp_path / "log")
    csv = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    stop = keras.callbacks.EarlyStopping(monitor="loss", min_delta=9.0, patience=1)
    clf = quick(epochs=6, callbacks=[csv, stop]).set_callbacks(log).fit(*images)
    assert clf.n_iter_ == len(log.ended()) - 1 == 2
    assert len((tmp_path / "log.csv").read_text(encoding="utf-8").splitlines()) == 3
    assert clone(clf).callbacks[0].filename == csv.filename
    with pytest.raises(TypeError, match="FitCallback"):
        quick().set_callbacks(csv)
    with pytest.raises(TypeError, match="keras"):
        quick(callbacks=[log]).fit(*images)


def test_two_threads(images):
    monitor = callback.ScoringMonitor(scoring="accuracy")
    alone = [quick(random_state=i).fit(*images) for i in range(2)]
    with ThreadPool(2) as pool:
        watched = pool.map(
            lambda clf: clone(clf).set_callbacks(monitor).fit(*images), alone
        )
    for clf, other in zip(watched, alone, strict=True):
        assert_same_model(clf, other)
    logs = monitor.get_logs(select="all")
    assert [len(log.data) for log in logs] == [3, 3]
    ends = {log.data_as_pandas["accuracy"].iloc[-1] for log in logs}
    assert ends == {clf.score(*images) for clf in alone}


def test_pickling(images, tmp_path):
    monitor = callback.ScoringMonitor(scoring="accuracy")
    clf = quick().set_callbacks(monitor).fit(*images)
    buffer = io.BytesIO()
    joblib.dump(clf, buffer)
    loaded = [
        pickle.loads(pickle.dumps(clf)),
        joblib.load(io.BytesIO(buffer.getvalue())),
        copy.deepcopy(clf),
    ]
    # Like scikit-learn's own estimators: callbacks reach workers in this way.
    for other in loaded:
        assert_same_model(other, clf)
        (its_own,) = other._skl_callbacks
        assert its_own is not monitor
        assert len(its_own.get_logs().data) == 3
        other.fit(*images)
    assert len(monitor.get_logs(select="all")) == 1
    assert clone(clf)._skl_callbacks == [monitor]


def test_save_model_leaves_callbacks_behind(images, tmp_path):
    class Checkpoint(Watch):
        """Callback that saves the estimator after each epoch and cannot be pickled."""

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            if context.task_name == "epoch":
                path = tmp_path / f"after {context.task_id + 1}.skops"
                save_model(fitted_estimator, path)

    clf = quick().set_callbacks(callback.ScoringMonitor(scoring="accuracy"))
    pipeline = make_pipeline(clf).set_callbacks(Checkpoint()).fit(*images)
    save_model(pipeline, tmp_path / "pipeline.skops")
    whole = load_model(tmp_path / "pipeline.skops")
    first, last = (load_model(tmp_path / f"after {n}.skops") for n in (1, 2))
    assert_same_model(whole[-1], clf)
    assert_same_model(last, clf)
    assert first.n_iter_ == 1
    for loaded in whole, whole[-1], first, last:
        assert not {name for name in vars(loaded) if "callback" in name} - {"callbacks"}
    assert hasattr(clf, "_skl_callbacks")


@pytest.mark.parametrize("error", [RuntimeError("mine"), KeyboardInterrupt("mine")])
@pytest.mark.parametrize(
    "where", ["setup", "fit begins", "epoch begins", "epoch ends", "fit ends"]
)
def test_after_an_error_the_estimator_is_as_it_was(images, where, error):
    check_failure(images, where, error)


def test_after_an_error_at_the_very_end_the_estimator_is_as_it_was(images):
    check_failure(images, "teardown", RuntimeError("mine"))


def check_failure(images, where, error):
    X, y = images
    clf = quick().fit(X, y)
    fail = Fail(where, error)
    clf.set_callbacks(fail).set_params(random_state=1)
    before = dict(vars(clf))
    with pytest.raises(type(error), match="mine"):
        clf.fit(X[:, :196], y.astype(str))
    assert vars(clf) == before
    assert fail.torn_down == 1


def test_callbacks_are_torn_down_after_any_error(images):
    fail = Fail("never", None)
    clf = quick(learning_rate=1e30, optimizer="sgd").set_callbacks(fail)
    with pytest.raises(ValueError, match="diverged"):
        clf.fit(*images)
    assert fail.torn_down == 1
    assert not hasattr(clf, "classes_")


def test_a_training_graph_at_rest_holds_on_to_nothing(images):
    X, y = images
    clf = quick().set_callbacks(Snapshots()).fit(X, y)
    gone = weakref.ref(clf)
    del clf
    gc.collect()
    assert gone() is None
