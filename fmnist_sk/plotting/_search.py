"""SearchResultsDisplay: scores of a search as a heat map of two parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ._score_table import position_of_largest, scores_by_two_parameters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.image import AxesImage


class SearchResultsDisplay:
    """Scores of a search as a heat map of two parameters, such as filters × dropout.

    Use :meth:`from_estimator` or :meth:`from_cv_results` to create a display. All
    parameters are stored as attributes.

    Parameters
    ----------
    scores : array-like of shape (n_rows, n_columns)
        Mean scores, NaN where a combination was not tried.

    deviations : array-like of shape (n_rows, n_columns), default=None
        Standard deviations of the scores over the folds.

    row_values, column_values : sequence
        Values of the parameters. A search over one parameter has one row.

    row_name, column_name : str
        Names of the parameters. The name of a single row is empty.

    score_name : str, default="score"
        Name of the score.

    best : (int, int), default=None
        Row and column of the cell that is framed. None stands for the highest score.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the heat map.

    figure_ : matplotlib Figure
        Figure with the Axes.

    im_ : matplotlib AxesImage
        Heat map.

    text_ : ndarray of shape (n_rows, n_columns) of matplotlib Text
        Texts in the cells.

    See Also
    --------
    sklearn.model_selection.ValidationCurveDisplay : Scores by one parameter.

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
    im_: AxesImage
    text_: NDArray[Any]

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
        best: tuple[int, int] | None = None,
    ):
        self.scores = scores
        self.deviations = deviations
        self.row_values = row_values
        self.column_values = column_values
        self.row_name = row_name
        self.column_name = column_name
        self.score_name = score_name
        self.best = best

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        rows: str | None = None,
        columns: str | None = None,
        scoring: str | None = None,
        cmap: str = "cividis",
        values_format: str = ".3f",
        ax: Axes | None = None,
    ) -> Self:
        """Create a display of a fitted search, and plot it.

        Parameters
        ----------
        estimator : estimator
            A fitted search with `cv_results_`: grid, randomised or halving.

        rows, columns : str, default=None
            Parameters to show. A name without its pipeline steps is enough, such as
            `"filters"` for `"cnn__filters"`. None stands for the first parameters that
            were varied.

        scoring : str, default=None
            Name of the score, if there are several. None stands for the score that the
            search refits by.

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
            If there is no such parameter or score.
        """
        check_is_fitted(estimator)
        if not hasattr(estimator, "cv_results_"):
            raise TypeError(
                f"{type(estimator).__name__} has no cv_results_: pass a fitted search, "
                "such as GridSearchCV."
            )
        refit = getattr(estimator, "refit", None)
        if scoring is None and isinstance(refit, str):
            scoring = refit if f"mean_test_{refit}" in estimator.cv_results_ else None
        return cls.from_cv_results(
            estimator.cv_results_,
            rows=rows,
            columns=columns,
            scoring=scoring,
            cmap=cmap,
            values_format=values_format,
            ax=ax,
        )

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Mapping[str, Any],
        *,
        rows: str | None = None,
        columns: str | None = None,
        scoring: str | None = None,
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
            If there is no such parameter or score.
        """
        found = scores_by_two_parameters(cv_results, rows, columns, scoring)
        return cls(**found).plot(ax=ax, cmap=cmap, values_format=values_format)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        cmap: str = "cividis",
        values_format: str = ".3f",
    ) -> Self:
        """Plot the heat map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot in. By default, a new figure is made.

        cmap : str, default="cividis"
            Colour map.

        values_format : str, default=".3f"
            Format of the scores.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.SearchResultsDisplay`
            Display itself, with `ax_`, `figure_`, `im_` and `text_`. The best cell
            is framed.

        Raises
        ------
        ValueError
            If the numbers of scores and values do not fit.
        """
        import matplotlib.pyplot as plt
        from matplotlib.patches import Rectangle

        scores: Any = np.asarray(self.scores, dtype=float)
        deviations: Any = self.deviations
        n_rows, n_columns = len(self.row_values), len(self.column_values)
        if scores.shape != (n_rows, n_columns):
            raise ValueError(
                f"scores must be of shape {(n_rows, n_columns)}, one for each pair of "
                f"values. Got {scores.shape} instead."
            )
        if ax is None:
            _, ax = plt.subplots(
                figsize=(max(4.0, 1.15 * n_columns + 2), max(2.2, 0.7 * n_rows + 1.3)),
                layout="constrained",
            )
        self.ax_, self.figure_ = ax, ax.figure
        self.im_ = ax.imshow(scores, cmap=cmap, aspect="auto")
        self.text_ = np.empty(scores.shape, dtype=object)
        dark = np.asarray(self.im_.norm(np.nan_to_num(scores, nan=np.inf))) < 0.5
        for cell in np.ndindex(scores.shape):
            if np.isnan(scores[cell]):
                text, color = "–", "0.3"
            else:
                text = format(scores[cell], values_format)
                if deviations is not None:
                    spread = float(np.asarray(deviations)[cell])
                    text += f"\n± {spread:{values_format}}"
                color = "white" if dark[cell] else "black"
            row, column = cell
            self.text_[cell] = ax.text(
                column, row, text, ha="center", va="center", fontsize=9, color=color
            )
        if not np.isnan(scores).all():
            row, column = self.best or position_of_largest(scores)
            frame = (column - 0.47, row - 0.47)
            ax.add_patch(Rectangle(frame, 0.94, 0.94, fill=False, ec="#D55E00", lw=2.5))
        ax.set_xticks(np.arange(n_columns), [str(v) for v in self.column_values])
        ax.set_yticks(np.arange(n_rows), [str(v) for v in self.row_values])
        ax.set(xlabel=self.column_name, ylabel=self.row_name)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        self.figure_.colorbar(self.im_, ax=ax, label=f"mean {self.score_name}")
        return self
