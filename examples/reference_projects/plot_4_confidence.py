"""
Confidence bars, filters and feature maps
=========================================

The fourth project has two convolutions, each with max-pooling, a dense layer of 128
units and logits. It is trained for ten epochs and reaches about 91 % on the test
images. The project draws bar charts of the probability of each class, with different
colours for correct and wrong predictions, and wants to show how the layers of a network
build on each other.

The network is the architecture `"two_conv"`. This example runs in about 20 seconds on
two CPU cores, and with ``--full``, on all 60,000 images, in about a minute.
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
# Train the network
# -----------------
import time

from sklearn.metrics import accuracy_score, log_loss

from fmnist_sk import FashionCNNClassifier

model = FashionCNNClassifier(
    architecture="two_conv", epochs=10, random_state=options.seed
)
start = time.perf_counter()
model.fit(X_train, y_train)
seconds = time.perf_counter() - start
probabilities = model.predict_proba(X_test)
accuracy = accuracy_score(y_test, model.classes_[probabilities.argmax(axis=1)])
nll = log_loss(y_test, probabilities)
print(f"accuracy {accuracy:.1%}, log loss {nll:.3f} after {seconds:.0f} s")

# %%
# Plot the confidence in each class
# ---------------------------------
#
# :class:`~fmnist_sk.plotting.PredictionDisplay` draws correct predictions in blue and
# wrong predictions in vermilion, and marks the true class of wrong predictions. People
# with any colour vision can distinguish these colours.
import matplotlib.pyplot as plt

from fmnist_sk.plotting import PredictionDisplay

PredictionDisplay.from_estimator(
    model, X_test[:15], y_test[:15], n_images=15, display_labels=CLASS_NAMES
)
plt.show()

# %%
# `decision_function` returns the logits. Their softmax are the probabilities.
print(model.decision_function(X_test[:1]).round(1))

# %%
# Plot filters and feature maps
# -----------------------------
#
# The filters of the first convolution are small images. A filter with light pixels next
# to dark pixels detects edges in that direction.
from fmnist_sk.inspection import feature_maps, first_layer_filters
from fmnist_sk.plotting import ImageGridDisplay

display = ImageGridDisplay(images=first_layer_filters(model)).plot()
display.figure_.suptitle("Filters of the first convolution")
plt.show()

# %%
# The feature maps show where each filter responds in an image. After the pooling they
# have 13 × 13 pixels:
first, second = feature_maps(model, X_test[:1])
display = ImageGridDisplay(images=first[0].transpose(2, 0, 1)).plot(cmap="cividis")
display.figure_.suptitle("Maps after the first convolution")
plt.show()

# %%
# The maps of the second convolution have 5 × 5 pixels. They respond to parts of the
# garment more than to its outline:
display = ImageGridDisplay(images=second[0].transpose(2, 0, 1)).plot(cmap="cividis")
display.figure_.suptitle("Maps after the second convolution")
plt.show()
