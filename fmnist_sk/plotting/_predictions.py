"""PredictionDisplay: images beside the probability of each class."""

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
    """Images, each beside a bar chart of the predicted probabilities.

    The bar of the predicted class is blue if the prediction is right. It is vermilion
    if the prediction is wrong, and the true class is marked. Use :meth:`from_estimator`
    or :meth:`from_predictions` to create a display. All parameters are stored as
    attributes.

    Parameters
    ----------
    images : array-like of shape (n, height, width) or (n, height, width, channels)
        Images.

    probabilities : array-like of shape (n, n_classes)
        Probability of each class.

    class_names : sequence of str of length n_classes
        Names of the classes.

    true_codes : array-like of shape (n,) of int, default=None
        Position of the true class of each image.

    Attributes
    ----------
    ax_ : ndarray of shape (n, 2) of matplotlib Axes
        Axes of each image and of its bars.

    figure_ : matplotlib Figure
        Figure with all Axes.

    images_ : list of matplotlib AxesImage
        Images.

    bars_ : list of matplotlib BarContainer
        Bars of each image, one per class.

    See Also
    --------
    MisclassifiedImagesDisplay : Misclassified images only.

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
        """Create a display of the predictions of an estimator, and plot it.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier with `predict_proba`.

        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images, as `estimator` takes them.

        y : array-like of shape (n,), default=None
            True labels.

        n_images : int, default=12
            Largest number of images to show. The first ones are shown.

        display_labels : sequence of str of length n_classes, default=None
            Names of `estimator.classes_`. None stands for the labels themselves.

        image_shape : (height, width) or (height, width, channels), default=None
            Shape of one image, for rows that do not form a square and an `estimator`
            that does not know the shape.

        ax : matplotlib Axes, default=None
            Axes to divide among the images; see :meth:`plot`. By default, a new figure
            is made.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.PredictionDisplay`
            Display, plotted.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `estimator` is not fitted.
        TypeError
            If `estimator` has no `predict_proba`.
        ValueError
            If `X` or `y` is invalid.
        """
        final_estimator(estimator)
        if not hasattr(estimator, "predict_proba"):
            raise TypeError(
                f"{type(estimator).__name__} has no predict_proba. Wrap it in "
                "CalibratedClassifierCV."
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
            Probability of each class.

        y_true : array-like of shape (n,), default=None
            True labels.

        classes : array-like of shape (n_classes,), default=None
            Labels in the order of the columns of `y_proba`. None stands for the
            integers from 0.

        n_images : int, default=12
            Largest number of images to show. The first ones are shown.

        display_labels : sequence of str of length n_classes, default=None
            Names of `classes`. None stands for the labels themselves.

        image_shape : (height, width) or (height, width, channels), default=None
            Shape of one image, for rows that do not form a square.

        ax : matplotlib Axes, default=None
            Axes to divide among the images; see :meth:`plot`. By default, a new figure
            is made.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.PredictionDisplay`
            Display, plotted.

        Raises
        ------
        ValueError
            If the numbers of images, labels, classes or names do not fit.
        """
        images, probabilities = image_stack(X, image_shape), np.asarray(y_proba)
        _panels.check_count(n_images)
        if probabilities.ndim != 2:
            raise ValueError(
                "y_proba must have shape (n, n_classes). Got shape "
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
            Axes whose place is divided among the images. By default, a new figure is
            made.

        cmap : str, default="gray"
            Colour map of grey images.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.PredictionDisplay`
            Display itself, with `ax_`, `figure_`, `images_` and `bars_`.

        Raises
        ------
        ValueError
            If the numbers of images, probabilities, classes or labels do not fit, or
            `ax` is not one Axes.
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
        height = max(1.5, 0.2 * len(self.class_names) + 0.3)
        self.figure_, self.ax_ = _panels.grid_of_pairs(
            ax, len(images), _MOST_COLUMNS, size=(1.75, height)
        )
        self.images_, self.bars_ = [], []
        between = _panels.limits(images)
        for i, (picture, chart) in enumerate(self.ax_):
            artist = _panels.show_image(picture, images[i], between, cmap)
            self.images_.append(artist)
            self.bars_.append(self._draw_bars(picture, chart, probabilities[i], i))
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
        # A bar of 100 % needs room for its percentage, too.
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
