"""Scores of a search by the values of two parameters."""

from typing import NamedTuple

import numpy as np

from ..model_selection import read_columns, read_parameters, short_name

_ABSENT = object()
# With more values than this, the cells of a heat map become too narrow for their texts.
_MOST_VALUES = 10


def scores_by_parameters(
    cv_results, rows, columns, scoring, *, kind="auto", smallest_is_best=False
):
    """Return the scores of a search, as a table or for each candidate.

    Parameters
    ----------
    cv_results : dict of array-like, or DataFrame
        Results of a search, `cv_results_`.
    rows, columns : str or None
        Names of the parameters, with or without the pipeline steps before them. None
        stands for parameters that were varied.
    scoring : str or None
        Name of the score. None stands for the first one.
    kind : {"auto", "heatmap", "scatter"}, default="auto"
        Whether the scores are returned as a table or for each candidate.
    smallest_is_best : bool, default=False
        Whether the smallest score is the best.

    Returns
    -------
    found : dict
        Arguments of `SearchResultsDisplay`.

    Raises
    ------
    ValueError
        If there is no such parameter, score or kind.
    """
    if kind not in ("auto", "heatmap", "scatter"):
        raise ValueError(
            f"kind must be 'auto', 'heatmap' or 'scatter'. Got {kind!r} instead."
        )
    results = read_columns(cv_results)
    key = _score_key(results, scoring)
    values = read_parameters(results, _ABSENT)
    resource_name, resources = _resources(results, values)
    # The resource of a halving search is not one of the parameters that were varied.
    values.pop(resource_name, None)
    names = _two_names(values, rows, columns)
    n_candidates = len(results[key])
    tried = [values[name] if name else [""] * n_candidates for name in names]
    used = [i for i in range(n_candidates) if all(c[i] is not _ABSENT for c in tried)]
    row_values, column_values = ([column[i] for i in used] for column in tried)
    spread = results.get(key.replace("mean_", "std_", 1))
    columns_of_numbers = {
        name: None if column is None else np.array([column[i] for i in used], float)
        for name, column in (
            ("scores", results[key]),
            ("deviations", spread),
            ("resources", resources),
        )
    }
    ranks = _ranks(**columns_of_numbers, smallest_is_best=smallest_is_best)
    found = {
        "row_name": short_name(names[0]),
        "column_name": short_name(names[1]),
        "score_name": key.removeprefix("mean_test_"),
        "resource_name": short_name(resource_name),
    }
    if kind == "auto":
        kind = "heatmap" if _fits_table(row_values, column_values) else "scatter"
    if kind == "scatter":
        best = max(range(len(used)), key=ranks.__getitem__, default=None)
        return (
            found
            | columns_of_numbers
            | {
                "row_values": row_values,
                "column_values": column_values,
                "best": best if best is None or ranks[best].has_score else None,
            }
        )
    return found | _table(row_values, column_values, ranks, columns_of_numbers)


class _Rank(NamedTuple):
    """Rank of a candidate. The candidate with the largest rank is the best.

    A score of a later round of a halving search counts more than any score of an
    earlier round, because it was measured with more resources.
    """

    resources: float
    has_score: bool
    quality: float


def _ranks(scores, deviations, resources, smallest_is_best):
    if resources is None:
        resources = np.zeros(len(scores))
    sign = -1 if smallest_is_best else 1
    return [
        _Rank(resource, not np.isnan(score), sign * np.nan_to_num(score))
        for score, resource in zip(scores, resources, strict=True)
    ]


def _table(row_values, column_values, ranks, columns_of_numbers):
    """Return the scores of the best candidate of each pair of values as a table."""
    rows, columns = sorted_unique(row_values), sorted_unique(column_values)
    best_of = {}
    for i, pair in enumerate(zip(row_values, column_values, strict=True)):
        cell = rows.index(pair[0]), columns.index(pair[1])
        if cell not in best_of or ranks[i] > ranks[best_of[cell]]:
            best_of[cell] = i
    tables = {}
    for name, numbers in columns_of_numbers.items():
        tables[name] = None
        if numbers is not None:
            tables[name] = np.full((len(rows), len(columns)), np.nan)
            for cell, i in best_of.items():
                tables[name][cell] = numbers[i]
    best = max(best_of, key=lambda cell: ranks[best_of[cell]], default=None)
    if best is not None and not ranks[best_of[best]].has_score:
        best = None
    return tables | {"row_values": rows, "column_values": columns, "best": best}


def _fits_table(row_values, column_values):
    """Check whether a heat map is readable.

    A search that draws numbers at random tries hardly any value twice, so that its heat
    map would have many columns and would be nearly empty.
    """
    rows, columns = sorted_unique(row_values), sorted_unique(column_values)
    if max(len(rows), len(columns)) > _MOST_VALUES:
        return False
    n_tried = len({*map(repr, zip(row_values, column_values, strict=True))})
    return 2 * n_tried > len(rows) * len(columns)


def _resources(results, values):
    """Return the name and the column of the resource that grows from round to round."""
    if "n_resources" not in results:
        return "round", results.get("iter")
    for name, column in values.items():
        if column == results["n_resources"]:
            return name, column
    return "n_samples", results["n_resources"]


def sorted_unique(values):
    """Return the different values, in order if they can be ordered."""
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
        raise ValueError(f"scoring must be one of {known}. Got {scoring!r} instead.")
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
                else f"{asked!r} is ambiguous. Pass one of {fits}."
            )
        found += fits
    if len(found) == 2:
        if found[0] == found[1]:
            raise ValueError(f"rows and columns are both {found[0]!r}.")
        return found
    others = [n for n in values if n not in found]
    varied = [n for n in others if len(sorted_unique(values[n])) > 1]
    if rows is not None and varied:
        return [found[0], varied[0]]
    if found:  # one row if there is nothing to compare with
        return [varied[0] if varied else "", found[0]]
    if len(varied) >= 2:
        return varied[:2]
    return ["", *(varied or others)[:1]]
