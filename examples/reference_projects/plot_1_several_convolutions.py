"""
Convolutions, pooling, dense layers, softmax
============================================

The first project uses several convolutions with ReLU, max-pooling, dense layers and a
softmax on 28 × 28 grey images. It reports a test accuracy of about 90 % and a loss
below 0.22. The default :class:`~fmnist_sk.FashionCNNClassifier` is such a network.

This example runs in about 15 seconds on two CPU cores, and with ``--full``, on all
60,000 images, in about a minute.
"""

# %%
# Load the data
# -------------
#
# The images have 28 × 28 pixels and show ten classes of clothing. The sample has 3,000
# training images and 1,000 test images.
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
import matplotlib.pyplot as plt

from fmnist_sk.plotting import ImageGridDisplay

ImageGridDisplay.from_data(X_train, y_train, display_labels=CLASS_NAMES)
plt.show()

# %%
# Train the network
# -----------------
#
# You do not have to scale or reshape the images. The classifier learns the mean and
# scale of the pixels, and reads 784 pixels as a square image.
import time

from fmnist_sk import FashionCNNClassifier

model = FashionCNNClassifier(random_state=options.seed)
start = time.perf_counter()
model.fit(X_train, y_train)
seconds = time.perf_counter() - start
print(f"{model.n_parameters_:,} weights, {model.n_iter_} epochs, {seconds:.0f} s")

# %%
# `to_keras` returns the network as an ordinary Keras model. The model includes the
# normalisation at the beginning and the softmax at the end.
model.to_keras().summary()

# %%
# Evaluate the network
# --------------------
#
# The loss of the project is the cross-entropy, which scikit-learn calls log loss.
from sklearn.metrics import accuracy_score, classification_report, log_loss

probabilities = model.predict_proba(X_test)
y_pred = model.classes_[probabilities.argmax(axis=1)]
accuracy = accuracy_score(y_test, y_pred)
nll = log_loss(y_test, probabilities)
print(classification_report(y_test, y_pred, target_names=CLASS_NAMES))

# %%
# The project was trained on all 60,000 images. The sample is a twentieth of them, which
# is not enough to reach the same figures. The benchmarks list
# :doc:`the results on all images </benchmarks>`.
import pandas as pd

table = pd.DataFrame(
    {"accuracy": ["about 90 %", f"{accuracy:.1%}"], "loss": ["< 0.22", f"{nll:.3f}"]},
    index=["project, 60,000 images", f"this example, {len(y_train):,} images"],
)
print(table)
