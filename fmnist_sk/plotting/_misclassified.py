"""MisclassifiedImagesDisplay: images with wrong predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, check_random_state, column_or_1d

from .._pipelines import final_estimator, image_stack, images_of
from .._validation import encode_labels
from . import _panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_MOST_COLUMNS = 6


class MisclassifiedImagesDisplay:
    """Misclassified images with their predicted and true labels.

    The most confident mistakes come first, because wrong labels in the data are often
    among them. Use :meth:`from_estimator` or :meth:`from_predictions` to create a
    display. All parameters are stored as attributes.

    Parameters
    ----------
    images : array-like of shape (n, height, width) or (n, height, width, channels)
        Misclassified images.

    true_names, predicted_names : sequence of str of length n
        Names of the true and of the predicted class of each image.

    confidences : array-like of shape (n,), default=None
        Probability of the predicted class of each image.

    indices : array-like of shape (n,) of int, default=None
        Rows of the images in the data.

    n_mistakes : int, default=None
        Number of all mistakes, shown or not. None stands for the number of images.

    Attributes
    ----------
    ax_ : ndarray of shape (n_rows, n_columns) of matplotlib Axes
        Axes of the grid. Axes without an image are switched off.

    figure_ : matplotlib Figure
        Figure with all Axes.

    images_ : list of matplotlib AxesImage
        Images in their order.

    See Also
    --------
    PredictionDisplay : Images beside the probability of each class.
    sklearn.metrics.ConfusionMatrixDisplay : Counts of each kind of mistake.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from fmnist_sk import (
    ...     CLASS_NAMES,
    ...     FashionCNNClassifier,
    ...     load_fashion_mnist_sample,
    ... )
    >>> from fmnist_sk.plotting import MisclassifiedImagesDisplay
    >>> X, y = load_fashion_mnist_sample(return_X_y=True)
    >>> clf = FashionCNNClassifier(architecture="compact", epochs=2, random_state=0)
    >>> display = MisclassifiedImagesDisplay.from_estimator(
    ...     clf.fit(X[:500], y[:500]), X[500:], y[500:], display_labels=CLASS_NAMES
    ... )
    >>> plt.show()
    >>> predicted = clf.predict(X[500:][display.indices])
    >>> bool((y[500:][display.indices] != predicted).all())
    True
    """

    ax_: NDArray[Any]
    figure_: Figure
    images_: list[AxesImage]

    def __init__(
        self,
        *,
        images: ArrayLike,
        true_names: Sequence[str],
        predicted_names: Sequence[str],
        confidences: ArrayLike | None = None,
        indices: ArrayLike | None = None,
        n_mistakes: int | None = None,
    ):
        self.images = images
        self.true_names = true_names
        self.predicted_names = predicted_names
        self.confidences = confidences
        self.indices = indices
        self.n_mistakes = n_mistakes

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        y: ArrayLike,
        *,
        n_images: int = 18,
        order: Literal["confidence", "random"] = "confidence",
        true_label: Any = None,
        predicted_label: Any = None,
        display_labels: Sequence[str] | None = None,
        image_shape: Sequence[int] | None = None,
        random_state: int | np.random.RandomState | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Create a display of an estimator's mistakes, and plot it.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier, with `predict_proba` if `order` is `"confidence"`.

        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images, as `estimator` takes them.

        y : array-like of shape (n,)
            True labels.

        n_images : int, default=18
            Largest number of mistakes to show.

        order : {"confidence", "random"}, default="confidence"
            Whether to show the most confident mistakes or random ones.

        true_label, predicted_label : label, default=None
            True label, predicted label, or both, of the mistakes to show. None stands
            for any label.

        display_labels : sequence of str of length n_classes, default=None
            Names of `estimator.classes_`. None stands for the labels themselves.

        image_shape : (height, width) or (height, width, channels), default=None
            Shape of one image, for rows that do not form a square and an `estimator`
            that does not know the shape.

        random_state : int, RandomState instance or None, default=None
            Random generator, or its seed, for drawing the mistakes if `order="random"`.

        ax : matplotlib Axes, default=None
            Axes to divide among the images; see :meth:`plot`. By default, a new figure
            is made.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.MisclassifiedImagesDisplay`
            Display, plotted.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `estimator` is not fitted.
        TypeError
            If `order="confidence"` and `estimator` has no `predict_proba`.
        ValueError
            If `X`, `y` or a parameter is invalid.
        """
        final_estimator(estimator)
        y_proba = None
        if hasattr(estimator, "predict_proba"):
            y_proba = estimator.predict_proba(X)
        elif order == "confidence":
            raise TypeError(
                f"{type(estimator).__name__} has no predict_proba, which "
                "order='confidence' needs. Pass order='random'."
            )
        return cls.from_predictions(
            images_of(estimator, X, image_shape),
            y,
            estimator.predict(X),
            y_proba=y_proba,
            classes=estimator.classes_,
            n_images=n_images,
            order=order,
            true_label=true_label,
            predicted_label=predicted_label,
            display_labels=display_labels,
            random_state=random_state,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        X: ArrayLike,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        y_proba: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        n_images: int = 18,
        order: Literal["confidence", "random"] | None = None,
        true_label: Any = None,
        predicted_label: Any = None,
        display_labels: Sequence[str] | None = None,
        image_shape: Sequence[int] | None = None,
        random_state: int | np.random.RandomState | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Create a display of the mistakes among predictions, and plot it.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images.

        y_true, y_pred : array-like of shape (n,)
            True and predicted labels.

        y_proba : array-like of shape (n,) or (n, n_classes), default=None
            Probability of the predicted class, or of all classes.

        classes : array-like of shape (n_classes,), default=None
            All labels, in the order of the columns of `y_proba`. None stands for the
            sorted labels in `y_true` and `y_pred`, or the integers from 0 if all labels
            are integers with a name.

        n_images : int, default=18
            Largest number of mistakes to show.

        order : {"confidence", "random"}, default=None
            Whether to show the most confident mistakes or random ones. None stands for
            `"confidence"` if there is `y_proba`, and otherwise for the first mistakes.

        true_label, predicted_label : label, default=None
            True label, predicted label, or both, of the mistakes to show. None stands
            for any label.

        display_labels : sequence of str of length n_classes, default=None
            Names of `classes`. None stands for the labels themselves.

        image_shape : (height, width) or (height, width, channels), default=None
            Shape of one image, for rows that do not form a square.

        random_state : int, RandomState instance or None, default=None
            Random generator, or its seed, for drawing the mistakes if `order="random"`.

        ax : matplotlib Axes, default=None
            Axes to divide among the images; see :meth:`plot`. By default, a new figure
            is made.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.MisclassifiedImagesDisplay`
            Display, plotted.

        Raises
        ------
        ValueError
            If the numbers of images, labels, probabilities or names do not fit, or a
            parameter is invalid.
        """
        images = image_stack(X, image_shape)
        true, predicted = column_or_1d(y_true, warn=True), column_or_1d(y_pred)
        check_consistent_length(images, true, predicted, y_proba)
        _panels.check_count(n_images)
        both = np.concatenate([true, predicted])
        known = _panels.classes_of(both, classes, display_labels)
        names = _panels.name_classes(known, display_labels)
        true = encode_labels(true, known, name="y_true")
        predicted = encode_labels(predicted, known, name="y_pred")
        confidence = _confidence(y_proba, predicted, len(known))
        mistakes = true != predicted
        for name, wanted, codes in (
            ("true_label", true_label, true),
            ("predicted_label", predicted_label, predicted),
        ):
            if wanted is not None:
                mistakes &= codes == encode_labels([wanted], known, name=name)[0]
        rows = np.flatnonzero(mistakes)
        n_mistakes = len(rows)
        rows = _ordered(rows, order, confidence, random_state)[:n_images]
        return cls(
            images=images[rows],
            true_names=[names[code] for code in true[rows]],
            predicted_names=[names[code] for code in predicted[rows]],
            confidences=None if confidence is None else confidence[rows],
            indices=rows,
            n_mistakes=n_mistakes,
        ).plot(ax=ax)

    def plot(self, ax: Axes | None = None, *, cmap: str = "gray") -> Self:
        """Plot the images, the predicted label above and the true one below.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes whose place is divided among the images. By default, a new figure is
            made.

        cmap : str, default="gray"
            Colour map of grey images.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.MisclassifiedImagesDisplay`
            Display itself, with `ax_`, `figure_` and `images_`.

        Raises
        ------
        ValueError
            If the numbers of images, names and confidences do not fit, or `ax` is not
            one Axes.
        """
        images = image_stack(self.images)
        check_consistent_length(
            images,
            self.true_names,
            self.predicted_names,
            self.confidences,
        )
        n_columns = min(_MOST_COLUMNS, max(3, len(images)))
        n_rows = max(1, -(-len(images) // n_columns))
        total = len(images) if self.n_mistakes is None else self.n_mistakes
        self.figure_, self.ax_ = _panels.grid(
            ax,
            n_rows,
            n_columns,
            size=(1.45, 2.0),
            title=f"{len(images)} of {total:,} mistakes: predicted above, true below"
            if len(images)
            else None,
        )
        between, self.images_ = _panels.limits(images), []
        for i, axes in enumerate(self.ax_.ravel()[: len(images)]):
            self.images_.append(_panels.show_image(axes, images[i], between, cmap))
            predicted, true = _panels.shorten(
                [self.predicted_names[i], self.true_names[i]]
            )
            if self.confidences is not None:
                predicted += f", {100 * np.asarray(self.confidences)[i]:.0f} %"
            axes.set_title(predicted, fontsize=8, color=_panels.WRONG)
            axes.set_xlabel(true, fontsize=8, color=_panels.RIGHT)
        if not len(images):
            _panels.draw_note(self.ax_[0, n_columns // 2], "no misclassified images")
        return self


def _confidence(y_proba, predicted, n_classes):
    """Return the probability of each predicted class, if there are probabilities."""
    if y_proba is None:
        return None
    probabilities = np.asarray(y_proba)
    if probabilities.ndim == 1:
        return probabilities
    if probabilities.ndim != 2 or probabilities.shape[1] != n_classes:
        raise ValueError(
            f"y_proba must have shape (n,) or (n, {n_classes}), as there are "
            f"{n_classes} classes. Got shape {probabilities.shape} instead."
        )
    return np.take_along_axis(probabilities, predicted[:, None], axis=1)[:, 0]


def _ordered(rows, order, confidence, random_state):
    if order not in ("confidence", "random", None):
        raise ValueError(
            f"order must be 'confidence', 'random' or None. Got {order!r} instead."
        )
    if order == "random":
        return check_random_state(random_state).permutation(rows)
    if confidence is None:
        if order == "confidence":
            raise ValueError("order='confidence' needs y_proba.")
        return rows
    return rows[np.argsort(-confidence[rows], kind="stable")]
