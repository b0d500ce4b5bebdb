"""
Scaling, dropout, validation data and learning curves
=====================================================

A second project scales and reshapes the images, adds dropout, trains with Adam, watches
validation data while it does, and draws its conclusions from learning curves and a
confusion matrix. Its steps are those of a scikit-learn pipeline. It claims no figure;
"high accuracy" is its aim.

It runs in about 20 seconds on two CPU cores; with ``--full``, on all 60,000 images, in
about a minute and a half.
"""

# %%
# The data
# --------
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
# The pipeline
# ------------
#
# Pixels go to [0, 1] and rows become images in steps of their own, as the project has
# it. The classifier would do both by itself; as steps they can be replaced by others.
#
# With `early_stopping` a stratified tenth of the images is held out. Here training is
# not to end early, but to be watched: `n_iter_no_change` is the number of epochs. The
# weights are those of the best epoch.
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
# What the curves say
# -------------------
#
# Training loss is that of images with dropout and augmentation, so it can be above the
# validation loss. Where it goes on falling while validation loss does not, the network
# has begun to learn its training images by heart. The ring marks the epoch of the
# lowest validation loss, whose weights were kept.
import matplotlib.pyplot as plt

from fmnist_sk.plotting import TrainingHistoryDisplay

TrainingHistoryDisplay.from_estimator(model)
plt.show()

# %%
# How many images does it take? scikit-learn's own learning curve trains on more and
# more of them, here the smallest architecture, to be quick. Where it still rises at the
# right, more images would help.
import numpy as np
from sklearn.model_selection import LearningCurveDisplay

LearningCurveDisplay.from_estimator(
    model.set_params(cnn__early_stopping=False, cnn__architecture="compact"),
    X_train[:2400],
    y_train[:2400],
    train_sizes=np.array([0.25, 0.5, 1.0]),
    cv=2,
)
plt.show()
model.set_params(cnn__early_stopping=True, cnn__architecture="standard")

# %%
# What the confusion matrix says
# ------------------------------
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score, log_loss

probabilities = model.predict_proba(X_test)
y_pred = model.classes_[probabilities.argmax(axis=1)]
_, ax = plt.subplots(figsize=(7, 6), layout="constrained")
ConfusionMatrixDisplay.from_predictions(
    y_test,
    y_pred,
    display_labels=CLASS_NAMES,
    normalize="true",
    values_format=".0%",
    xticks_rotation=45,
    cmap="Blues",
    ax=ax,
)
plt.setp(ax.get_xticklabels(), ha="right", rotation_mode="anchor")
plt.show()

# %%
# The largest numbers off the diagonal say what to work on. With Fashion-MNIST that is
# what is worn on the upper body, shirts most of all: more of them, larger images or
# another look at their labels would help more than another layer.
accuracy = accuracy_score(y_test, y_pred)
nll = log_loss(y_test, probabilities)
print(f"accuracy {accuracy:.1%}, log loss {nll:.3f} after {seconds:.0f} s")
