"""Heat maps and scatter plots of searches."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from _small import quick
from scipy.stats import loguniform
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
)
from sklearn.pipeline import make_pipeline

from fmnist_sk import ImageReshaper
from fmnist_sk.plotting import SearchResultsDisplay


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def search(sample):
    return GridSearchCV(
        make_pipeline(ImageReshaper(), quick(epochs=1)),
        {
            "fashioncnnclassifier__filters": [8, 4],
            "fashioncnnclassifier__dropout": [0.0, 0.3, 0.6],
        },
        scoring=["accuracy", "neg_log_loss"],
        refit="neg_log_loss",
        cv=2,
    ).fit(sample.X_train[:120], sample.y_train[:120])


def test_cells_are_the_mean_scores(search):
    display = SearchResultsDisplay.from_estimator(
        search, rows="filters", columns="dropout"
    )
    assert display.score_name == "neg_log_loss"
    assert (display.row_values, display.column_values) == ([4, 8], [0.0, 0.3, 0.6])
    results = pd.DataFrame(search.cv_results_)
    for i, filters in enumerate([4, 8]):
        for j, dropout in enumerate([0.0, 0.3, 0.6]):
            row = results[
                (results["param_fashioncnnclassifier__filters"] == filters)
                & (results["param_fashioncnnclassifier__dropout"] == dropout)
            ].iloc[0]
            assert display.scores[i, j] == row["mean_test_neg_log_loss"]
            assert f"{display.scores[i, j]:.3f}" in display.text_[i, j].get_text()
            assert display.deviations[i, j] == row["std_test_neg_log_loss"]
    assert display.ax_.get_xlabel() == "dropout"
    assert display.ax_.get_ylabel() == "filters"
    (frame,) = display.ax_.patches
    best = np.unravel_index(display.scores.argmax(), (2, 3))
    assert (round(frame.get_y() + 0.47), round(frame.get_x() + 0.47)) == best


def test_another_score(search):
    display = SearchResultsDisplay.from_estimator(search, scoring="accuracy")
    assert display.scores.max() == search.cv_results_["mean_test_accuracy"].max()
    with pytest.raises(
        ValueError, match=r"scoring must be one of \['accuracy', 'neg_log_loss'\]"
    ):
        SearchResultsDisplay.from_estimator(search, scoring="f1")


def results(**columns):
    n = len(next(iter(columns.values())))
    return {**columns, "mean_test_score": np.linspace(0.1, 0.9, n)}


def test_of_other_parameters_the_best_is_shown():
    display = SearchResultsDisplay.from_cv_results(
        results(param_a=[1, 1, 2, 2], param_b=["x"] * 4, param_c=[5, 6, 5, 6]),
        rows="a",
        columns="b",
    )
    np.testing.assert_allclose(display.scores[:, 0], np.linspace(0.1, 0.9, 4)[[1, 3]])
    assert display.deviations is None


def test_one_parameter_is_one_row():
    display = SearchResultsDisplay.from_cv_results(results(param_m__a=[3, None, 1]))
    assert display.scores.shape == (1, 3)
    assert (display.row_name, display.column_name) == ("", "a")
    assert display.column_values == [3, None, 1]


def test_a_list_of_grids_shows_what_has_both():
    search = GridSearchCV(
        LogisticRegression(max_iter=50, tol=0.1),
        [
            {"C": [0.1, 1.0], "tol": [0.1, 0.2]},
            {"C": [0.1, 1.0], "fit_intercept": [False]},
        ],
        cv=2,
    ).fit(np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2)
    for results in (search.cv_results_, pd.DataFrame(search.cv_results_)):
        display = SearchResultsDisplay.from_cv_results(results, rows="C", columns="tol")
        assert display.row_values == [0.1, 1.0]
        assert display.column_values == [0.1, 0.2]
        np.testing.assert_array_equal(
            display.scores.ravel(), search.cv_results_["mean_test_score"][:4]
        )


def test_a_failed_fit_hides_no_score():
    for scores in ([0.9, np.nan], [np.nan, 0.9]):
        found = {"param_a": [1, 1], "param_c": [5, 6], "mean_test_score": scores}
        display = SearchResultsDisplay.from_cv_results(found, rows="a")
        assert np.nanmax(display.scores) == 0.9


def test_of_halving_the_frame_is_in_the_last_round():
    display = SearchResultsDisplay.from_cv_results(
        {"iter": [0, 0, 1], "param_a": [1, 2, 2], "mean_test_score": [0.9, 0.8, 0.85]}
    )
    np.testing.assert_array_equal(display.scores, [[0.9, 0.85]])
    assert display.best == (0, 1)


def test_what_was_not_tried_stays_empty():
    display = SearchResultsDisplay.from_cv_results(
        results(param_a=[(8, 16), (8, 16), (4, 8)], param_b=[0.1, 0.2, 0.2])
    )
    assert np.isnan(display.scores[0, 0])
    assert display.text_[0, 0].get_text() == "–"
    assert [t.get_text() for t in display.ax_.get_yticklabels()] == [
        "(4, 8)",
        "(8, 16)",
    ]


@pytest.fixture(scope="module")
def halving(sample):
    return HalvingGridSearchCV(
        quick(),
        {"filters": [2, 4, 8], "learning_rate": [1e-4, 1e-2]},
        resource="epochs",
        min_resources=1,
        max_resources=4,
        factor=2,
        cv=2,
    ).fit(sample.X_train[:120], sample.y_train[:120])


def test_of_halving_the_last_round_is_coloured(halving):
    display = SearchResultsDisplay.from_estimator(halving)
    table = pd.DataFrame(halving.cv_results_)
    assert table["iter"].max() == 2
    last = table.sort_values("iter").groupby(["param_filters", "param_learning_rate"])
    last = last.last()
    np.testing.assert_array_equal(display.scores.ravel(), last["mean_test_score"])
    np.testing.assert_array_equal(display.resources.ravel(), last["n_resources"])
    coloured = ~np.ma.getmaskarray(display.im_.get_array())
    np.testing.assert_array_equal(coloured.ravel(), last["iter"] == 2)
    # The scores of earlier rounds are shown with their resources.
    for cell, text in np.ndenumerate(display.text_):
        resource = f"epochs {display.resources[cell]:g}"
        assert (resource in text.get_text()) != coloured[cell]
    assert "eliminated in an earlier round" in display.ax_.get_title(loc="left")
    row, column = display.best
    assert display.row_values[row] == halving.best_params_["filters"]
    assert display.column_values[column] == halving.best_params_["learning_rate"]


def test_of_halving_a_point_is_drawn_per_candidate(halving):
    display = SearchResultsDisplay.from_estimator(halving, kind="scatter")
    assert len(display.scores) == len(halving.cv_results_["iter"])
    crosses, points, ring = display.ax_.collections[-3:]
    assert points is display.points_
    n_last = (halving.cv_results_["iter"] == 2).sum()
    assert len(points.get_offsets()) == n_last
    assert len(crosses.get_offsets()) == len(display.scores) - n_last
    best = halving.best_params_
    # Parameters with few values are placed like categories.
    places = [1e-4, 1e-2].index(best["learning_rate"]), [2, 4, 8].index(best["filters"])
    np.testing.assert_array_equal(ring.get_offsets(), [places])
    assert [t.get_text() for t in display.ax_.get_yticklabels()] == ["2", "4", "8"]


def test_numbers_drawn_at_random_are_points(sample):
    search = RandomizedSearchCV(
        LogisticRegression(max_iter=5, tol=0.1),
        {"C": loguniform(1e-4, 1e2), "class_weight": [None, "balanced"]},
        n_iter=12,
        cv=2,
        random_state=0,
    )
    X, y = sample.X_train[:60] / 255, sample.y_train[:60] > 4
    search.fit(X, y)
    display = SearchResultsDisplay.from_estimator(search, rows="class_weight")
    assert display.im_ is None
    assert display.text_ is None
    assert display.ax_.get_xscale() == "log"
    labels = [t.get_text() for t in display.ax_.get_yticklabels()]
    assert sorted(labels) == ["None", "balanced"]
    params = search.cv_results_["params"]
    np.testing.assert_allclose(
        display.points_.get_offsets(),
        [(p["C"], labels.index(str(p["class_weight"]))) for p in params],
    )
    np.testing.assert_array_equal(
        display.points_.get_array(), search.cv_results_["mean_test_score"]
    )
    heat_map = SearchResultsDisplay.from_estimator(
        search, rows="class_weight", kind="heatmap"
    )
    assert heat_map.im_.get_array().shape == (2, 12)


def test_one_parameter_with_many_values_is_drawn_by_score():
    found = results(param_a=list(range(1, 12)), param_b=["x"] * 11)
    found["std_test_score"] = np.full(11, 0.1)
    display = SearchResultsDisplay.from_cv_results(found)
    np.testing.assert_allclose(
        display.points_.get_offsets(),
        np.column_stack([found["param_a"], found["mean_test_score"]]),
    )
    assert display.ax_.get_ylabel() == "mean score"
    assert display.ax_.get_xscale() == "linear"
    assert display.best == 10


def test_a_randomised_search_and_the_users_axes(sample):
    search = RandomizedSearchCV(
        LogisticRegression(max_iter=20),
        {"C": [0.01, 0.1, 1.0], "fit_intercept": [True, False]},
        n_iter=3,
        cv=2,
        random_state=0,
    )
    _, ax = plt.subplots()
    X, y = sample.X_train[:60] / 255, sample.y_train[:60] > 4
    display = SearchResultsDisplay.from_estimator(search.fit(X, y), ax=ax)
    assert display.ax_ is ax
    assert np.isfinite(display.scores).sum() == 3


def test_bad_input(search):
    with pytest.raises(NotFittedError):
        SearchResultsDisplay.from_estimator(GridSearchCV(quick(), {}))
    with pytest.raises(TypeError, match="must be a fitted search such as GridSearchCV"):
        SearchResultsDisplay.from_estimator(search.best_estimator_)
    with pytest.raises(ValueError, match="'depth' is not one of the parameters"):
        SearchResultsDisplay.from_estimator(search, rows="depth")
    with pytest.raises(ValueError, match="are both"):
        SearchResultsDisplay.from_estimator(search, rows="filters", columns="filters")
    with pytest.raises(ValueError, match="'x' is ambiguous"):
        SearchResultsDisplay.from_cv_results(
            results(param_a__x=[1], param_b__x=[2]), rows="x"
        )
    with pytest.raises(ValueError, match="kind must be 'auto'"):
        SearchResultsDisplay.from_estimator(search, kind="bar")
    with pytest.raises(ValueError, match=r"must have shape \(2, 1\)"):
        SearchResultsDisplay(
            scores=[[1]],
            row_values=[1, 2],
            column_values=[1],
            row_name="a",
            column_name="b",
        ).plot()
    with pytest.raises(ValueError, match="no parameters"):
        SearchResultsDisplay.from_cv_results(results(other=[1]))
    with pytest.raises(ValueError, match="no mean_test_score"):
        SearchResultsDisplay.from_cv_results({"param_a": [1]})
