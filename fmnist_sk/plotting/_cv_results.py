"""Reading `cv_results_`: the scores of a search by two of its parameters."""

import numpy as np

_ABSENT = object()


def scores_by_two_parameters(cv_results, rows, columns, scoring):
    """Give the scores of a search as a table.

    Parameters
    ----------
    cv_results : dict of array-like, or DataFrame
        What a search has as `cv_results_`.
    rows, columns : str or None
        Parameters, with or without the steps before; None is what was varied.
    scoring : str or None
        Which of several scores; None is the first.

    Returns
    -------
    found : dict
        The arguments of `SearchResultsDisplay`.

    Raises
    ------
    ValueError
        If there is no such parameter or score.
    """
    results = {key: list(column) for key, column in cv_results.items()}
    mean = _score_key(results, scoring)
    values = _parameter_values(results)
    names = _two_names(values, rows, columns)
    axes_values = [_sorted_unique(values[name]) if name else [""] for name in names]
    shape = len(axes_values[0]), len(axes_values[1])
    scores, deviations = np.full(shape, np.nan), np.full(shape, np.nan)
    spread = results.get(mean.replace("mean_", "std_", 1))
    rounds = results.get("iter", [0] * len(results[mean]))
    latest = np.full(shape, -1.0)
    for i, score in enumerate(results[mean]):
        tried = [values[name][i] if name else "" for name in names]
        if _ABSENT in tried:
            continue
        cell = tuple(
            known.index(value) for value, known in zip(tried, axes_values, strict=True)
        )
        later = rounds[i] > latest[cell]
        better = rounds[i] == latest[cell] and (
            score > scores[cell] or np.isnan(scores[cell])
        )
        if later or better:
            latest[cell], scores[cell] = rounds[i], score
            deviations[cell] = spread[i] if spread is not None else np.nan
    last = np.where(latest == latest.max(), scores, np.nan)
    return {
        "scores": scores,
        "best": None if np.isnan(last).all() else position_of_largest(last),
        "deviations": None if spread is None else deviations,
        "row_values": axes_values[0],
        "column_values": axes_values[1],
        "row_name": names[0].rpartition("__")[2],
        "column_name": names[1].rpartition("__")[2],
        "score_name": mean.removeprefix("mean_test_"),
    }


def position_of_largest(scores):
    """Give row and column of the largest score that is not NaN."""
    return tuple(map(int, np.unravel_index(np.nanargmax(scores), scores.shape)))


def _parameter_values(results):
    """Give the values of each parameter, candidate by candidate."""
    values = {}
    for key, column in results.items():
        # What a search that halves has more of in each round is no choice.
        if not key.startswith("param_") or column == results.get("n_resources"):
            continue
        name = key.removeprefix("param_")
        if "params" in results:  # without what a list of grids has not for all
            column = [params.get(name, _ABSENT) for params in results["params"]]
        values[name] = [_comparable(value) for value in column]
    return values


def _comparable(value):
    """Give a value that can be compared: arrays and lists of arrays cannot."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    elif isinstance(value, np.generic):
        value = value.item()
    return tuple(value) if isinstance(value, list) else value


def _sorted_unique(values):
    unique = []
    for value in values:
        if value not in unique and value is not _ABSENT:
            unique.append(value)
    try:
        return sorted(unique)
    except TypeError:  # None among numbers, or numbers among tuples
        return unique


def _score_key(results, scoring):
    if scoring is None:
        keys = [key for key in results if key.startswith("mean_test_")]
        if keys:
            return keys[0]
        raise ValueError("cv_results has no mean_test_score.")
    if f"mean_test_{scoring}" not in results:
        known = [k[10:] for k in results if k.startswith("mean_test_")]
        raise ValueError(f"There is no score {scoring!r}, only {known}.")
    return f"mean_test_{scoring}"


def _two_names(values, rows, columns):
    """Find the parameters that are meant; an empty name is a single row."""
    if not values:
        raise ValueError("cv_results has no parameters.")
    found = []
    for asked in rows, columns:
        if asked is None:
            continue
        fits = [n for n in values if n == asked] or [
            n for n in values if n.rpartition("__")[2] == asked
        ]
        if len(fits) != 1:
            raise ValueError(
                f"{asked!r} is not one of the parameters {list(values)}."
                if not fits
                else f"{asked!r} may be any of {fits}."
            )
        found += fits
    if len(found) == 2:
        if found[0] == found[1]:
            raise ValueError(f"rows and columns are both {found[0]!r}.")
        return found
    others = [n for n in values if n not in found]
    varied = [n for n in others if len(_sorted_unique(values[n])) > 1]
    if rows is not None and varied:
        return [found[0], varied[0]]
    if found:  # one row if there is nothing to compare with
        return [varied[0] if varied else "", found[0]]
    if len(varied) >= 2:
        return varied[:2]
    return ["", *(varied or others)[:1]]
