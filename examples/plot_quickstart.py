"""
Quickstart: a CNN among scikit-learn's tools
============================================

`FashionCNNClassifier` is a scikit-learn classifier that happens to be a convolutional
network: it is fitted, asked for predictions and judged like any other. This example
trains one on images of clothing, reads its classification report and looks at what it
confuses. It runs in about 20 seconds on two CPU cores.
"""

# %%
# The data
# --------
#
# A small part of Fashion-MNIST comes with the package: 3,000 images to train on and
# 1,000 to test on, 28 × 28 grey pixels each, in ten classes. For the whole set of
# 60,000 and 10,000 images, replace `load_fashion_mnist_sample` with
# `fetch_fashion_mnist`, which takes the same arguments; training then takes minutes,
# and accuracy rises from about 85 to over 92 percent.
from fmnist_sk import CLASS_NAMES, load_fashion_mnist_sample

X_train, y_train = load_fashion_mnist_sample(subset="train", return_X_y=True)
X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)
print(X_train.shape, X_train.dtype)

# %%
# Training
# --------
#
# The images are rows of 784 pixels, as scikit-learn has them, and stay integers: the
# network finds their shape, and learns their mean and scale, by itself. How long to
# train is also its own choice, unless `epochs` says otherwise.
#
# With `early_stopping` a stratified tenth of the training images is held out. Training
# ends when the network does not get better on them any more, and the weights of the
# best epoch are kept.
from fmnist_sk import FashionCNNClassifier

model = FashionCNNClassifier(early_stopping=True, random_state=0)
model.fit(X_train, y_train)

# %%
# The curves show loss and accuracy after each epoch, and which epoch was kept. The
# widening gap between the two is overfitting: more images would close it.
import matplotlib.pyplot as plt

from fmnist_sk.plotting import TrainingHistoryDisplay

TrainingHistoryDisplay.from_estimator(model)
plt.show()

# %%
# How good is it?
# ---------------
#
# Everything in `sklearn.metrics` applies to the predictions.
from sklearn.metrics import classification_report

y_pred = model.predict(X_test)
print(classification_report(y_test, y_pred, target_names=CLASS_NAMES))

# %%
# Shirts are the hard case, as for people: the network takes them for T-shirts,
# pullovers and coats.
from sklearn.metrics import ConfusionMatrixDisplay

_, ax = plt.subplots(figsize=(7, 6), layout="constrained")
ConfusionMatrixDisplay.from_predictions(
    y_test,
    y_pred,
    display_labels=CLASS_NAMES,
    xticks_rotation=45,
    cmap="Blues",
    ax=ax,
)
plt.setp(ax.get_xticklabels(), ha="right", rotation_mode="anchor")
plt.show()

# %%
# The fitted model is plain NumPy inside, so `joblib.dump(model, "model.joblib")` saves
# it and `joblib.load` brings it back, in any process, without starting TensorFlow.
