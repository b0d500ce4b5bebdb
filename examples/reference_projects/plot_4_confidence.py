"""
Confidence bars and what the layers see
=======================================

A fourth project has two convolutions, each with max-pooling, a dense layer of 128 units
and logits, trained for ten epochs: about 91 percent on the test images. It draws bar
charts of the confidence in each class, right ones and wrong ones in different colours,
and wants to show how a network learns features upon features.

The network is the architecture `"two_conv"`. It runs in about 20 seconds on two CPU
cores; with ``--full``, on all 60,000 images, in about a minute.
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
# Training
# --------
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
# How sure is it?
# ---------------
#
# Blue is right, vermilion wrong, and then the true class is marked: colours that people
# with any colour vision can tell apart.
import matplotlib.pyplot as plt

from fmnist_sk.plotting import PredictionDisplay

PredictionDisplay.from_estimator(
    model, X_test[:15], y_test[:15], n_images=15, display_labels=CLASS_NAMES
)
plt.show()

# %%
# The logits themselves are `decision_function`; a softmax of them are the
# probabilities.
print(model.decision_function(X_test[:1]).round(1))

# %%
# What the layers see
# -------------------
#
# The first convolution's filters are small images. Light next to dark finds edges of
# that direction.
from fmnist_sk.inspection import feature_maps, first_layer_filters
from fmnist_sk.plotting import ImageGridDisplay

display = ImageGridDisplay(images=first_layer_filters(model)).plot()
display.figure_.suptitle("Filters of the first convolution")
plt.show()

# %%
# What they find in one image, at 13 × 13 pixels after the pooling ...
first, second = feature_maps(model, X_test[:1])
display = ImageGridDisplay(images=first[0].transpose(2, 0, 1)).plot(cmap="cividis")
display.figure_.suptitle("Maps after the first convolution")
plt.show()

# %%
# ... and what the second convolution makes of that: 5 × 5 pixels that stand for parts
# of the garment more than for its outline.
display = ImageGridDisplay(images=second[0].transpose(2, 0, 1)).plot(cmap="cividis")
display.figure_.suptitle("Maps after the second convolution")
plt.show()
