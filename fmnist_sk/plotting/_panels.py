"""What the displays of images share: axes in a grid, images in axes, names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

# Okabe and Ito's blue and vermilion, which people with any colour vision can tell
# apart, for what is right and what is wrong.
RIGHT, WRONG, NEUTRAL = "#0072B2", "#D55E00", "0.75"


def classes_of(labels, classes, display_labels):
    """Give all classes: those that were named, or those there are.

    Labels 0, 1, 2 ... are positions in the names, so that a few images may lack some of
    the classes.
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
    """Give the names of classes, after checking that there are as many.

    Parameters
    ----------
    classes : array-like of shape (n_classes,)
        All of them, in order.
    display_labels : sequence of str or None
        Their names; None is the labels themselves.

    Returns
    -------
    names : list of str
        As many.
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
    """Give the first rows of an array, a list or a DataFrame."""
    return X.iloc[:n] if hasattr(X, "iloc") else np.asarray(X)[:n]


def check_count(n_images):
    """Raise unless it is a number of images."""
    if (
        isinstance(n_images, bool)
        or not isinstance(n_images, (int, np.integer))
        or n_images < 1
    ):
        raise ValueError(f"n_images must be an int of at least 1. Got {n_images!r}.")


def near_square(n_panels, most_columns):
    """Give rows and columns for so many panels."""
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
    """Give a figure and a grid of new axes in it, or in the place of the user's axes.

    Parameters
    ----------
    ax : matplotlib Axes or None
        The user's, whose place is divided; None makes a figure.
    n_rows, n_columns : int
        The grid's.
    size : (float, float)
        Width and height of a panel in a figure of its own, in inches.
    title : str, default=None
        The title of a figure of its own.

    Returns
    -------
    figure : matplotlib Figure
        The figure.
    axes : ndarray of shape (n_rows, n_columns)
        The axes, all invisible until something is drawn in them.
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
        figure, place = ax.figure, ax.get_subplotspec()
        if place is None:
            raise ValueError("ax must be made by subplots, so that it can be divided.")
        ax.set_axis_off()
        cells = place.subgridspec(n_rows, n_columns)
    else:
        raise ValueError(f"ax must be one matplotlib Axes. Got {ax!r} instead.")
    axes = np.empty((n_rows, n_columns), dtype=object)
    for row in range(n_rows):
        for column in range(n_columns):
            axes[row, column] = figure.add_subplot(cells[row, column])
            axes[row, column].set_axis_off()
    return figure, axes


def limits(images):
    """Give the values that are shown as black and as white.

    Pixels of 8 bits have a scale of their own, 0 to 255, as have those from 0 to 1. Of
    any others it is from the smallest to the largest of all images shown, so that they
    can be compared.
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
    """Draw an image `(height, width, channels)`, and a frame around it.

    Returns
    -------
    artist : matplotlib AxesImage
        The image. Of three or four channels it is in colour, of any other number the
        mean of them is.
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


def draw_note(axes, text):
    """Write what there is nothing to see of."""
    axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes)


def shorten(names: Sequence[str], most: int = 14) -> list[str]:
    """Cut names that would not fit under an image."""
    names = [str(name) for name in names]
    return [name if len(name) <= most else name[: most - 1] + "…" for name in names]
