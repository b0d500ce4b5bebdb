"""SearchResultsDisplay: scores of a search by two parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..model_selection import read_search
from ._score_table import scores_by_parameters
from ._search_drawing import draw_heat_map, draw_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.image import AxesImage


class SearchResultsDisplay:
    """Scores of a search by one or two parameters, such as filters × dropout.

    A grid is shown as a heat map, with a cell for each pair of values. A search that
    draws numbers is shown as a scatter plot, with a point for each candidate.

    Use :meth:`from_estimator` or :meth:`from_cv_results` to create a display. All
    parameters are stored as attributes.

    Parameters
    ----------
    scores : array-like of shape (n_rows, n_columns) or (n_candidates,)
        Mean scores: a table for a heat map, or one score per candidate for a scatter
        plot. NaN stands for combinations that were not tried, and for candidates
        without a score.

    deviations : array-like of the shape of `scores`, default=None
        Standard deviations of the scores over the folds.

    row_values, column_values : sequence
        Values of the parameters, for each row and column of the table, or for each
        candidate. A table of one parameter has one row.

    row_name, column_name : str
        Names of the parameters. If there is only one parameter, `row_name` is empty.

    score_name : str, default="score"
        Name of the score.

    best : (int, int) or int, default=None
        Row and column of the cell that is framed, or position of the candidate that is
        framed. None stands for the highest score of the last round.

    resources : array-like of the shape of `scores`, default=None
        Resources that each score was measured with, in a halving search. Scores of the
        last round, which has the most resources, are coloured. Scores of earlier rounds
        are grey, because they cannot be compared with the scores of the last round.

    resource_name : str, default="resources"
        Name of the resource.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure with the Axes.

    im_ : matplotlib AxesImage
        Heat map, or None for a scatter plot.

    text_ : ndarray of shape (n_rows, n_columns) of matplotlib Text
        Texts in the cells, or None for a scatter plot.

    points_ : matplotlib PathCollection
        Points of the candidates that are coloured, or None for a heat map.

    See Also
    --------
    sklearn.model_selection.ValidationCurveDisplay : Scores by one parameter.
    fmnist_sk.model_selection.tidy_cv_results : Scores as a table.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from fmnist_sk.plotting import SearchResultsDisplay
    >>> results = {
    ...     "param_cnn__filters": [16, 16, 32, 32],
    ...     "param_cnn__dropout": [0.0, 0.3, 0.0, 0.3],
    ...     "mean_test_score": [0.86, 0.87, 0.87, 0.89],
    ...     "std_test_score": [0.01, 0.01, 0.02, 0.01],
    ... }
    >>> display = SearchResultsDisplay.from_cv_results(results)
    >>> display.row_name, display.column_name
    ('filters', 'dropout')
    >>> plt.show()
    """

    ax_: Axes
    figure_: Figure | SubFigure
    im_: AxesImage | None
    text_: NDArray[Any] | None
    points_: PathCollection | None

    def __init__(
        self,
        *,
        scores: ArrayLike,
        deviations: ArrayLike | None = None,
        row_values: Sequence[Any],
        column_values: Sequence[Any],
        row_name: str,
        column_name: str,
        score_name: str = "score",
        best: tuple[int, int] | int | None = None,
        resources: ArrayLike | None = None,
        resource_name: str = "resources",
    ):
        self.scores = scores
        self.deviations = deviations
        self.row_values = row_values
        self.column_values = column_values
        self.row_name = row_name
        self.column_name = column_name
        self.score_name = score_name
        self.best = best
        self.resources = resources
        self.resource_name = resource_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        rows: str | None = None,
        columns: str | None = None,
        scoring: str | None = None,
        kind: Literal["auto", "heatmap", "scatter"] = "auto",
        cmap: str = "cividis",
        values_format: str = ".3f",
        ax: Axes | None = None,
    ) -> Self:
        """Create a display of a fitted search, and plot it.

        Parameters
        ----------
        estimator : estimator or optuna.study.Study
            A fitted search: grid, randomised, halving or Optuna's `OptunaSearchCV`; or
            a study of Optuna with one objective.

        rows, columns : str, default=None
            Parameters to show. A name without its pipeline steps is enough, such as
            `"filters"` for `"cnn__filters"`. None stands for the first parameters that
            were varied.

        scoring : str, default=None
            Name of the score, if there are several. None stands for the score that the
            search refits by.

        kind : {"auto", "heatmap", "scatter"}, default="auto"
            Kind of plot. `"auto"` stands for a heat map if each parameter has at most
            ten values and more than half of the pairs were tried, otherwise for a
            scatter plot.

        cmap, values_format : str
            Colour map and format of the scores; see :meth:`plot`.

        ax : matplotlib Axes, default=None
            Axes to plot in. By default, a new figure is made.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.SearchResultsDisplay`
            Display, plotted.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `estimator` is not fitted.
        TypeError
            If `estimator` is not a search.
        ValueError
            If there is no such parameter, score or kind.
        """
        results, direction = read_search(estimator)
        refit = getattr(estimator, "refit", None)
        if scoring is None and isinstance(refit, str):
            scoring = refit if f"mean_test_{refit}" in results else None
        found = scores_by_parameters(
            results, rows, columns, scoring, kind=kind, smallest_is_best=direction < 0
        )
        return cls(**found).plot(ax=ax, cmap=cmap, values_format=values_format)

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Mapping[str, Any],
        *,
        rows: str | None = None,
        columns: str | None = None,
        scoring: str | None = None,
        kind: Literal["auto", "heatmap", "scatter"] = "auto",
        cmap: str = "cividis",
        values_format: str = ".3f",
        ax: Axes | None = None,
    ) -> Self:
        """Create a display of the results of a search, and plot it.

        If other parameters were varied too, a cell shows its best score. With a halving
        search, a cell shows the score of the last round that it took part in, and the
        framed cell is the best of the last round.

        Parameters
        ----------
        cv_results : dict of array-like, or DataFrame
            Results of a search, `cv_results_`.

        rows, columns : str, default=None
            Parameters to show; see :meth:`from_estimator`.

        scoring : str, default=None
            Name of the score, if there are several. None stands for the first one.

        kind : {"auto", "heatmap", "scatter"}, default="auto"
            Kind of plot. `"auto"` stands for a heat map if each parameter has at most
            ten values and more than half of the pairs were tried, otherwise for a
            scatter plot.

        cmap, values_format : str
            Colour map and format of the scores; see :meth:`plot`.

        ax : matplotlib Axes, default=None
            Axes to plot in. By default, a new figure is made.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.SearchResultsDisplay`
            Display, plotted.

        Raises
        ------
        ValueError
            If there is no such parameter, score or kind.
        """
        found = scores_by_parameters(cv_results, rows, columns, scoring, kind=kind)
        return cls(**found).plot(ax=ax, cmap=cmap, values_format=values_format)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        cmap: str = "cividis",
        values_format: str = ".3f",
    ) -> Self:
        """Plot the scores.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot in. By default, a new figure is made.

        cmap : str, default="cividis"
            Colour map of the scores.

        values_format : str, default=".3f"
            Format of the scores in a heat map.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.SearchResultsDisplay`
            Display itself, with `ax_`, `figure_` and the other attributes. The best
            cell or candidate is framed.

        Raises
        ------
        ValueError
            If the numbers of scores and values do not fit.
        """
        import matplotlib.pyplot as plt

        scores: Any = np.asarray(self.scores, dtype=float)
        n_rows, n_columns = len(self.row_values), len(self.column_values)
        is_table = scores.ndim == 2
        shape = (n_rows, n_columns) if is_table else (n_rows,)
        if scores.shape != shape or not (is_table or n_rows == n_columns):
            raise ValueError(
                f"scores must have shape {(n_rows, n_columns)}, one score per pair of "
                "values, or one score per candidate, with its two values. Got "
                f"{scores.shape} instead."
            )
        if ax is None:
            size = (max(4.0, 1.15 * n_columns + 2), max(2.2, 0.7 * n_rows + 1.3))
            _, ax = plt.subplots(
                figsize=size if is_table else (6.4, 4.2), layout="constrained"
            )
        self.ax_, self.figure_ = ax, ax.figure
        self.im_ = self.text_ = self.points_ = None
        if is_table:
            self.im_, self.text_ = draw_heat_map(ax, self, cmap, values_format)
        else:
            self.points_ = draw_points(ax, self, cmap)
        colored: Any = self.im_ or self.points_
        if is_table or self.row_name:
            self.figure_.colorbar(colored, ax=ax, label=self._score_label)
        return self

    @property
    def _score_label(self):
        return self.score_name if self.deviations is None else f"mean {self.score_name}"
