"""
Scaling, dropout, validation data and learning curves
=====================================================

The second project scales and reshapes the images, adds dropout, trains with Adam and
monitors validation data. It draws conclusions from learning curves and a confusion
matrix. Its steps are those of a scikit-learn pipeline. Its aim is "high accuracy", and
it reports no figure.

This example runs in about 20 seconds on two CPU cores, and with ``--full``, on all
60,000 images, in about a minute and a half.
"""

# %%
# Load the data
# -------------
import argparse

from fmnist_sk import CLASS_NAMES, fetch_fashion_mnist, load_fashion_mnist_sample

parser = argparse.ArgumentParser()
parser.add_argument("--full", action="store_true", help="all images, not the sample")
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

load = fetch_fashion_mnist if options.full else load_fashion_mnist_sample
X_train, y_train = load(subset="train", return_X_y=True)
X_test, y_test = load(subset="test", return_X_y=True)

# %%
# Train a pipeline
# ----------------
#
# As in the project, one step scales the pixels to [0, 1] and one step converts rows to
# images. :class:`~fmnist_sk.FashionCNNClassifier` needs neither step, but as steps you
# can replace them.
#
# With `early_stopping`, a stratified tenth of the images is held out. In this example,
# training should not stop early, so `n_iter_no_change` is the number of epochs. The
# classifier keeps the weights of the best epoch.
import time

from sklearn.pipeline import Pipeline

from fmnist_sk import FashionCNNClassifier, ImageNormalizer, ImageReshaper

epochs = 12
model = Pipeline(
    [
        ("scale", ImageNormalizer()),
        ("reshape", ImageReshaper()),
        (
            "cnn",
            FashionCNNClassifier(
                optimizer="adam",
                dropout=0.4,
                epochs=epochs,
                early_stopping=True,
                n_iter_no_change=epochs,
                random_state=options.seed,
            ),
        ),
    ]
)
start = time.perf_counter()
model.fit(X_train, y_train)
seconds = time.perf_counter() - start

# %%
# Read the training curves
# ------------------------
#
# The training loss is measured with dropout and augmentation, so it can be higher than
# the validation loss. If the training loss keeps falling and the validation loss does
# not, the network is overfitting. The ring marks the epoch with the lowest validation
# loss, whose weights were kept.
import matplotlib.pyplot as plt

from fmnist_sk.plotting import TrainingHistoryDisplay

TrainingHistoryDisplay.from_estimator(model)
plt.show()

# %%
# How many training images are needed? scikit-learn's `LearningCurveDisplay` trains on
# increasing numbers of images. This example uses the smallest architecture to be quick.
# If the curve still rises at the right end, more images would help.
import numpy as np
from sklearn.model_selection import LearningCurveDisplay

# sphinx_gallery_thumbnail_number = 2
LearningCurveDisplay.from_estimator(
    model.set_params(cnn__early_stopping=False, cnn__architecture="compact"),
    X_train[:1600],
    y_train[:1600],
    train_sizes=np.array([0.25, 0.5, 1.0]),
    cv=2,
)
plt.show()
model.set_params(cnn__early_stopping=True, cnn__architecture="standard")

# %%
# Plot the confusion matrix
# -------------------------
#
# Only the mistakes are coloured, so that they stand out.
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    accuracy_score,
    confusion_matrix,
    log_loss,
)

probabilities = model.predict_proba(X_test)
y_pred = model.classes_[probabilities.argmax(axis=1)]
matrix = confusion_matrix(y_test, y_pred, normalize="true")
correct = matrix.diagonal()
_, ax = plt.subplots(figsize=(7, 6.5), layout="constrained")
display = ConfusionMatrixDisplay(matrix - np.diag(correct), display_labels=CLASS_NAMES)
display.plot(
    cmap="Oranges", values_format=".0%", colorbar=False, xticks_rotation=45, ax=ax
)
for label, share in enumerate(correct):
    text = display.text_[label, label]
    text.set(text=f"{share:.0%}", color="black", weight="bold")
plt.setp(ax.get_xticklabels(), ha="right", rotation_mode="anchor")
plt.show()

# %%
# The darkest cells show which classes are confused most. In Fashion-MNIST these are
# garments for the upper body, above all shirts. More images of shirts, larger images or
# corrected labels would help more than another layer.
accuracy = accuracy_score(y_test, y_pred)
nll = log_loss(y_test, probabilities)
print(f"accuracy {accuracy:.1%}, log loss {nll:.3f} after {seconds:.0f} s")
