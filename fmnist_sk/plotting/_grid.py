"""ImageGridDisplay: images side by side, by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

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

_MOST_COLUMNS = 12


class ImageGridDisplay:
    """Images side by side: samples of each class, or any stack of images.

    Use :meth:`from_data` for samples of labelled images, and :meth:`from_estimator` for
    samples of each predicted class. The constructor shows all of its images in their
    order. All parameters are stored as attributes.

    Parameters
    ----------
    images : array-like of shape (n, height, width) or (n, height, width, channels)
        Images to show.

    labels : sequence of str of length n, default=None
        Class of each image. Each class gets a row with its name, in the order of the
        first image of each class. None fills rows one after the other.

    titles : sequence of str of length n, default=None
        Text above each image.

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
    MisclassifiedImagesDisplay : Misclassified images.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from fmnist_sk import CLASS_NAMES, load_fashion_mnist_sample
    >>> from fmnist_sk.plotting import ImageGridDisplay
    >>> X, y = load_fashion_mnist_sample(return_X_y=True)
    >>> ImageGridDisplay.from_data(X, y, display_labels=CLASS_NAMES, random_state=0)
    <...>
    >>> plt.show()
    """

    ax_: NDArray[Any]
    figure_: Figure
    images_: list[AxesImage]

    def __init__(
        self,
        *,
        images: ArrayLike,
        labels: Sequence[str] | None = None,
        titles: Sequence[str] | None = None,
    ):
        self.images = images
        self.labels = labels
        self.titles = titles

    @classmethod
    def from_data(
        cls,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        n_images: int = 10,
        classes: ArrayLike | None = None,
        display_labels: Sequence[str] | None = None,
        image_shape: Sequence[int] | None = None,
        random_state: int | np.random.RandomState | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Create a display of samples of each class, and plot it.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images.

        y : array-like of shape (n,), default=None
            Labels. Without labels the first 10 × `n_images` images are shown, and only
            `image_shape` and `ax` have an effect.

        n_images : int, default=10
            Largest number of images per class.

        classes : array-like of shape (n_classes,), default=None
            All labels, in the order of the rows. None stands for the sorted labels in
            `y`, or the integers from 0 if all labels are integers with a name.

        display_labels : sequence of str of length n_classes, default=None
            Names of `classes`. None stands for the labels themselves.

        image_shape : (height, width) or (height, width, channels), default=None
            Shape of one image, for rows that do not form a square.

        random_state : int, RandomState instance or None, default=None
            Random generator, or its seed, for drawing the images. None stands for the
            first images of each class.

        ax : matplotlib Axes, default=None
            Axes to divide among the images; see :meth:`plot`. By default, a new figure
            is made.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.ImageGridDisplay`
            Display, plotted.

        Raises
        ------
        ValueError
            If `X` holds no images, or the numbers of labels or names do not fit.
        """
        images = image_stack(X, image_shape)
        _panels.check_count(n_images)
        if y is None:
            return cls(images=images[: 10 * n_images]).plot(ax=ax)
        labels = column_or_1d(y, warn=True)
        check_consistent_length(images, labels)
        known = _panels.classes_of(labels, classes, display_labels)
        names = _panels.name_classes(known, display_labels)
        codes = encode_labels(labels, known, name="y")
        rng = None if random_state is None else check_random_state(random_state)
        chosen: list[int] = []
        for code in range(len(known)):
            rows = np.flatnonzero(codes == code)
            if rng is not None:
                rows = rng.permutation(rows)
            chosen.extend(rows[:n_images])
        shown = [names[code] for code in codes[chosen]]
        return cls(images=images[chosen], labels=shown).plot(ax=ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        *,
        n_images: int = 10,
        display_labels: Sequence[str] | None = None,
        image_shape: Sequence[int] | None = None,
        random_state: int | np.random.RandomState | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Create a display of samples of each predicted class, and plot it.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier.

        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images, as `estimator` takes them.

        n_images : int, default=10
            Largest number of images per class.

        display_labels : sequence of str of length n_classes, default=None
            Names of `estimator.classes_`. None stands for the labels themselves.

        image_shape : (height, width) or (height, width, channels), default=None
            Shape of one image, for rows that do not form a square and an `estimator`
            that does not know the shape.

        random_state : int, RandomState instance or None, default=None
            Random generator, or its seed, for drawing the images. None stands for the
            first images of each class.

        ax : matplotlib Axes, default=None
            Axes to divide among the images; see :meth:`plot`. By default, a new figure
            is made.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.ImageGridDisplay`
            Display, plotted.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `estimator` is not fitted.
        """
        final_estimator(estimator)
        return cls.from_data(
            images_of(estimator, X, image_shape),
            estimator.predict(X),
            n_images=n_images,
            classes=estimator.classes_,
            display_labels=display_labels,
            random_state=random_state,
            ax=ax,
        )

    def plot(self, ax: Axes | None = None, *, cmap: str = "gray") -> Self:
        """Plot the images.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes whose place is divided among the images. By default, a new figure is
            made.

        cmap : str, default="gray"
            Colour map of grey images.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.ImageGridDisplay`
            Display itself, with `ax_`, `figure_` and `images_`.

        Raises
        ------
        ValueError
            If `images` holds no images, numbers of labels or titles do not fit, or `ax`
            is not one Axes.
        """
        images = image_stack(self.images)
        check_consistent_length(images, self.labels, self.titles)
        places, n_rows, n_columns, row_names = self._arrange(len(images))
        self.figure_, self.ax_ = _panels.grid(
            ax,
            n_rows,
            n_columns,
            size=(0.75, 0.95 if self.titles is not None else 0.75),
        )
        between, self.images_ = _panels.limits(images), []
        for i, place in enumerate(places):
            axes = self.ax_[place]
            self.images_.append(_panels.show_image(axes, images[i], between, cmap))
            if self.titles is not None:
                axes.set_title(self.titles[i], fontsize=8)
        for row, name in enumerate(row_names):
            self.ax_[row, 0].set_ylabel(
                name, rotation=0, ha="right", va="center", fontsize=10
            )
        if not places:
            _panels.draw_note(self.ax_[0, 0], "no images")
        return self

    def _arrange(self, n_images):
        """Return the place of each image, the size of the grid and names of rows."""
        if self.labels is None:
            n_rows, n_columns = _panels.near_square(n_images, _MOST_COLUMNS)
            return (
                [divmod(i, n_columns) for i in range(n_images)],
                n_rows,
                n_columns,
                [],
            )
        row_names = list(dict.fromkeys(self.labels))
        used = dict.fromkeys(row_names, 0)
        places = []
        for label in self.labels:
            places.append((row_names.index(label), used[label]))
            used[label] += 1
        return places, max(1, len(row_names)), max(used.values(), default=1), row_names
