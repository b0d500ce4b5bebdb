"""TrainingHistoryDisplay: loss and accuracy by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from .._pipelines import final_estimator
from . import _panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

# Colours of Okabe and Ito, which people with any colour vision can tell apart. One run
# has the first two colours, which also differ in lightness. Several runs have one each.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_PANELS = {"loss": "Loss", "accuracy": "Accuracy"}
# With more epochs the dots would run into each other.
_MAX_DOTS = 30


class TrainingHistoryDisplay:
    """Training curves: loss and accuracy by epoch.

    Use :meth:`from_estimator` or :meth:`from_history` to create a display of one
    training run. To compare training runs, pass their histories to the constructor. All
    parameters are stored as attributes.

    Parameters
    ----------
    histories : dict of str to dict
        History of each training run, by its name. A history is a dict of lists with one
        value per epoch, like `history_` of :class:`~fmnist_sk.FashionCNNClassifier`. It
        must have `"loss"`. `"accuracy"`, `"val_loss"` and `"val_accuracy"` are drawn if
        they are given, and other keys are ignored.

    best_epochs : dict of str to int, default=None
        Number, from 1, of the epoch whose weights were kept, by the name of the
        training run. The epoch is marked on the validation curves. Training runs that
        are not in the dict get no mark.

    Attributes
    ----------
    ax_ : ndarray of shape (2,) of matplotlib Axes
        Axes of the loss and of the accuracy.

    figure_ : matplotlib Figure
        Figure with both Axes.

    lines_ : dict of (str, str) to matplotlib Line2D
        Curves, by the name of the training run and the key in its history.

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
        """Create a display of the training run of an estimator, and plot it.

        Parameters
        ----------
        estimator : estimator
            A fitted :class:`~fmnist_sk.FashionCNNClassifier`, a Pipeline that ends in
            one, or a search over either. With a search, its best estimator is shown.

        name : str, default=None
            Name of the training run. None stands for the name of the class.

        ax : matplotlib Axes or array-like of two Axes, default=None
            Axes to plot in; see :meth:`plot`. By default, a new figure is made.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.TrainingHistoryDisplay`
            Display, plotted.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `estimator` is not fitted.
        TypeError
            If `estimator` has no `history_`.

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
            One value per epoch for `"loss"` and optionally `"accuracy"`, `"val_loss"`
            and `"val_accuracy"`, like the `history` of Keras's callback `History`.

        best_epoch : int, default=None
            Number, from 1, of the epoch whose weights were kept. It is marked if there
            are validation curves.

        name : str, default="training"
            Name of the training run.

        ax : matplotlib Axes or array-like of two Axes, default=None
            Axes to plot in; see :meth:`plot`. By default, a new figure is made.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.TrainingHistoryDisplay`
            Display, plotted.

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
            Two Axes for the loss and the accuracy, or one Axes whose place is divided
            between both. By default, a new figure is made.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.TrainingHistoryDisplay`
            Display itself, with `ax_`, `figure_` and `lines_`.

        Raises
        ------
        ValueError
            If there is no history, a history has no loss, an epoch is missing in one of
            its lists, a best epoch does not exist, or `ax` is not one or two Axes.
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
        """Add a legend, with one entry for the rings of all runs."""
        handles, labels = panel.get_legend_handles_labels()
        rings = [
            line for line in panel.get_lines() if line.get_label() == "_epoch kept"
        ]
        if rings:
            handles, labels = [*handles, rings[0]], [*labels, "epoch kept"]
        panel.legend(handles, labels, frameon=False)


def _two_panels(ax):
    """Return two Axes: new ones, the user's two, or two in place of the user's one."""
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes

    if ax is None:
        _, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
        return axes
    if isinstance(ax, Axes):
        cells = _panels.divide(ax, 1, 2, wspace=0.3)
        return np.array([ax.figure.add_subplot(cell) for cell in cells], dtype=object)
    axes = np.asarray(ax, dtype=object).ravel()
    if axes.shape != (2,) or not all(isinstance(panel, Axes) for panel in axes):
        raise ValueError(
            "ax must be one matplotlib Axes or two of them, for the loss and for the "
            f"accuracy. Got {ax!r} instead."
        )
    return axes


def _finish_panel(panel, label, n_epochs):
    """Label a panel, with ticks of its x axis at whole epochs only."""
    from matplotlib.ticker import MaxNLocator

    panel.set(xlabel="Epoch", ylabel=label, xlim=(0.5, n_epochs + 0.5))
    panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    panel.grid(color="0.9")
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
