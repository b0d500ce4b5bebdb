"""
What each augmentation does, and whether it helps
=================================================

`FashionCNNClassifier(augmentation=...)` changes the training images afresh in every
epoch. Settings are the field's usual ones; here is what each of them does at its
limits, and how to find out whether it helps. This runs in about a minute on two CPU
cores.
"""

# %%
# What each setting does
# ----------------------
#
# The same three garments, four times each, with a setting that is easy to see.
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
# MixUp and CutMix take two images, and two labels: the share of each goes into the
# loss.
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
# Does it help?
# -------------
#
# Augmentation is a parameter like any other. More of it needs more epochs, and whether
# a mirror image is still of the same class only you can know.
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
).fit(X[:2000], y[:2000])
SearchResultsDisplay.from_estimator(search, rows="augmentation", columns="epochs")
plt.show()

# %%
# In a pipeline
# -------------
#
# `ImageAugmenter` changes the images of a pipeline's training once, for classifiers
# that know nothing of augmentation, and `AugmentedOverSampler` adds changed copies, in
# a pipeline of imbalanced-learn. Neither touches the images that are predicted.
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from fmnist_sk import ImageAugmenter

neighbours = make_pipeline(
    ImageAugmenter(rotation=3, zoom=0, shift=0.04, random_state=0),
    KNeighborsClassifier(),
)
X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)
print(f"accuracy {neighbours.fit(X, y).score(X_test, y_test):.1%}")
