"""What scikit-learn's searches leave to do: their results as a tidy table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    import pandas as pd

_SPLIT = re.compile(r"split(\d+)_(test|train)_(.+)")
# Times are means over the splits: scikit-learn does not keep the single ones.
_OF_CANDIDATES = {
    "iter": "iter",
    "n_resources": "n_resources",
    "mean_fit_time": "fit_time",
    "mean_score_time": "score_time",
}


def tidy_cv_results(search: Any) -> pd.DataFrame:
    """Give the results of a search as a table with a row for each candidate and split.

    `cv_results_` has a row for each candidate, and its splits, scores and parameters in
    names of columns. With an observation a row [1]_, grouping, plotting and testing of
    differences are one line each.

    Parameters
    ----------
    search : estimator, dict or DataFrame
        A fitted search, such as `GridSearchCV` or `HalvingRandomSearchCV`, or its
        `cv_results_`.

    Returns
    -------
    table : DataFrame
        The columns `candidate`, its number; one for each parameter, without the names
        of pipeline steps before it where that leaves no doubt, NaN where a candidate
        does not have it; `split`; the test score, `score` or by its name, and
        `train_...` if there are training scores; `fit_time` and `score_time` in
        seconds, means over the candidate's splits; and for a halving search `iter` and
        `n_resources`.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the search is not fitted.
    TypeError
        If it is no search.
    ValueError
        If there are no scores of single splits.

    See Also
    --------
    fmnist_sk.plotting.SearchResultsDisplay : Two parameters as a heat map.

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

    if hasattr(search, "fit"):
        check_is_fitted(search, "cv_results_")
    given = getattr(search, "cv_results_", search)
    if not isinstance(given, (Mapping, pd.DataFrame)):
        raise TypeError(
            "search must be a fitted search, or its cv_results_. Got "
            f"{type(search).__name__} instead."
        )
    results = {key: list(column) for key, column in given.items()}
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


def _scores_by_split(results):
    """Give, by split, the scores of all candidates by the names of their columns."""
    scores = {}
    for key, values in results.items():
        if found := _SPLIT.fullmatch(key):
            split, part, name = found.groups()
            name = name if part == "test" else f"train_{name}"
            scores.setdefault(int(split), {})[name] = values
    if not scores:
        raise ValueError("There are no scores of single splits, such as split0_test_x.")
    return scores


def _parameters(results):
    """Give the values of each parameter, candidate by candidate."""
    names = list(dict.fromkeys(name for params in results["params"] for name in params))
    short = [name.rpartition("__")[2] for name in names]
    taken = {"candidate", "split", *_OF_CANDIDATES.values()}
    return {
        brief if short.count(brief) == 1 and brief not in taken else name: _column(
            [params.get(name, np.nan) for params in results["params"]]
        )
        for name, brief in zip(names, short, strict=True)
    }


def _column(values):
    """Keep tuples and estimators as what they are, and numbers as numbers."""
    import pandas as pd

    # A list or an array cannot be grouped by; a tuple can.
    plain = [tuple(v) if isinstance(v, (list, np.ndarray)) else v for v in values]
    return pd.Series(plain, dtype=object).infer_objects()
