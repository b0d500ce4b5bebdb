"""Results of searches as tidy tables."""

import numpy as np
import pandas as pd
import pytest
from _small import quick
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from fmnist_sk import ImageReshaper
from fmnist_sk.model_selection import tidy_cv_results


@pytest.fixture(scope="module")
def images(sample):
    """Two hundred real images, read-only."""
    return sample.X_train[:200], sample.y_train[:200]


def test_a_row_for_each_candidate_and_split(images):
    search = GridSearchCV(
        make_pipeline(ImageReshaper(), quick(epochs=1)),
        {
            "fashioncnnclassifier__filters": [4, (4, 8, 8)],
            "fashioncnnclassifier__dropout": [None, 0.5],
        },
        cv=3,
        scoring=["accuracy", "neg_log_loss"],
        refit=False,
        return_train_score=True,
    ).fit(*images)
    for given in search, search.cv_results_, pd.DataFrame(search.cv_results_):
        table = tidy_cv_results(given)
        assert list(table.columns) == [
            "candidate",
            "dropout",
            "filters",
            "split",
            "accuracy",
            "train_accuracy",
            "neg_log_loss",
            "train_neg_log_loss",
            "fit_time",
            "score_time",
        ]
        assert len(table) == 12
        assert table["filters"].iloc[-1] == (4, 8, 8)
        for name in "accuracy", "train_neg_log_loss":
            key = {
                "accuracy": "mean_test_accuracy",
                "train_neg_log_loss": "mean_train_neg_log_loss",
            }[name]
            np.testing.assert_allclose(
                table.groupby("candidate")[name].mean(), search.cv_results_[key]
            )
    assert (table["fit_time"] > 0).all()


def test_halving_lists_of_grids_and_failures(images):
    X, y = images
    halving = HalvingGridSearchCV(
        quick(), {"filters": [2, 4]}, resource="epochs", max_resources=2, factor=2, cv=2
    ).fit(X, y)
    table = tidy_cv_results(halving)
    assert table[["iter", "n_resources"]].drop_duplicates().to_numpy().tolist() == [
        [0, 1],
        [1, 2],
    ]
    grids = GridSearchCV(
        SVC(),
        [{"kernel": ["linear"]}, {"kernel": ["rbf"], "gamma": [0.1, -1.0]}],
        cv=2,
        error_score=np.nan,
    )
    with pytest.warns(match="fits failed|non-finite"):
        grids.fit(X, y)
    table = tidy_cv_results(grids)
    assert table["gamma"].isna().sum() == 2
    assert table["gamma"].dtype == float
    assert table.groupby("candidate")["score"].count().tolist() == [2, 2, 0]


def test_names_that_would_be_mistaken_keep_their_steps():
    params = [{"a__C": 1, "b__C": 2, "c__split": 3}]
    table = tidy_cv_results({"params": params, "split0_test_score": [0.5]})
    assert list(table.columns) == [
        *("candidate", "a__C", "b__C", "c__split", "split", "score"),
    ]


def test_what_is_no_search():
    with pytest.raises(NotFittedError):
        tidy_cv_results(GridSearchCV(LogisticRegression(), {}))
    with pytest.raises(TypeError, match="fitted search"):
        tidy_cv_results([0.5])
    with pytest.raises(ValueError, match="single splits"):
        tidy_cv_results({"params": [{}], "mean_test_score": [1.0]})
