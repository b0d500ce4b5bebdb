"""Figures that the commands write."""

from pathlib import Path

import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

from .._pictures import open_picture
from ._console import shorten

# Number of classes whose probabilities the explanation of an image shows.
_N_BARS = 5
# Largest width and height of a photograph in a figure, in pixels.
_PHOTOGRAPH_SIZE = 400
# pyplot does not know the figures of this file, so they need no window and no backend.


def save_confusion_matrix(path, model, y, y_pred, names):
    """Write a confusion matrix whose colours show the mistakes only.

    The diagonal would be many times larger than the mistakes, which would all look the
    same on its scale. It is grey, and the scale ends with the most frequent mistake.
    """
    from matplotlib.figure import Figure

    matrix = confusion_matrix(y, y_pred, labels=model.classes_)
    correct = np.eye(len(matrix), dtype=bool)
    mistakes = np.where(correct, 0, matrix)
    most = max(1, mistakes.max())
    size = 3.0 + 0.5 * len(names)
    figure = Figure(figsize=(size, 0.95 * size), layout="constrained")
    axes = figure.subplots()
    display = ConfusionMatrixDisplay(mistakes, display_labels=names).plot(
        cmap="Oranges",
        values_format="d",
        colorbar=False,
        im_kw={"vmin": 0, "vmax": most},
        ax=axes,
    )
    display.im_.set_data(np.ma.masked_array(mistakes, correct))
    axes.set_facecolor("0.92")
    for cell, text in np.ndenumerate(display.text_):
        # Black is easier to read on orange than scikit-learn's brown.
        dark = "white" if mistakes[cell] > 0.7 * most else "black"
        zero = not correct[cell] and not mistakes[cell]
        text.set(text=str(matrix[cell]), color="0.6" if zero else dark)
    for label in axes.get_xticklabels():
        label.set(rotation=45, ha="right", rotation_mode="anchor")
    axes.set_title("Mistakes are coloured, correct predictions are grey", fontsize=10)
    figure.savefig(path, dpi=150)


def save_training_curves(path, model):
    """Write the loss and the accuracy of each epoch."""
    from matplotlib.figure import Figure

    from ..plotting import TrainingHistoryDisplay

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    TrainingHistoryDisplay.from_estimator(model, ax=figure.subplots(1, 2))
    figure.savefig(path, dpi=150)


def save_mistakes(path, model, test, names):
    """Write the mistakes with the highest probabilities."""
    from matplotlib.figure import Figure

    from ..plotting import MisclassifiedImagesDisplay

    figure = Figure(figsize=(9, 6.3), layout="constrained")
    figure.suptitle("The most confident mistakes: predicted above, true below")
    MisclassifiedImagesDisplay.from_estimator(
        model, test.X, test.y, display_labels=names, ax=figure.subplots()
    )
    figure.savefig(path, dpi=150)


def save_explanation(path, model, predictions, image_shape, names):
    """Write a row per image: photograph, image, probabilities and heat map.

    Parameters
    ----------
    path : str
        Path of the figure.
    model : estimator
        Fitted classifier of the images.
    predictions : list of Prediction
        Predictions to explain.
    image_shape : tuple of int
        Shape of one image, `(height, width, channels)`.
    names : list of str
        Names of the classes.
    """
    from matplotlib.figure import Figure

    from ..inspection import grad_cam
    from ..plotting import PredictionDisplay

    n_rows = len(predictions)
    figure = Figure(figsize=(9, 0.6 + 2.1 * n_rows), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.08)
    # The display divides the second column between an image and its bars.
    grid = figure.add_gridspec(n_rows, 3, width_ratios=[1, 2, 1])
    for row, each in enumerate(predictions):
        photograph, pair, regions = (
            figure.add_subplot(grid[row, column]) for column in range(3)
        )
        _show_photograph(photograph, each)
        best = np.argsort(-each.probabilities, kind="stable")[:_N_BARS]
        display = PredictionDisplay(
            images=each.image.reshape(1, *image_shape),
            probabilities=each.probabilities[np.newaxis, best],
            class_names=[names[code] for code in best],
        ).plot(ax=pair)
        label = model.classes_[each.code]
        (heatmap,) = grad_cam(model, each.image[np.newaxis], target=label)
        regions.set_axis_off()
        (shown,) = display.images_
        regions.imshow(shown.get_array(), cmap="gray", clim=shown.get_clim())
        regions.imshow(heatmap, cmap="inferno", alpha=0.6, vmin=0, vmax=1)
        regions.set_title("contributing regions", fontsize=9)
        if not heatmap.any():
            regions.set_title("no contributing region", fontsize=9)
    figure.savefig(path, dpi=150)


def _show_photograph(axes, prediction):
    """Draw the photograph, or nothing for an image from an array."""
    axes.set_axis_off()
    axes.set_title(shorten(Path(prediction.name).name, 26), fontsize=9)
    if prediction.path is None:
        return
    size = (_PHOTOGRAPH_SIZE, _PHOTOGRAPH_SIZE)
    picture = open_picture(prediction.path, at_least=size).convert("RGB")
    picture.thumbnail(size)
    axes.imshow(np.asarray(picture))
