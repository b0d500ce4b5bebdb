"""
Three convolutions without pooling
==================================

The third project has three convolutions with 32, 64 and 128 filters and no pooling, two
dropout layers of 20 % and two dense layers of 512 units. Adam trains the network for 15
epochs. The project reports an accuracy of about 93 % on the training images and 89 % on
the test images, and shows misclassified images.

This network is the architecture `"three_conv"`. It is the largest of the five projects,
because without pooling the first dense layer alone has 32 million weights. On the
sample, this example uses an eighth of the filters and runs in about 15 seconds on two
CPU cores. With ``--full`` it trains the project's network on all 60,000 images, which
takes about six minutes.
"""

# %%
import argparse

from fmnist_sk import CLASS_NAMES, fetch_fashion_mnist, load_fashion_mnist_sample

parser = argparse.ArgumentParser()
parser.add_argument("--full", action="store_true", help="all images, not the sample")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--epochs", type=int, default=5)
options = parser.parse_args()

load = fetch_fashion_mnist if options.full else load_fashion_mnist_sample
X_train, y_train = load(subset="train", return_X_y=True)
X_test, y_test = load(subset="test", return_X_y=True)

# %%
# Train the network
# -----------------
#
# By default, the learning rate of :class:`~fmnist_sk.FashionCNNClassifier` rises and
# falls once, so five epochs replace the project's fifteen. `history_` has the accuracy
# on the training images, measured with dropout. The project reports the same quantity.
import time

from fmnist_sk import FashionCNNClassifier

model = FashionCNNClassifier(
    architecture="three_conv",
    filters=None if options.full else 4,
    optimizer="adam",
    epochs=options.epochs,
    random_state=options.seed,
)
start = time.perf_counter()
model.fit(X_train, y_train)
seconds = time.perf_counter() - start
train_accuracy = model.history_["accuracy"][-1]
print(f"{model.n_parameters_:,} weights, {model.n_iter_} epochs, {seconds:.0f} s")

# %%
from sklearn.metrics import accuracy_score, log_loss

probabilities = model.predict_proba(X_test)
y_pred = model.classes_[probabilities.argmax(axis=1)]
accuracy = accuracy_score(y_test, y_pred)
nll = log_loss(y_test, probabilities)
print(f"accuracy: training {train_accuracy:.1%}, test {accuracy:.1%}")

# %%
# A gap between the two accuracies is overfitting that dropout did not prevent. Pooling
# is another remedy: the default network has 0.4 million weights and is more accurate.
import matplotlib.pyplot as plt

from fmnist_sk.plotting import TrainingHistoryDisplay

TrainingHistoryDisplay.from_estimator(model)
plt.show()

# %%
# Plot misclassified images
# -------------------------
#
# Like the project, show a random selection of the mistakes:
from fmnist_sk.plotting import MisclassifiedImagesDisplay

# sphinx_gallery_thumbnail_number = 2
MisclassifiedImagesDisplay.from_estimator(
    model,
    X_test,
    y_test,
    order="random",
    n_images=12,
    display_labels=CLASS_NAMES,
    random_state=0,
)
plt.show()

# %%
# The most confident mistakes are more informative, because wrong labels are often among
# them:
display = MisclassifiedImagesDisplay.from_estimator(
    model, X_test, y_test, n_images=12, display_labels=CLASS_NAMES
)
plt.show()
print("rows of X_test:", display.indices.tolist())
