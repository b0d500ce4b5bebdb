"""Grids of axes, images in axes and names of classes, for all displays of images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._images import is_table

# Right predictions are blue and wrong ones vermilion, in the tones of Okabe and Ito,
# which people with any colour vision can tell apart.
RIGHT, WRONG, NEUTRAL = "#0072B2", "#D55E00", "0.75"


def classes_of(labels, classes, display_labels):
    """Return the given classes, or else the classes that occur in the labels.

    Integer labels from 0 are positions in `display_labels`, so the images need not
    contain all classes.
    """
    if classes is not None:
        return np.asarray(classes)
    present = np.unique(labels)
    if display_labels is not None and present.dtype.kind in "iu":
        every = np.arange(len(display_labels))
        if np.isin(present, every).all():
            return every
    return present


def name_classes(classes, display_labels):
    """Return the names of classes, after checking their number.

    Parameters
    ----------
    classes : array-like of shape (n_classes,)
        All classes, in order.
    display_labels : sequence of str or None
        Names of the classes. None stands for the labels themselves.

    Returns
    -------
    names : list of str
        Name of each class.
    """
    if display_labels is None:
        return [str(label) for label in np.asarray(classes).tolist()]
    if len(display_labels) != len(classes):
        raise ValueError(
            f"display_labels needs one name for each of the {len(classes)} classes. "
            f"Got {len(display_labels)} instead."
        )
    return [str(name) for name in display_labels]


def first_rows(X, n):
    """Return the first rows of an array, a list or a DataFrame."""
    return X.head(n) if is_table(X) else np.asarray(X)[:n]


def check_count(n_images):
    """Raise a ValueError unless `n_images` is an integer of at least 1."""
    if (
        isinstance(n_images, bool)
        or not isinstance(n_images, (int, np.integer))
        or n_images < 1
    ):
        raise ValueError(f"n_images must be an int of at least 1. Got {n_images!r}.")


def near_square(n_panels, most_columns):
    """Return the numbers of rows and columns of a grid that is nearly square."""
    columns = min(most_columns, max(1, math.ceil(math.sqrt(n_panels))))
    return max(1, math.ceil(n_panels / columns)), columns


def grid(
    ax: Any,
    n_rows: int,
    n_columns: int,
    *,
    size: tuple[float, float],
    title: str | None = None,
) -> tuple[Any, Any]:
    """Create a grid of axes, in a new figure or in place of the user's axes.

    Parameters
    ----------
    ax : matplotlib Axes or None
        Axes of the user, whose place is divided. None stands for a new figure.
    n_rows, n_columns : int
        Numbers of rows and columns.
    size : (float, float)
        Width and height of a panel of a new figure, in inches.
    title : str, default=None
        Title of a new figure.

    Returns
    -------
    figure : matplotlib Figure
        Figure with the axes.
    axes : ndarray of shape (n_rows, n_columns)
        Axes, which are invisible until something is drawn in them.
    """
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes

    figure: Any
    cells: Any
    if ax is None:
        room = 0.35 if title else 0
        figure = plt.figure(
            figsize=(n_columns * size[0], n_rows * size[1] + room), layout="constrained"
        )
        if title:
            figure.suptitle(title, fontsize=10)
        cells = figure.add_gridspec(n_rows, n_columns)
    elif isinstance(ax, Axes):
        figure, cells = ax.figure, divide(ax, n_rows, n_columns)
    else:
        raise ValueError(f"ax must be one matplotlib Axes. Got {ax!r} instead.")
    axes = np.empty((n_rows, n_columns), dtype=object)
    for row in range(n_rows):
        for column in range(n_columns):
            axes[row, column] = figure.add_subplot(cells[row, column])
            axes[row, column].set_axis_off()
    return figure, axes


def divide(ax, n_rows, n_columns, **spacing):
    """Create a grid in place of the user's axes, which are switched off.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes of the user, created by `subplots`.
    n_rows, n_columns : int
        Numbers of rows and columns.
    **spacing : dict
        Options of `SubplotSpec.subgridspec`.

    Returns
    -------
    cells : matplotlib GridSpecFromSubplotSpec
        Cells of the grid.

    Raises
    ------
    ValueError
        If `ax` was placed by hand.
    """
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError("ax must be made by subplots, so that it can be divided.")
    ax.set_axis_off()
    return place.subgridspec(n_rows, n_columns, **spacing)


def grid_of_pairs(ax, n_pairs, most_columns, *, size):
    """Create a grid with two axes for each image.

    Parameters
    ----------
    ax : matplotlib Axes or None
        Axes of the user, whose place is divided. None stands for a new figure.
    n_pairs : int
        Number of images.
    most_columns : int
        Largest number of images side by side.
    size : (float, float)
        Width and height of a panel of a new figure, in inches.

    Returns
    -------
    figure : matplotlib Figure
        Figure with the axes.
    pairs : ndarray of shape (n_pairs, 2)
        Two axes for each image. If there are no images, a note is shown instead.
    """
    n_columns = min(most_columns, max(1, n_pairs))
    n_rows = max(1, math.ceil(n_pairs / n_columns))
    figure, axes = grid(ax, n_rows, 2 * n_columns, size=size)
    if not n_pairs:
        draw_note(axes[0, 0], "no images")
    return figure, axes.reshape(-1, 2)[:n_pairs]


def limits(images):
    """Return the values that are shown as black and as white.

    The values are 0 and 255 for pixels of 8 bits, and 0 and 1 for pixels in this range.
    For any other pixels they are the smallest and the largest value of all images, so
    that the images can be compared.
    """
    if images.dtype == np.uint8:
        return 0, 255
    if images.size == 0:
        return 0, 1
    low, high = float(np.nanmin(images)), float(np.nanmax(images))
    if low >= 0 and high <= 1:
        return 0, 1
    return (low, high) if high > low else (low, low + 1)


def show_image(axes, image, between, cmap="gray"):
    """Draw an image, and a frame around it.

    Parameters
    ----------
    axes : matplotlib Axes
        Axes to draw in.
    image : ndarray of shape (height, width, channels)
        Image.
    between : (float, float)
        Values that are shown as black and as white.
    cmap : str, default="gray"
        Colour map of grey images.

    Returns
    -------
    artist : matplotlib AxesImage
        Drawn image, in colour if there are three or four channels, otherwise as the
        mean of the channels.
    """
    low, high = between
    if image.shape[-1] in (3, 4):
        shown = (image.astype(float) - low) / (high - low)
        artist = axes.imshow(np.clip(shown, 0, 1))
    else:
        artist = axes.imshow(image.mean(axis=-1), cmap=cmap, vmin=low, vmax=high)
    axes.set_axis_on()
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color="0.8", linewidth=0.8)
    return artist


def draw_note(axes, text, **style):
    """Write a note in the centre of a panel."""
    place = {"ha": "center", "va": "center", "transform": axes.transAxes}
    axes.text(0.5, 0.5, text, **place, **style)


def shorten(names: Sequence[str], most: int = 14) -> list[str]:
    """Return names, cut to a length that fits under an image."""
    names = [str(name) for name in names]
    return [name if len(name) <= most else name[: most - 1] + "…" for name in names]
