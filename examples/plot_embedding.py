"""
Features of a trained network
=============================

You can use the features of a trained network for other classes, and then need only a
few labels. :class:`~fmnist_sk.ImageEncoder` returns the input of the network's last
layer, in which similar images are close together. This example plots these features and
trains a linear classifier on them. It runs in about 20 seconds on two CPU cores.
"""

# %%
# Compare pixels with features
# ----------------------------
#
# The network ships with the package. It was not trained on the test images that are
# used here. t-SNE maps the images to two dimensions and keeps similar images close
# together.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.manifold import TSNE

from fmnist_sk import CLASS_NAMES, ImageEncoder, load_fashion_mnist_sample

X, y = load_fashion_mnist_sample(subset="test", return_X_y=True)
encoder = ImageEncoder("fashion-mnist").fit(X)
features = encoder.transform(X)
print(f"{X.shape[1]} pixels, {features.shape[1]} features")

figure, axes = plt.subplots(1, 2, figsize=(9, 5), layout="constrained")
colours = plt.colormaps["tab10"]
for ax, name, data in zip(axes, ("pixels", "features"), (X, features), strict=True):
    places = TSNE(random_state=0, perplexity=20).fit_transform(data.astype(float))
    for label, class_name in enumerate(CLASS_NAMES):
        ax.scatter(*places[y == label].T, s=6, color=colours(label), label=class_name)
    ax.set(title=f"1,000 images by their {name}", xticks=[], yticks=[])
figure.legend(
    *axes[0].get_legend_handles_labels(),
    loc="outside lower center",
    ncols=5,
    markerscale=3,
    frameon=False,
)
plt.show()

# %%
# In the pixels, sandals, sneakers and boots overlap, and so do all garments with two
# sleeves. In the features, most classes form separate clusters. Only shirts and
# T-shirts, and sneakers and boots, still touch, and some shirts lie among pullovers and
# coats.

# %%
# Train a classifier for new classes
# ----------------------------------
#
# The new classes say where an article is worn: on the feet, on the legs, on the body,
# or nowhere. The network was not trained on these classes. A linear classifier on its
# features learns them from a few images. A linear classifier on the pixels needs many
# more images.
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

feet, legs, elsewhere = [5, 7, 9], [1], [8]
worn = np.select(
    [np.isin(y, feet), np.isin(y, legs), np.isin(y, elsewhere)],
    ["feet", "legs", "nowhere"],
    "body",
)
numbers = [10, 20, 50, 100, 200]
figure, ax = plt.subplots(layout="constrained")
for name, data, marker in (("pixels", X, "s"), ("features", features, "o")):
    means, deviations = [], []
    for number in numbers:
        draws = StratifiedShuffleSplit(5, train_size=number, random_state=0)
        linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
        scores = cross_val_score(linear, data, worn, cv=draws)
        means.append(scores.mean())
        deviations.append(scores.std())
    ax.errorbar(numbers, means, deviations, marker=marker, capsize=3, label=name)
ax.set(xscale="log", xlabel="images with labels", ylabel="accuracy on the other images")
ax.set_xticks(numbers, numbers)
ax.minorticks_off()
ax.legend(frameon=False)
plt.show()

# %%
# This example computed the features once, beforehand. A pipeline such as
# `make_pipeline(ImageEncoder("fashion-mnist"), LogisticRegression())` computes them in
# each fit, unless you set the pipeline's `memory`. To use your own network, pass it to
# the encoder. If the network is fitted, wrap it in scikit-learn's `FrozenEstimator`
# first.
