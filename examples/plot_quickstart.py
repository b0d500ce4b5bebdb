"""
Quickstart: train and evaluate a CNN
====================================

:class:`~fmnist_sk.FashionCNNClassifier` is a convolutional network with the interface
of a scikit-learn classifier. This example trains it on images of clothing, prints a
classification report and plots a confusion matrix. It runs in about 20 seconds on two
CPU cores. Several of these seconds are needed to start TensorFlow.
"""

# %%
# Load the data
# -------------
#
# The package ships a sample of Fashion-MNIST: 3,000 training images and 1,000 test
# images in ten classes, with 28 × 28 grey pixels each. To load all 60,000 training and
# 10,000 test images, replace :func:`~fmnist_sk.load_fashion_mnist_sample` with
# :func:`~fmnist_sk.fetch_fashion_mnist`, which takes the same arguments. Training then
# takes longer, and the accuracy rises to about 93 %.
from fmnist_sk import CLASS_NAMES, load_fashion_mnist_sample

X_train, y_train = load_fashion_mnist_sample(subset="train", return_X_y=True)
X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)
print(X_train.shape, X_train.dtype)

# %%
# :class:`~fmnist_sk.plotting.ImageGridDisplay` shows images of each class.
import matplotlib.pyplot as plt

from fmnist_sk.plotting import ImageGridDisplay

ImageGridDisplay.from_data(X_train, y_train, display_labels=CLASS_NAMES)
plt.show()

# %%
# Train the network
# -----------------
#
# The images are rows of 784 integers, as usual in scikit-learn. You do not have to
# reshape or scale them: the network finds the shape and learns the mean and scale. It
# also chooses the number of epochs, unless you set `epochs`.
#
# With `early_stopping`, a stratified tenth of the training images is held out. Training
# stops when the loss on the held-out images no longer falls, and the classifier keeps
# the weights of the best epoch.
from fmnist_sk import FashionCNNClassifier

model = FashionCNNClassifier(early_stopping=True, random_state=0)
model.fit(X_train, y_train)

# %%
# :class:`~fmnist_sk.plotting.TrainingHistoryDisplay` shows the loss and accuracy of
# each epoch, and marks the best epoch. A growing gap between training and validation
# curves is a sign of overfitting. More training images reduce it.
from fmnist_sk.plotting import TrainingHistoryDisplay

TrainingHistoryDisplay.from_estimator(model)
plt.show()

# %%
# Evaluate the network
# --------------------
#
# All functions in `sklearn.metrics` work with the predictions.
from sklearn.metrics import classification_report

y_pred = model.predict(X_test)
print(classification_report(y_test, y_pred, target_names=CLASS_NAMES))

# %%
# The confusion matrix shows which classes are confused. Only the mistakes are coloured,
# because correct predictions are so frequent that all mistakes would look the same.
# Shirts are the hardest class, as they are for people: the network often confuses them
# with T-shirts, pullovers and coats.
import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

matrix = confusion_matrix(y_test, y_pred)
correct = matrix.diagonal()
_, ax = plt.subplots(figsize=(7, 6.5), layout="constrained")
display = ConfusionMatrixDisplay(matrix - np.diag(correct), display_labels=CLASS_NAMES)
# sphinx_gallery_thumbnail_number = 3
display.plot(cmap="Oranges", colorbar=False, xticks_rotation=45, ax=ax)
for label, number in enumerate(correct):
    display.text_[label, label].set(text=number, color="black", weight="bold")
plt.setp(ax.get_xticklabels(), ha="right", rotation_mode="anchor")
plt.show()

# %%
# Save the fitted model with `joblib.dump(model, "model.joblib")`. The fitted state
# consists of NumPy arrays, so `joblib.load` works in any process without starting
# TensorFlow.
