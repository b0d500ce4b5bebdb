"""Figures that the commands write."""

import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

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
