"""
From a folder of photographs to a classifier
============================================

You have a folder of photographs with one subfolder per class, and want a classifier.
:func:`~fmnist_sk.load_image_folder` reads the folder into an array, and everything else
is scikit-learn. This example takes photographs of 100 garments, three of each. It shows
how to convert the photographs, why all photographs of one garment belong on the same
side of a split, and how much a pretrained network helps. It runs in about 20 seconds on
two CPU cores.
"""

# %%
# Take photographs
# ----------------
#
# So that the example runs without a download, it makes the photographs itself. Each
# garment of the sample is enlarged, rotated, dyed, laid on a background with a texture
# and a gradient, and saved as a JPEG file. A garment keeps its colour in its three
# photographs.
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from fmnist_sk import CLASS_NAMES, load_fashion_mnist_sample


def photograph(image, colour, rng):
    """Return a photograph of a garment in a colour."""
    side = 300
    garment = Image.fromarray(image).resize((200, 200), Image.Resampling.BICUBIC)
    canvas = Image.new("L", (side, side))
    canvas.paste(garment, tuple(int(v) for v in rng.integers(20, 80, size=2)))
    canvas = canvas.rotate(rng.uniform(-12, 12), Image.Resampling.BICUBIC)
    share = np.asarray(canvas)[..., np.newaxis] / 255
    rows, columns = np.indices((side, side))
    light = 25 * (rng.uniform(-1, 1) * rows + rng.uniform(-1, 1) * columns) / side
    texture = 8 * np.sin(rows / rng.uniform(2, 9) + columns / rng.uniform(2, 9))
    ground = rng.uniform(180, 230, size=3) + (light + texture)[..., np.newaxis]
    pixels = share * colour + (1 - share) * ground
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


home = tempfile.TemporaryDirectory()
folder = Path(home.name)
X, y = load_fashion_mnist_sample(subset="test", return_X_y=True)
rng = np.random.default_rng(0)
for label, name in enumerate(CLASS_NAMES):
    subfolder = folder / name.replace("/", " or ")
    subfolder.mkdir()
    for garment, image in enumerate(X[y == label][:10].reshape(-1, 28, 28)):
        colour = rng.uniform(0, 110, size=3)
        for shot in range(3):
            path = subfolder / f"garment-{garment:02d}-{shot}.jpg"
            photograph(image, colour, rng).save(path, quality=85)

# %%
# Load the folder
# ---------------
#
# `mode="fashion-mnist"` finds the garment in each photograph and draws it light on
# black, as in Fashion-MNIST. For photographs that show more than one object on a
# background, use the default, `mode="resize"`.
from fmnist_sk import load_image_folder

photographs = load_image_folder(folder, mode="fashion-mnist", n_jobs=2)
X, y = photographs.data, photographs.target
print(X.shape, X.dtype, photographs.target_names[:3])

# %%
# Look at some photographs and at what the conversion makes of them:
import matplotlib.pyplot as plt

shown = np.arange(0, len(X), 30)
figure, axes = plt.subplots(2, 10, figsize=(10, 2.3), layout="constrained")
for column, i in enumerate(shown):
    axes[0, column].imshow(plt.imread(photographs.filenames[i]))
    axes[1, column].imshow(photographs.images[i], cmap="gray")
for ax in axes.flat:
    ax.set_axis_off()
plt.show()

# %%
# Cross-validate
# --------------
#
# The three photographs of a garment are almost the same. If one of them is in the
# training set and another in the test set, the score says how well the classifier
# recognises garments that it has seen. To measure how well it classifies new garments,
# pass the garments as groups to a splitter that keeps groups together.
from sklearn.model_selection import (
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_val_score,
)

from fmnist_sk import FashionCNNClassifier

garments = [name.rsplit("-", 1)[0] for name in photographs.filenames]
clf = FashionCNNClassifier(random_state=0)
scores = {
    "mixed": cross_val_score(
        clf, X, y, cv=StratifiedKFold(3, shuffle=True, random_state=0)
    ),
    "new garments": cross_val_score(
        clf, X, y, groups=garments, cv=StratifiedGroupKFold(3)
    ),
}
for name, values in scores.items():
    print(f"{name:12} accuracy {values.mean():.3f}")

# %%
# The first score is much too high. `fit` takes `groups` as well, and then keeps the
# photographs of a garment together when it holds out images for early stopping.

# %%
# Use a pretrained network
# ------------------------
#
# 300 photographs of 100 garments are few. The features of a pretrained network make a
# linear classifier more accurate than a network that is trained on the photographs
# alone. These ten classes are those of the pretrained network, so it can even be used
# as it is, without any training.
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fmnist_sk import ImageEncoder, load_pretrained

on_features = make_pipeline(
    ImageEncoder("fashion-mnist"), StandardScaler(), LogisticRegression(C=0.1)
)
pretrained = FrozenEstimator(load_pretrained())
names = [name.replace(" or ", "/") for name in photographs.target_names]
y_fashion = np.array([CLASS_NAMES.index(names[label]) for label in y])
for name, estimator, labels in (
    ("pretrained features", on_features, y),
    ("pretrained network", pretrained, y_fashion),
):
    values = cross_val_score(
        estimator, X, labels, groups=garments, cv=StratifiedGroupKFold(3)
    )
    print(f"{name:20} accuracy {values.mean():.3f}")

# %%
# Predict from files
# ------------------
#
# To classify new photographs, put a :class:`~fmnist_sk.PhotoConverter` in front of the
# classifier. The pipeline takes the paths of files, and so do the displays.
from fmnist_sk import PhotoConverter
from fmnist_sk.plotting import GradCAMDisplay

model = make_pipeline(PhotoConverter(), load_pretrained())
some = photographs.filenames[shown[[0, 3, 5, 8]]]
for path, label in zip(some, model.predict(some), strict=True):
    print(f"{Path(path).parent.name:12} predicted: {CLASS_NAMES[label]}")
GradCAMDisplay.from_estimator(model, some, display_labels=CLASS_NAMES)
plt.show()
home.cleanup()
