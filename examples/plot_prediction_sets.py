"""
Predict sets of classes
=======================

A prediction set contains every class that is plausible for an image: one class if the
network is sure, and several classes if it is not. `MAPIE <https://mapie.readthedocs.io>`_
computes sets that contain the true class with a probability that you choose, such as
95 %. Use prediction sets when a person or a second test can decide between the classes
that are left. This example needs ``pip install mapie`` and runs in about 15 seconds on
two CPU cores.
"""

# %%
# Train a network and conformalize it
# -----------------------------------
#
# Conformal prediction [1]_ needs images that the network was not trained on. They set
# the threshold for a class to be part of the set. `prefit=True` tells MAPIE that the
# network is already fitted.
from mapie.classification import SplitConformalClassifier

from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample

X, y = load_fashion_mnist_sample(return_X_y=True)
X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)

model = FashionCNNClassifier(random_state=0).fit(X[:2000], y[:2000])
print(f"accuracy {model.score(X_test, y_test):.1%}")

levels = [0.8, 0.9, 0.95, 0.98, 0.99]
conformal = SplitConformalClassifier(model, confidence_level=levels, prefit=True)
conformal.conformalize(X[2000:], y[2000:])

# %%
# Compare coverage and set size
# -----------------------------
#
# `predict_set` returns a bool for each image, class and level. The coverage is the
# share of sets that contain the true class, and should be close to the level. A higher
# level needs larger sets.
import numpy as np
import pandas as pd

_, sets = conformal.predict_set(X_test)
covered = sets[np.arange(len(y_test)), y_test]
sizes = sets.sum(axis=1)
table = pd.DataFrame(
    {
        "coverage": covered.mean(axis=0),
        "mean size": sizes.mean(axis=0),
        "one class": (sizes == 1).mean(axis=0),
        "no class": (sizes == 0).mean(axis=0),
    },
    index=pd.Index(levels, name="level"),
)
print(table.round(3))

# %%
# At level 0.8, which is lower than the accuracy, some sets are empty. If every set had
# one class, the coverage would be higher than the level.
#
# The level holds for all images together, not for each class. Sets of shirts contain
# the true class less often than sets of trousers, although they are larger:
import matplotlib.pyplot as plt

from fmnist_sk import CLASS_NAMES

at = levels.index(0.95)
by_class = pd.DataFrame(
    {"covered": covered[:, at], "size": sizes[:, at], "class": y_test}
)
by_class = by_class.groupby("class").mean().set_axis(CLASS_NAMES)
by_class = by_class.sort_values("size")

figure, (left, right) = plt.subplots(
    1, 2, figsize=(9, 4), sharey=True, layout="constrained"
)
left.barh(by_class.index, by_class["covered"], color="C0")
left.axvline(0.95, color="0.3", linestyle=":")
left.set(xlim=(0.7, 1), xlabel="coverage at level 0.95")
right.barh(by_class.index, by_class["size"], color="C1")
right.set(xlabel="mean number of classes in a set")
plt.show()

# %%
# Look at the sets
# ----------------
#
# The images with the largest sets. Most of them show upper garments or dresses, which
# people also confuse at this size.
rows = np.argsort(-sizes[:, at], kind="stable")[:8]
figure, axes = plt.subplots(2, 4, figsize=(9, 6.5), layout="constrained")
for axis, row in zip(axes.flat, rows, strict=True):
    axis.imshow(X_test[row].reshape(28, 28), cmap="gray")
    names = np.array(CLASS_NAMES)[sets[row, :, at]]
    axis.set_title("\n".join(names), fontsize=8)
    axis.axis("off")
plt.show()

# %%
# Detect images of no class
# -------------------------
#
# A prediction set does not tell you that an image shows none of the ten classes. The
# level holds only for images like those in `conformalize`. Almost all sets of noise
# have one class, as if the network were sure.
# :func:`~fmnist_sk.load_novelty_detector` loads a detector of images that are unlike
# Fashion-MNIST:
from fmnist_sk import load_novelty_detector

detector = load_novelty_detector()
turned = np.rot90(X_test.reshape(-1, 28, 28), axes=(1, 2)).reshape(len(X_test), -1)
noise = np.random.default_rng(0).integers(256, size=X_test.shape).astype(np.uint8)
report = {}
for name, images in {
    "test images": X_test,
    "turned by 90°": turned,
    "noise": noise,
}.items():
    sets_of_images = conformal.predict_set(images)[1][:, :, at]
    report[name] = {
        "mean size": sets_of_images.sum(axis=1).mean(),
        "one class": (sets_of_images.sum(axis=1) == 1).mean(),
        "flagged by the detector": (detector.predict(images) == -1).mean(),
    }
print(pd.DataFrame(report).T.round(3))

# %%
# .. [1] A. N. Angelopoulos and S. Bates, "A gentle introduction to conformal prediction
#    and distribution-free uncertainty quantification", arXiv:2107.07511.
