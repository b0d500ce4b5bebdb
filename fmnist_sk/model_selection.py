"""Results of searches as a tidy table, and the parameters in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    import pandas as pd

_SPLIT = re.compile(r"split(\d+)_(test|train)_(.+)")
# Times are means over the splits: scikit-learn does not keep those of a single split.
_OF_CANDIDATES = {
    "iter": "iter",
    "n_resources": "n_resources",
    "mean_fit_time": "fit_time",
    "mean_score_time": "score_time",
}


def tidy_cv_results(search: Any) -> pd.DataFrame:
    """Return the results of a search as a table with a row for each split.

    `cv_results_` has one row for each candidate, and the names of its columns contain
    the splits. A tidy table has one row for each observation [1]_, which here is one
    candidate in one split. Grouping, plotting and statistical tests of such a table
    take one line each.

    Parameters
    ----------
    search : estimator, dict or DataFrame
        Fitted search, such as `GridSearchCV`, `HalvingRandomSearchCV` or Optuna's
        `OptunaSearchCV`; or the `cv_results_` of a search of scikit-learn.

    Returns
    -------
    table : DataFrame
        Table with these columns:

        - `candidate`: number of the candidate, or of Optuna's trial;
        - one column for each parameter, named without the pipeline steps where the name
          stays unique, with NaN for candidates that do not have the parameter;
        - `split`: number of the split;
        - `score`, or the names of the scores: test scores, and `train_...` for training
          scores, if there are any. They are NaN for trials that Optuna pruned;
        - `iter` and `n_resources`, for a halving search;
        - `fit_time` and `score_time`: means over the candidate's splits, in seconds.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the search is not fitted.
    TypeError
        If `search` is neither a search nor its results.
    ValueError
        If the results have no scores of single splits, as in a study of Optuna that
        was not made by `OptunaSearchCV`. Use `study.trials_dataframe()` instead.

    See Also
    --------
    fmnist_sk.plotting.SearchResultsDisplay : Plot of the scores.

    References
    ----------
    .. [1] H. Wickham, "Tidy data", Journal of Statistical Software 59(10), 2014,
       section 2.3.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample
    >>> from fmnist_sk.model_selection import tidy_cv_results
    >>> X, y = load_fashion_mnist_sample(return_X_y=True)
    >>> clf = FashionCNNClassifier(architecture="compact", epochs=1, random_state=0)
    >>> search = GridSearchCV(clf, {"filters": [4, 8]}, cv=3).fit(X[:300], y[:300])
    >>> table = tidy_cv_results(search)
    >>> table.shape
    (6, 6)
    >>> means = table.groupby("filters")["score"].mean()
    >>> bool(means[8] > means[4])
    True
    """
    import pandas as pd

    results = read_columns(read_search(search)[0])
    first = {"candidate": range(len(results["params"]))} | _parameters(results)
    last = {
        name: results[key] for key, name in _OF_CANDIDATES.items() if key in results
    }
    parts = [
        pd.DataFrame(first | {"split": split} | scores | last)
        for split, scores in sorted(_scores_by_split(results).items())
    ]
    table = pd.concat(parts).sort_values(["candidate", "split"], kind="stable")
    return table.reset_index(drop=True)


def read_search(search):
    """Return the results of a search in the form of `cv_results_`.

    Parameters
    ----------
    search : estimator, optuna.study.Study, dict or DataFrame
        Fitted search, study, or results.

    Returns
    -------
    results : dict or DataFrame
        Results in the form of `cv_results_`.
    direction : {1, -1}
        1 if the largest score is the best, -1 if the smallest score is.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the search is not fitted.
    TypeError
        If `search` is not one of the above.
    ValueError
        If a study has several objectives.
    """
    import pandas as pd

    if isinstance(search, (Mapping, pd.DataFrame)):
        return search, 1
    if hasattr(search, "fit"):
        check_is_fitted(search)
    # The cv_results_ of OptunaSearchCV has no parameters, and fails after a pruned
    # trial, so the study is read instead.
    study = getattr(search, "study_", search)
    if hasattr(study, "trials") and hasattr(study, "directions"):
        return _read_study(study)
    if hasattr(search, "cv_results_"):
        return search.cv_results_, 1
    raise TypeError(
        "The search must be a fitted search such as GridSearchCV, or its cv_results_. "
        f"Got {type(search).__name__} instead."
    )


def _read_study(study):
    """Return the results of a study, in which `OptunaSearchCV` stores its scores."""
    if len(study.directions) != 1:
        raise ValueError(
            f"The study has {len(study.directions)} objectives. Only a study with one "
            "objective is supported."
        )
    trials = study.trials
    complete = [trial.state.name == "COMPLETE" for trial in trials]
    # The value of a pruned trial was measured after fewer epochs, like its scores.
    scores = [t.value if c else np.nan for t, c in zip(trials, complete, strict=True)]
    stored = [t.user_attrs if c else {} for t, c in zip(trials, complete, strict=True)]
    name = (study.metric_names or ["objective value"])[0]
    results = {}
    if any("mean_test_score" in attributes for attributes in stored):
        name = "score"
        results = {
            key: [attributes.get(key, np.nan) for attributes in stored]
            for key in dict.fromkeys(key for found in stored for key in found)
            if _SPLIT.fullmatch(key) or key.startswith(("mean_", "std_"))
        }
    results |= {"params": [t.params for t in trials], f"mean_test_{name}": scores}
    return results, 1 if study.direction.name == "MAXIMIZE" else -1


def read_columns(cv_results):
    """Return the columns of `cv_results_`, a dict or a DataFrame, as lists."""
    return {key: list(column) for key, column in cv_results.items()}


def read_parameters(results, absent):
    """Return the values of each parameter of a search.

    Parameters
    ----------
    results : dict of list
        Columns of `cv_results_`.
    absent : object
        Value for candidates that do not have the parameter, as in a list of grids.

    Returns
    -------
    values : dict of list
        One value for each candidate, by the full name of the parameter. Arrays and
        lists become tuples, which can be compared and grouped by.
    """
    if "params" in results:
        names = dict.fromkeys(name for params in results["params"] for name in params)
        columns = {
            name: [params.get(name, absent) for params in results["params"]]
            for name in names
        }
    else:
        columns = {
            key.removeprefix("param_"): column
            for key, column in results.items()
            if key.startswith("param_")
        }
    return {name: list(map(_comparable, column)) for name, column in columns.items()}


def short_name(parameter):
    """Return the name of a parameter without the steps before it."""
    return parameter.rpartition("__")[2]


def _comparable(value):
    if isinstance(value, np.ndarray):
        value = value.tolist()
    elif isinstance(value, np.generic):
        value = value.item()
    return tuple(value) if isinstance(value, list) else value


def _scores_by_split(results):
    """Return, by split, the scores of all candidates by the names of their columns."""
    scores = {}
    for key, values in results.items():
        if found := _SPLIT.fullmatch(key):
            split, part, name = found.groups()
            name = name if part == "test" else f"train_{name}"
            scores.setdefault(int(split), {})[name] = values
    if not scores:
        raise ValueError(
            "The results have no scores of single splits, such as split0_test_score."
        )
    return scores


def _parameters(results):
    """Return the columns of the parameters by their shortest unique names."""
    import pandas as pd

    values = read_parameters(results, absent=np.nan)
    short = [short_name(name) for name in values]
    taken = {"candidate", "split", *_OF_CANDIDATES.values()}
    return {
        # Tuples and estimators stay objects, and numbers become numbers.
        brief if short.count(brief) == 1 and brief not in taken else name: pd.Series(
            column, dtype=object
        ).infer_objects()
        for brief, (name, column) in zip(short, values.items(), strict=True)
    }
