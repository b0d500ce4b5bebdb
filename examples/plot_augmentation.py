"""
Augment training images
=======================

Augmentation changes the training images at random in every epoch. Use it when you have
few images. This example shows what each setting of
:class:`~fmnist_sk.FashionCNNClassifier`'s `augmentation` does, and how to find out
whether augmentation helps. It runs in about 20 seconds on two CPU cores.
"""

# %%
# What each setting does
# ----------------------
#
# :func:`~fmnist_sk.augmentation.augment_images` changes an array of images. Each row
# shows the same three garments, four times each, with one setting at an exaggerated
# value.
import matplotlib.pyplot as plt
import numpy as np

from fmnist_sk import load_fashion_mnist_sample
from fmnist_sk.augmentation import augment_images, check_augmentation, mix_images
from fmnist_sk.plotting import ImageGridDisplay

X, y = load_fashion_mnist_sample(return_X_y=True)
garments = X[[np.flatnonzero(y == label)[1] for label in (3, 5, 9)]]
images = np.repeat(garments.reshape(-1, 28, 28, 1), 4, axis=0)

settings = {
    "as it is": {},
    "horizontal_flip 0.5": {"horizontal_flip": 0.5},
    "rotation 20": {"rotation": 20},
    "zoom 0.25": {"zoom": 0.25},
    "shift 0.15": {"shift": 0.15},
    "shear 20": {"shear": 20},
    "brightness 0.4": {"brightness": 0.4},
    "contrast 0.7": {"contrast": 0.7},
    "erasing 1.0": {"erasing": 1.0},
    '"standard"': "standard",
    '"strong"': "strong",
}
stacks, labels = [], []
for name, setting in settings.items():
    stacks.append(augment_images(images, setting, np.random.default_rng(0)))
    labels += [name] * len(images)
ImageGridDisplay(images=np.concatenate(stacks), labels=labels).plot()
plt.show()

# %%
# MixUp and CutMix combine two images and their labels. The loss weights both labels by
# the share of their images. The percentage above each image is the share of its own
# label.
mixed, partners, own = [], [], []
for setting in {"mixup": 1.0, "mixup_alpha": 1.0}, {"cutmix": 1.0}:
    batch = X[:12].reshape(-1, 28, 28, 1)
    result = mix_images(batch, check_augmentation(setting), np.random.default_rng(0))
    mixed.append(result[0])
    own += [f"{share:.0%}" for share in result[2]]
ImageGridDisplay(
    images=np.concatenate(mixed), labels=["MixUp"] * 12 + ["CutMix"] * 12, titles=own
).plot()
plt.show()

# %%
# Find the best augmentation
# --------------------------
#
# `augmentation` is a parameter, so you can search over it. Stronger augmentation needs
# more epochs, so search over both. Only you can decide whether a mirror image still
# belongs to the same class: in digits and letters it does not.
from sklearn.model_selection import GridSearchCV

from fmnist_sk import FashionCNNClassifier
from fmnist_sk.plotting import SearchResultsDisplay

search = GridSearchCV(
    FashionCNNClassifier(architecture="compact", random_state=0),
    {
        "augmentation": [None, "light", "strong"],
        "epochs": [8, 16],
    },
    cv=2,
    n_jobs=2,
).fit(X[:1000], y[:1000])
SearchResultsDisplay.from_estimator(search, rows="augmentation", columns="epochs")
plt.show()

# %%
# Augment images in a pipeline
# ----------------------------
#
# Use :class:`~fmnist_sk.ImageAugmenter` for classifiers without augmentation of their
# own. It changes each training image once, before the classifier is trained.
# :class:`~fmnist_sk.AugmentedOverSampler` adds changed copies of images in an
# imbalanced-learn pipeline. Neither changes the images that are predicted.
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from fmnist_sk import ImageAugmenter

neighbours = make_pipeline(
    ImageAugmenter(rotation=3, zoom=0, shift=0.04, random_state=0),
    KNeighborsClassifier(),
)
X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)
print(f"accuracy {neighbours.fit(X, y).score(X_test, y_test):.1%}")
