"""GradCAMDisplay: regions of images that contribute to a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length

from .._pipelines import final_estimator_and_input, image_stack
from ..inspection import grad_cam, target_codes
from . import _panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_MOST_COLUMNS = 4
# The lightness of this colour map grows steadily, so it can be read without colour
# vision.
_COLORS = "inferno"


class GradCAMDisplay:
    """Images beside heat maps of the regions that contribute to a class.

    Use :meth:`from_estimator` for HiResCAM or Grad-CAM. Pass the constructor any other
    heat maps, such as those of :func:`~fmnist_sk.inspection.occlusion_sensitivity`. All
    parameters are stored as attributes.

    Parameters
    ----------
    images : array-like of shape (n, height, width) or (n, height, width, channels)
        Images.

    heatmaps : array-like of shape (n, height, width)
        Contribution of each pixel. Negative values are shown as 0, and the largest
        value of each image is shown in the brightest colour. A map without positive
        values is labelled "no positive values".

    titles : sequence of str of length n, default=None
        Text above each image.

    Attributes
    ----------
    ax_ : ndarray of shape (n, 2) of matplotlib Axes
        Axes of each image, without and with its heat map.

    figure_ : matplotlib Figure
        Figure with all Axes.

    images_ : list of matplotlib AxesImage
        Images.

    heatmaps_ : list of matplotlib AxesImage
        Heat maps.

    See Also
    --------
    fmnist_sk.inspection.grad_cam : Heat maps as arrays.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from fmnist_sk import (
    ...     CLASS_NAMES,
    ...     FashionCNNClassifier,
    ...     load_fashion_mnist_sample,
    ... )
    >>> from fmnist_sk.plotting import GradCAMDisplay
    >>> X, y = load_fashion_mnist_sample(return_X_y=True)
    >>> clf = FashionCNNClassifier(architecture="compact", epochs=2, random_state=0)
    >>> GradCAMDisplay.from_estimator(
    ...     clf.fit(X[:500], y[:500]), X[500:504], display_labels=CLASS_NAMES
    ... )
    <...>
    >>> plt.show()
    """

    ax_: NDArray[Any]
    figure_: Figure
    images_: list[AxesImage]
    heatmaps_: list[AxesImage]

    def __init__(
        self,
        *,
        images: ArrayLike,
        heatmaps: ArrayLike,
        titles: Sequence[str] | None = None,
    ):
        self.images = images
        self.heatmaps = heatmaps
        self.titles = titles

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        *,
        target: Any = None,
        method: Literal["hirescam", "gradcam"] = "hirescam",
        layer: int | None = None,
        n_images: int = 12,
        display_labels: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Create a display of HiResCAM or Grad-CAM, and plot it.

        Parameters
        ----------
        estimator : estimator
            A fitted :class:`~fmnist_sk.FashionCNNClassifier`, a Pipeline that ends in
            one, or a search over either.

        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Images, as `estimator` takes them. With a pipeline, the images that its last
            step gets are shown.

        target : label or array-like of shape (n,), default=None
            Class to explain: one label for all images, or one for each image. None
            stands for the predicted class of each image.

        method : {"hirescam", "gradcam"}, default="hirescam"
            Method; see :func:`~fmnist_sk.inspection.grad_cam`.

        layer : int, default=None
            Position of the layer; see :func:`~fmnist_sk.inspection.grad_cam`.

        n_images : int, default=12
            Largest number of images to show. The first ones are shown.

        display_labels : sequence of str of length n_classes, default=None
            Names of `estimator.classes_`. None stands for the labels themselves.

        ax : matplotlib Axes, default=None
            Axes to divide among the images; see :meth:`plot`. By default, a new figure
            is made.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.GradCAMDisplay`
            Display, plotted. The title of an image is the class that is explained, and
            its probability.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `estimator` is not fitted.
        TypeError
            If `estimator` is not a network of this package.
        ValueError
            If `X`, `target`, `method` or `layer` is invalid.
        """
        _panels.check_count(n_images)
        if np.ndim(target) == 1 and np.shape(target) == np.shape(X)[:1]:
            target = np.asarray(target)[:n_images]
        shown = _panels.first_rows(X, n_images)
        classifier, seen = final_estimator_and_input(estimator, shown)
        heatmaps = grad_cam(classifier, seen, target=target, method=method, layer=layer)
        probabilities = classifier.predict_proba(seen)
        codes = target_codes(
            classifier.classes_,
            target,
            lambda: probabilities.argmax(axis=1),
            len(probabilities),
        )
        names = _panels.name_classes(classifier.classes_, display_labels)
        titles = [
            f"{names[code]}, {100 * probabilities[i, code]:.0f} %"
            for i, code in enumerate(codes)
        ]
        images = image_stack(seen, classifier.image_shape_)
        return cls(images=images, heatmaps=heatmaps, titles=titles).plot(ax=ax)

    def plot(
        self, ax: Axes | None = None, *, cmap: str = "gray", alpha: float = 0.6
    ) -> Self:
        """Plot images and maps.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes whose place is divided among the images. By default, a new figure is
            made.

        cmap : str, default="gray"
            Colour map of grey images.

        alpha : float, default=0.6
            Opacity of the heat map, from 0 to 1.

        Returns
        -------
        display : :class:`~fmnist_sk.plotting.GradCAMDisplay`
            Display itself, with `ax_`, `figure_`, `images_` and `heatmaps_`.

        Raises
        ------
        ValueError
            If images, heat maps and titles do not fit, or `ax` is not one Axes.
        """
        images, heatmaps = image_stack(self.images), np.asarray(self.heatmaps)
        check_consistent_length(images, heatmaps, self.titles)
        if heatmaps.shape != images.shape[:3]:
            raise ValueError(
                f"heatmaps must have shape {images.shape[:3]}, one value per pixel. "
                f"Got {heatmaps.shape} instead."
            )
        self.figure_, self.ax_ = _panels.grid_of_pairs(
            ax, len(images), _MOST_COLUMNS, size=(1.15, 1.4)
        )
        self.images_, self.heatmaps_ = [], []
        between = _panels.limits(images)
        for i, (plain, overlaid) in enumerate(self.ax_):
            self.images_.append(_panels.show_image(plain, images[i], between, cmap))
            _panels.show_image(overlaid, images[i], between, cmap)
            most = float(np.nanmax(heatmaps[i], initial=0))
            artist = overlaid.imshow(
                heatmaps[i], cmap=_COLORS, alpha=alpha, vmin=0, vmax=most or 1
            )
            self.heatmaps_.append(artist)
            if most == 0:
                _panels.draw_note(
                    overlaid, "no positive\nvalues", color="white", fontsize=8
                )
            if self.titles is not None:
                plain.set_title(self.titles[i], fontsize=8, loc="left")
        return self
