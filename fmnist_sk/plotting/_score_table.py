"""Scores of a search as a table of two parameters."""

import numpy as np

from ..model_selection import read_columns, read_parameters, short_name

_ABSENT = object()


def scores_by_two_parameters(cv_results, rows, columns, scoring):
    """Return the scores of a search as a table.

    Parameters
    ----------
    cv_results : dict of array-like, or DataFrame
        Results of a search, `cv_results_`.
    rows, columns : str or None
        Names of the parameters, with or without the pipeline steps before them. None
        stands for parameters that were varied.
    scoring : str or None
        Name of the score. None stands for the first one.

    Returns
    -------
    found : dict
        Arguments of `SearchResultsDisplay`.

    Raises
    ------
    ValueError
        If there is no such parameter or score.
    """
    results = read_columns(cv_results)
    mean = _score_key(results, scoring)
    # The resource of a halving search grows from round to round. It is not one of the
    # parameters that were varied.
    values = {
        name: column
        for name, column in read_parameters(results, _ABSENT).items()
        if column != results.get("n_resources")
    }
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
        "row_name": short_name(names[0]),
        "column_name": short_name(names[1]),
        "score_name": mean.removeprefix("mean_test_"),
    }


def position_of_largest(scores):
    """Return row and column of the largest score that is not NaN."""
    return tuple(map(int, np.unravel_index(np.nanargmax(scores), scores.shape)))


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
    """Return the names of two parameters; an empty name stands for a single row."""
    if not values:
        raise ValueError("cv_results has no parameters.")
    found = []
    for asked in rows, columns:
        if asked is None:
            continue
        fits = [n for n in values if n == asked] or [
            n for n in values if short_name(n) == asked
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
