"""Searches with Optuna: over pipelines, with pruning, and with a stored study."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from _small import quick
from numpy.testing import assert_array_equal
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from fmnist_sk import ImageReshaper
from fmnist_sk.model_selection import tidy_cv_results
from fmnist_sk.plotting import SearchResultsDisplay

optuna = pytest.importorskip("optuna")
OptunaSearchCV = pytest.importorskip("optuna_integration").OptunaSearchCV

pytestmark = [
    pytest.mark.filterwarnings("ignore:OptunaSearchCV is experimental"),
    pytest.mark.filterwarnings("ignore:`optuna.terminator` module has been deprecated"),
]


@pytest.fixture(autouse=True)
def silence():
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(level)


def choice(*values):
    return optuna.distributions.CategoricalDistribution(values)


def rates():
    return optuna.distributions.FloatDistribution(1e-5, 1e-2, log=True)


def new_study(storage=None):
    return optuna.create_study(
        storage=storage,
        study_name="digits",
        load_if_exists=True,
        direction="maximize",
        sampler=optuna.samplers.RandomSampler(seed=0),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=2),
    )


def lengths(study):
    return [len(trial.intermediate_values) for trial in study.trials]


def test_a_search_over_a_pipeline(digits):
    pipe = make_pipeline(ImageReshaper(), quick())
    grid = {
        "fashioncnnclassifier__filters": choice(2, 4),
        "fashioncnnclassifier__dropout": optuna.distributions.FloatDistribution(0, 0.5),
    }
    search = OptunaSearchCV(
        pipe, grid, n_trials=3, cv=2, error_score="raise", random_state=0
    )
    search.fit(*digits)
    scores = [trial.value for trial in search.trials_]
    assert search.best_score_ == max(scores) > 0.2
    best = pipe.set_params(**search.best_params_)
    assert cross_val_score(best, *digits, cv=2).mean() == search.best_score_
    assert search.score(*digits) > 0.2
    again = search.fit(*digits)
    assert [trial.value for trial in again.trials_] == scores  # a study for each fit


def test_pruning_by_partial_fit(digits):
    """With a constant learning rate, the scores equal those of `fit` bitwise."""
    clf = quick(epochs=4, lr_schedule="constant")
    search = OptunaSearchCV(
        clf,
        {"learning_rate": rates(), "filters": choice(4, 8)},
        enable_pruning=True,
        max_iter=4,
        n_trials=8,
        cv=2,
        error_score="raise",
        study=new_study(),
    )
    search.fit(*digits)
    assert set(lengths(search.study_)) == {1, 4}  # pruned and complete trials
    best = clf.set_params(**search.best_params_)
    assert cross_val_score(best, *digits, cv=2).mean() == search.best_score_
    X, y = digits
    assert_array_equal(search.predict_proba(X), best.fit(X, y).predict_proba(X))


def test_a_search_with_pruning_is_plotted_and_tidied(digits):
    search = OptunaSearchCV(
        quick(epochs=4, lr_schedule="constant"),
        {"learning_rate": rates(), "filters": choice(4, 8)},
        enable_pruning=True,
        max_iter=4,
        n_trials=8,
        cv=2,
        study=new_study(),
    ).fit(*digits)
    trials = search.trials_
    pruned = [trial.state.name == "PRUNED" for trial in trials]
    assert 0 < sum(pruned) < 8
    display = SearchResultsDisplay.from_estimator(
        search, rows="filters", columns="learning_rate"
    )
    assert display.best == search.best_index_
    assert (display.score_name, display.ax_.get_xscale()) == ("score", "log")
    np.testing.assert_array_equal(np.isnan(display.scores), pruned)
    np.testing.assert_allclose(
        display.points_.get_offsets()[:, 0],
        [t.params["learning_rate"] for t in trials if t.state.name == "COMPLETE"],
    )
    assert "pruned" in display.ax_.get_title(loc="left")
    plt.close(display.figure_)
    table = tidy_cv_results(search)
    assert table.shape == (16, 7)
    by_trial = table.groupby("candidate")["score"]
    np.testing.assert_array_equal(by_trial.count() == 0, pruned)
    assert by_trial.mean().max() == pytest.approx(search.best_score_)


@pytest.mark.filterwarnings("ignore:.*set_metric_names is experimental")
def test_a_study_is_plotted():
    sampler = optuna.samplers.GridSampler({"k": [1, 2, 3]})
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda trial: trial.suggest_int("k", 1, 3) ** 2, n_trials=3)
    display = SearchResultsDisplay.from_estimator(study)
    assert display.score_name == "objective value"
    np.testing.assert_array_equal(display.scores, [[1, 4, 9]])
    assert display.best == (0, 0)  # the study minimises
    plt.close(display.figure_)
    study.set_metric_names(["error"])
    display = SearchResultsDisplay.from_estimator(study, kind="scatter")
    assert display.ax_.get_ylabel() == "error"
    plt.close(display.figure_)
    with pytest.raises(ValueError, match="no scores of single splits"):
        tidy_cv_results(study)
    several = optuna.create_study(directions=["maximize", "minimize"])
    with pytest.raises(ValueError, match="The study has 2 objectives"):
        SearchResultsDisplay.from_estimator(several)
    with pytest.raises(ValueError, match="no parameters"):
        SearchResultsDisplay.from_estimator(optuna.create_study())


def test_pruning_needs_the_classifier_itself(digits):
    pipe = make_pipeline(ImageReshaper(), quick())
    grid = {"fashioncnnclassifier__filters": choice(2, 4)}
    search = OptunaSearchCV(pipe, grid, enable_pruning=True, n_trials=1)
    with pytest.raises(ValueError, match="must support partial_fit"):
        search.fit(*digits)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"class_weight": "balanced"}, "is not supported for partial_fit"),
        ({"early_stopping": True, "temperature": "auto"}, "must support partial_fit"),
    ],
)
def test_what_partial_fit_refuses_stops_the_search(digits, parameters, message):
    search = OptunaSearchCV(
        quick(**parameters),
        {"filters": choice(2, 4)},
        enable_pruning=True,
        n_trials=1,
        cv=2,
        error_score="raise",
    )
    with pytest.raises(ValueError, match=message):
        search.fit(*digits)


def test_pruning_within_whole_trainings(digits):
    """The callback reports to the trial by a function, which is never copied."""
    import keras

    X, y = digits

    def objective(trial):
        def report(epoch, logs):
            trial.report(logs["val_accuracy"], epoch)
            if trial.should_prune():
                raise optuna.TrialPruned

        clf = quick(
            epochs=4,
            learning_rate=trial.suggest_float("learning_rate", 1e-5, 1e-2, log=True),
            callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=report)],
        )
        clf.fit(X[:400], y[:400], X_val=X[400:], y_val=y[400:])
        return clf.score(X[400:], y[400:])

    study = new_study()
    study.optimize(objective, n_trials=8)
    assert set(lengths(study)) == {1, 4}
    assert study.best_value > 0.4


def test_a_study_on_disk_goes_on(digits, tmp_path):
    """Other processes can continue the study at the same time."""
    grid = {"filters": choice(2, 4), "dropout": choice(0.0, 0.3)}
    for n_trials in 2, 4:
        journal = optuna.storages.journal.JournalFileBackend(str(tmp_path / "journal"))
        study = new_study(optuna.storages.JournalStorage(journal))
        search = OptunaSearchCV(quick(), grid, n_trials=2, cv=2, study=study)
        assert len(search.fit(*digits).trials_) == n_trials
