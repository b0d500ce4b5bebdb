"""TrainingHistoryDisplay: loss and accuracy, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from .._pipelines import final_estimator

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

# Okabe and Ito's colours, which people with any colour vision can tell apart: a pair
# for one run, in this order for several. Blue and vermilion also differ in lightness.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_PANELS = {"loss": "Loss", "accuracy": "Accuracy"}
# Up to this many epochs each has a dot of its own.
_MAX_DOTS = 30


class TrainingHistoryDisplay:
    """Training curves: loss and accuracy by epoch.

    Use :meth:`from_estimator` or :meth:`from_history` to create a display of one
    training; pass several histories to the constructor to compare trainings. All
    parameters are stored as attributes.

    Parameters
    ----------
    histories : dict of str to dict
        For each training, by its name, its history: a dict of lists with one value an
        epoch, like `history_` of :class:`~fmnist_sk.FashionCNNClassifier`. It needs
        `"loss"`; `"accuracy"`, `"val_loss"` and `"val_accuracy"` are drawn where they
        are given, anything else is ignored.

    best_epochs : dict of str to int, default=None
        For each training, by its name, the number, from 1, of the epoch whose weights
        were kept. It is marked on the validation curves. Trainings that are not in
        the dict get no mark.

    Attributes
    ----------
    ax_ : ndarray of shape (2,) of matplotlib Axes
        The panel of the loss and the panel of the accuracy.

    figure_ : matplotlib Figure
        The figure with both.

    lines_ : dict of (str, str) to matplotlib Line2D
        The curves, by the name of the training and the key in its history.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores by size of the training set.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from fmnist_sk.plotting import TrainingHistoryDisplay
    >>> slow = {"loss": [1.1, 0.9, 0.7], "accuracy": [0.6, 0.7, 0.8]}
    >>> fast = {"loss": [0.9, 0.5, 0.3], "accuracy": [0.7, 0.8, 0.9]}
    >>> display = TrainingHistoryDisplay(histories={"slow": slow, "fast": fast})
    >>> display.plot()
    <...>
    >>> plt.show()
    """

    ax_: NDArray[Any]
    figure_: Figure
    lines_: dict[tuple[str, str], Line2D]

    def __init__(
        self,
        *,
        histories: Mapping[str, Mapping[str, Sequence[float]]],
        best_epochs: Mapping[str, int] | None = None,
    ):
        self.histories = histories
        self.best_epochs = best_epochs

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        name: str | None = None,
        ax: Axes | Sequence[Axes] | NDArray[Any] | None = None,
    ) -> Self:
        """Create a display of how an estimator was trained, and plot it.

        Parameters
        ----------
        estimator : estimator
            A fitted :class:`~fmnist_sk.FashionCNNClassifier`, a Pipeline that ends in
            one, or a search over either, of which the best estimator is taken.

        name : str, default=None
            Name of the training. By default the name of the estimator's class.

        ax : matplotlib Axes or array-like of two Axes, default=None
            Where to plot, see :meth:`plot`.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.TrainingHistoryDisplay`
            The display, plotted.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `estimator` is not fitted.
        TypeError
            If it keeps no history of its training.

        Examples
        --------
        >>> import matplotlib.pyplot as plt
        >>> from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample
        >>> from fmnist_sk.plotting import TrainingHistoryDisplay
        >>> X, y = load_fashion_mnist_sample(return_X_y=True)
        >>> model = FashionCNNClassifier(epochs=2).fit(X[:200], y[:200])
        >>> TrainingHistoryDisplay.from_estimator(model)
        <...>
        >>> plt.show()
        """
        model = final_estimator(estimator)
        if not hasattr(model, "history_"):
            raise TypeError(
                f"{type(model).__name__} has no history_ to show. Pass a fitted "
                "FashionCNNClassifier, a Pipeline that ends in one, or a search over "
                "either with refit."
            )
        return cls.from_history(
            model.history_,
            best_epoch=getattr(model, "best_epoch_", None),
            name=type(model).__name__ if name is None else name,
            ax=ax,
        )

    @classmethod
    def from_history(
        cls,
        history: Mapping[str, Sequence[float]],
        *,
        best_epoch: int | None = None,
        name: str = "training",
        ax: Axes | Sequence[Axes] | NDArray[Any] | None = None,
    ) -> Self:
        """Create a display of one history, and plot it.

        Parameters
        ----------
        history : dict of list
            One value an epoch under `"loss"` and, where there are any, `"accuracy"`,
            `"val_loss"` and `"val_accuracy"`, like the `history` of Keras's callback
            `History`.

        best_epoch : int, default=None
            Number, from 1, of the epoch whose weights were kept. It is marked if
            there are validation curves.

        name : str, default="training"
            Name of the training.

        ax : matplotlib Axes or array-like of two Axes, default=None
            Where to plot, see :meth:`plot`.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.TrainingHistoryDisplay`
            The display, plotted.

        Raises
        ------
        ValueError
            If `history` has no loss, or an epoch is missing in one of its lists.

        Examples
        --------
        >>> import matplotlib.pyplot as plt
        >>> from fmnist_sk.plotting import TrainingHistoryDisplay
        >>> history = {"loss": [0.9, 0.5, 0.3], "val_loss": [0.8, 0.6, 0.7]}
        >>> TrainingHistoryDisplay.from_history(history, best_epoch=2)
        <...>
        >>> plt.show()
        """
        best_epochs = None if best_epoch is None else {name: best_epoch}
        display = cls(histories={name: history}, best_epochs=best_epochs)
        return display.plot(ax=ax)

    def plot(self, ax: Axes | Sequence[Axes] | NDArray[Any] | None = None) -> Self:
        """Plot the curves.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of two Axes, default=None
            Two Axes take the loss and the accuracy; one Axes gives its place to two
            new ones. By default a new figure is made.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.TrainingHistoryDisplay`
            The display itself, with `ax_`, `figure_` and `lines_`.

        Raises
        ------
        ValueError
            If there is no history, one has no loss, an epoch is missing in one of its
            lists, a best epoch is none of them, or `ax` is not one or two Axes.
        """
        self._check()
        axes = _two_panels(ax)
        self.ax_, self.figure_, self.lines_ = axes, axes[0].figure, {}
        several = len(self.histories) > 1
        for number, (name, history) in enumerate(self.histories.items()):
            for panel, metric in zip(axes, _PANELS, strict=True):
                self._plot_run(panel, name, history, metric, number, several)
        n_epochs = max(len(history["loss"]) for history in self.histories.values())
        for panel, (metric, label) in zip(axes, _PANELS.items(), strict=True):
            _finish_panel(panel, label, n_epochs)
            if not any(metric in key for _, key in self.lines_):
                panel.set_visible(False)
        self._add_legend(axes[0])
        return self

    def _check(self):
        if not isinstance(self.histories, Mapping) or not self.histories:
            raise ValueError(
                f"histories must be a dict of at least one history. Got "
                f"{self.histories!r} instead."
            )
        for name, history in self.histories.items():
            if not isinstance(history, Mapping) or "loss" not in history:
                raise ValueError(
                    f"The history of {name!r} must be a dict of lists with the key "
                    "'loss'."
                )
            lengths = {
                key: len(history[key])
                for metric in _PANELS
                for key in (metric, f"val_{metric}")
                if key in history
            }
            if len(set(lengths.values())) > 1 or not lengths["loss"]:
                raise ValueError(
                    f"The lists in the history of {name!r} need one value for each "
                    f"epoch, but their lengths are {lengths}."
                )
            best = self._best_epoch(name)
            if best is not None and not 1 <= best <= lengths["loss"]:
                raise ValueError(
                    f"The best epoch of {name!r} must be between 1 and "
                    f"{lengths['loss']}. Got {best!r} instead."
                )

    def _best_epoch(self, name):
        return (self.best_epochs or {}).get(name)

    def _plot_run(self, panel, name, history, metric, number, several):
        """Draw the training and the validation curve of one run in one panel."""
        epochs = np.arange(1, len(history["loss"]) + 1)
        colors = [_COLORS[(number if several else i) % len(_COLORS)] for i in (0, 1)]
        for color, key in zip(colors, (metric, f"val_{metric}"), strict=True):
            if key not in history:
                continue
            held_out = key.startswith("val_")
            what = "validation" if held_out else "training"
            (self.lines_[name, key],) = panel.plot(
                epochs,
                history[key],
                color=color,
                linestyle="-" if held_out else "--",
                marker="o" if len(epochs) <= _MAX_DOTS else None,
                markersize=4,
                label=f"{name}, {what}" if several else what.capitalize(),
            )
            best = self._best_epoch(name)
            if held_out and best is not None:
                panel.plot(
                    best,
                    history[key][best - 1],
                    color=color,
                    linestyle="",
                    marker="o",
                    markersize=11,
                    markerfacecolor="none",
                    markeredgewidth=1.5,
                    label="_epoch kept" if several else f"Epoch kept ({best})",
                )

    def _add_legend(self, panel):
        """Name the curves, the rings of several runs only once."""
        handles, labels = panel.get_legend_handles_labels()
        rings = [
            line for line in panel.get_lines() if line.get_label() == "_epoch kept"
        ]
        if rings:
            handles, labels = [*handles, rings[0]], [*labels, "epoch kept"]
        panel.legend(handles, labels, frameon=False)


def _two_panels(ax):
    """Give two Axes: new ones, the user's two, or two in place of the user's one."""
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes

    if ax is None:
        _, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
        return axes
    if isinstance(ax, Axes):
        place = ax.get_subplotspec()
        if place is None:
            raise ValueError("ax must be made by subplots, or be two Axes.")
        ax.set_axis_off()
        grid = place.subgridspec(1, 2, wspace=0.3)
        return np.array([ax.figure.add_subplot(cell) for cell in grid], dtype=object)
    axes = np.asarray(ax, dtype=object).ravel()
    if axes.shape != (2,) or not all(isinstance(panel, Axes) for panel in axes):
        raise ValueError(
            "ax must be one matplotlib Axes or two of them, for the loss and for the "
            f"accuracy. Got {ax!r} instead."
        )
    return axes


def _finish_panel(panel, label, n_epochs):
    """Label a panel; let every tick of its x axis be an epoch."""
    from matplotlib.ticker import MaxNLocator

    panel.set(xlabel="Epoch", ylabel=label, xlim=(0.5, n_epochs + 0.5))
    panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    panel.grid(color="0.9")
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
