"""
Augmentation, early stopping and Grad-CAM
=========================================

The fifth project rotates, zooms, shifts and mirrors the training images, and uses
dropout and early stopping. It reports an accuracy of about 92 %, with a confusion
matrix, a classification report, training curves and a saved model. As next steps it
lists deeper networks, a hyper-parameter search and Grad-CAM. With this package, each of
these steps needs one argument or one call.

This example runs in about 20 seconds on two CPU cores, and with ``--full``, on all
60,000 images, in a few minutes.
"""

# %%
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
# Train on augmented images
# -------------------------
#
# `augmentation` changes the training images at random in every epoch. Held-out images
# and predicted images stay unchanged. The settings are those of
# :class:`~fmnist_sk.ImageAugmenter`.
#
# The learning rate is high in the middle of training, so the validation loss is
# unsteady. Training therefore stops after ten epochs without improvement instead of
# five.
import time

from fmnist_sk import FashionCNNClassifier

model = FashionCNNClassifier(
    augmentation={"horizontal_flip": 0.5, "rotation": 5, "zoom": 0.05, "shift": 0.04},
    dropout=0.4,
    epochs=20,
    early_stopping=True,
    n_iter_no_change=10,
    random_state=options.seed,
)
start = time.perf_counter()
model.fit(X_train, y_train)
seconds = time.perf_counter() - start
print(f"best epoch {model.best_epoch_} of {model.n_iter_}, {seconds:.0f} s")

# %%
import matplotlib.pyplot as plt

from fmnist_sk.plotting import TrainingHistoryDisplay

TrainingHistoryDisplay.from_estimator(model)
plt.show()

# %%
# Evaluate the network
# --------------------
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    accuracy_score,
    classification_report,
    confusion_matrix,
    log_loss,
)

probabilities = model.predict_proba(X_test)
y_pred = model.classes_[probabilities.argmax(axis=1)]
accuracy = accuracy_score(y_test, y_pred)
nll = log_loss(y_test, probabilities)
print(classification_report(y_test, y_pred, target_names=CLASS_NAMES))

# %%
# In the confusion matrix, only the mistakes are coloured, so that they stand out.
import numpy as np

matrix = confusion_matrix(y_test, y_pred)
correct = matrix.diagonal()
_, ax = plt.subplots(figsize=(7, 6.5), layout="constrained")
display = ConfusionMatrixDisplay(matrix - np.diag(correct), display_labels=CLASS_NAMES)
display.plot(cmap="Oranges", colorbar=False, ax=ax)
for label, number in enumerate(correct):
    display.text_[label, label].set(text=number, color="black", weight="bold")
plt.setp(ax.get_xticklabels(), rotation=45, ha="right", rotation_mode="anchor")
plt.show()

# %%
# Save the model
# --------------
#
# The joblib file contains NumPy arrays and no Keras model, so it loads without
# TensorFlow.
import tempfile
from pathlib import Path

import joblib

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "model.joblib"
    joblib.dump(model, file)
    print(f"{file.stat().st_size / 1e6:.1f} MB")
    assert (joblib.load(file).predict(X_test[:100]) == y_pred[:100]).all()

# %%
# Next steps
# ----------
#
# :class:`~fmnist_sk.plotting.GradCAMDisplay` shows which regions contribute to a class:
from fmnist_sk.plotting import GradCAMDisplay

GradCAMDisplay.from_estimator(model, X_test[:8], display_labels=CLASS_NAMES)
plt.show()

# %%
# For deeper networks, use `architecture="vgg"` or `"resnet"`. For a hyper-parameter
# search, see :ref:`sphx_glr_auto_examples_plot_grid_search.py`.
print(f"accuracy {accuracy:.1%}, log loss {nll:.3f} after {seconds:.0f} s")
