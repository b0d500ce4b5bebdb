"""PredictionDisplay: an image beside the confidence in each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length

from .._pipelines import final_estimator, image_stack, images_of
from .._validation import encode_labels
from . import _panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_MOST_COLUMNS = 3


class PredictionDisplay:
    """Images, each beside a bar chart of how sure a classifier is of every class.

    The bar of the predicted class is blue where it is right and vermilion where it is
    wrong; the true class is then marked. Use :meth:`from_estimator` or
    :meth:`from_predictions` to create one. All parameters are stored as attributes.

    Parameters
    ----------
    images : array-like of shape (n, height, width) or (n, height, width, channels)
        The images.

    probabilities : array-like of shape (n, n_classes)
        The probability of each class.

    class_names : sequence of str of length n_classes
        Names of the classes.

    true_codes : array-like of shape (n,) of int, default=None
        Which of the classes each image is of.

    Attributes
    ----------
    ax_ : ndarray of shape (n, 2) of matplotlib Axes
        For each image its own Axes and that of its bars.

    figure_ : matplotlib Figure
        The figure.

    images_ : list of matplotlib AxesImage
        The images.

    bars_ : list of matplotlib BarContainer
        The bars of each image, one a class.

    See Also
    --------
    MisclassifiedImagesDisplay : Only the mistakes.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from fmnist_sk import (
    ...     CLASS_NAMES,
    ...     FashionCNNClassifier,
    ...     load_fashion_mnist_sample,
    ... )
    >>> from fmnist_sk.plotting import PredictionDisplay
    >>> X, y = load_fashion_mnist_sample(return_X_y=True)
    >>> clf = FashionCNNClassifier(architecture="compact", epochs=2, random_state=0)
    >>> PredictionDisplay.from_estimator(
    ...     clf.fit(X[:500], y[:500]),
    ...     X[500:506],
    ...     y[500:506],
    ...     display_labels=CLASS_NAMES,
    ... )
    <...>
    >>> plt.show()
    """

    ax_: NDArray[Any]
    figure_: Figure
    images_: list[AxesImage]
    bars_: list[BarContainer]

    def __init__(
        self,
        *,
        images: ArrayLike,
        probabilities: ArrayLike,
        class_names: Sequence[str],
        true_codes: ArrayLike | None = None,
    ):
        self.images = images
        self.probabilities = probabilities
        self.class_names = class_names
        self.true_codes = true_codes

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        n_images: int = 12,
        display_labels: Sequence[str] | None = None,
        image_shape: Sequence[int] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Create a display of what an estimator makes of images, and plot it.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier with `predict_proba`.

        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images, as `estimator` takes them.

        y : array-like of shape (n,), default=None
            Their labels.

        n_images : int, default=12
            How many are shown, at most: the first.

        display_labels : sequence of str of length n_classes, default=None
            Names of `estimator.classes_`.

        image_shape : (height, width) or (height, width, channels), default=None
            Of rows, where `estimator` does not know it and they form no square.

        ax : matplotlib Axes, default=None
            Where to plot, see :meth:`plot`.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.PredictionDisplay`
            The display, plotted.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `estimator` is not fitted.
        TypeError
            If it gives no probabilities.
        ValueError
            If X or y cannot be used.
        """
        final_estimator(estimator)
        if not hasattr(estimator, "predict_proba"):
            raise TypeError(
                f"{type(estimator).__name__} has no predict_proba to show; "
                "calibrate it with CalibratedClassifierCV."
            )
        _panels.check_count(n_images)
        check_consistent_length(X, y)
        shown = _panels.first_rows(X, n_images)
        return cls.from_predictions(
            images_of(estimator, shown, image_shape),
            estimator.predict_proba(shown),
            y_true=None if y is None else np.asarray(y)[:n_images],
            classes=estimator.classes_,
            n_images=n_images,
            display_labels=display_labels,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        X: ArrayLike,
        y_proba: ArrayLike,
        *,
        y_true: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        n_images: int = 12,
        display_labels: Sequence[str] | None = None,
        image_shape: Sequence[int] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Create a display of images and probabilities, and plot it.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images.

        y_proba : array-like of shape (n, n_classes)
            The probability of each class.

        y_true : array-like of shape (n,), default=None
            Their labels.

        classes : array-like of shape (n_classes,), default=None
            The labels in the order of the columns of `y_proba`. None is 0, 1, 2 ...

        n_images : int, default=12
            How many are shown, at most: the first.

        display_labels : sequence of str of length n_classes, default=None
            Names of `classes`.

        image_shape : (height, width) or (height, width, channels), default=None
            Of rows that form no square.

        ax : matplotlib Axes, default=None
            Where to plot, see :meth:`plot`.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.PredictionDisplay`
            The display, plotted.

        Raises
        ------
        ValueError
            If numbers of images, labels, classes or names do not fit.
        """
        images, probabilities = image_stack(X, image_shape), np.asarray(y_proba)
        _panels.check_count(n_images)
        if probabilities.ndim != 2:
            raise ValueError(
                "y_proba must be of shape (n, n_classes). Got shape "
                f"{probabilities.shape} instead."
            )
        labels = np.arange(probabilities.shape[1]) if classes is None else classes
        codes = None if y_true is None else encode_labels(y_true, labels, name="y_true")
        check_consistent_length(images, probabilities, codes)
        return cls(
            images=images[:n_images],
            probabilities=probabilities[:n_images],
            class_names=_panels.name_classes(labels, display_labels),
            true_codes=None if codes is None else codes[:n_images],
        ).plot(ax=ax)

    def plot(self, ax: Axes | None = None, *, cmap: str = "gray") -> Self:
        """Plot images and bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Its place is divided among the images. By default a new figure is made.

        cmap : str, default="gray"
            Colour map of images without colours.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.PredictionDisplay`
            The display itself, with `ax_`, `figure_`, `images_` and `bars_`.

        Raises
        ------
        ValueError
            If numbers of images, probabilities, classes or labels do not fit, or `ax`
            is not one Axes.
        """
        images, probabilities = image_stack(self.images), np.asarray(self.probabilities)
        check_consistent_length(images, probabilities, self.true_codes)
        if probabilities.ndim != 2 or probabilities.shape[1] != len(self.class_names):
            raise ValueError(
                "probabilities must have one column for each of the "
                f"{len(self.class_names)} class_names. Got shape {probabilities.shape}."
            )
        if self.true_codes is not None:
            known = range(len(self.class_names))
            encode_labels(self.true_codes, known, name="true_codes")
        columns = min(_MOST_COLUMNS, max(1, len(images)))
        rows = max(1, -(-len(images) // columns))
        height = max(1.5, 0.2 * len(self.class_names) + 0.3)
        self.figure_, axes = _panels.grid(ax, rows, 2 * columns, size=(1.75, height))
        pairs = axes.reshape(rows * columns, 2)
        self.ax_, self.images_, self.bars_ = pairs[: len(images)], [], []
        between = _panels.limits(images)
        for i, (picture, chart) in enumerate(self.ax_):
            artist = _panels.show_image(picture, images[i], between, cmap)
            self.images_.append(artist)
            self.bars_.append(self._draw_bars(picture, chart, probabilities[i], i))
        if not len(images):
            _panels.draw_note(axes[0, 0], "no images")
        return self

    def _draw_bars(self, picture, chart, probabilities, i):
        names = _panels.shorten(self.class_names)
        predicted = int(np.argmax(probabilities))
        true = None if self.true_codes is None else int(np.asarray(self.true_codes)[i])
        color = _panels.WRONG if true not in (None, predicted) else _panels.RIGHT
        colors = [_panels.NEUTRAL] * len(names)
        colors[predicted] = color
        chart.set_axis_on()
        bars = chart.barh(np.arange(len(names)), 100 * probabilities, color=colors)
        if true is not None and true != predicted:
            bars[true].set(edgecolor=_panels.RIGHT, linewidth=1.5)
        for code, probability in enumerate(probabilities):
            if probability >= 0.005 or code in (predicted, true):
                chart.annotate(
                    f"{100 * probability:.0f} %",
                    (100 * probability, code),
                    (3, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=7,
                )
        # Room for the percentage of a bar that is all there is.
        chart.set(xlim=(0, 135), xticks=[])
        chart.set_yticks(np.arange(len(names)), names, fontsize=8)
        chart.tick_params(axis="y", length=0)
        chart.invert_yaxis()
        chart.spines[["top", "right", "bottom"]].set_visible(False)
        if true is not None and true != predicted:
            tick = chart.get_yticklabels()[true]
            tick.set(color=_panels.RIGHT, fontweight="bold")
        chart.get_yticklabels()[predicted].set(color=color, fontweight="bold")
        title = names[predicted]
        if true is not None and true != predicted:
            title += f"\n(is {names[true]})"
        picture.set_title(title, fontsize=9, color=color)
        return bars
