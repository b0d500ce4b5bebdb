"""
Features of a trained network
=============================

What a network has learnt of clothes serves other tasks, too. `ImageEncoder` gives the
features that its last layer is given: images of a kind lie close together in them. This
example looks at them, and finds new classes by a handful of labels. It runs in about
twenty seconds on two CPU cores.
"""

# %%
# Pixels and features
# -------------------
#
# The network comes with the package; of the images here it has seen none. t-SNE lays
# them out in two dimensions so that neighbours stay neighbours.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.manifold import TSNE

from fmnist_sk import CLASS_NAMES, ImageEncoder, load_fashion_mnist_sample

X, y = load_fashion_mnist_sample(subset="test", return_X_y=True)
encoder = ImageEncoder("fashion-mnist").fit(X)
features = encoder.transform(X)
print(f"{X.shape[1]} pixels, {features.shape[1]} features")

figure, axes = plt.subplots(1, 2, figsize=(11, 5.5), layout="constrained")
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
# By their pixels sandals, sneakers and boots run into each other, and so do all that
# have two sleeves. Of the features' islands only shirts and T-shirts still touch, and
# sneakers and boots; some shirts lie with the pullovers and the coats.

# %%
# A question of one's own, with few labels
# ----------------------------------------
#
# Is it worn on the feet, on the legs or above, or not at all? The network was never
# asked that. A linear classifier of its features learns it from a few images; one of
# the pixels needs many more.
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
ax.set(xscale="log", xlabel="images with labels", ylabel="accuracy on the others")
ax.set_xticks(numbers, numbers)
ax.minorticks_off()
ax.legend(frameon=False)
plt.show()

# %%
# The features were computed once, beforehand. In a pipeline,
# `make_pipeline(ImageEncoder("fashion-mnist"), LogisticRegression())`, they are
# computed with each fit, unless the pipeline has a `memory`. A network of your own goes
# into the encoder as it is, or in scikit-learn's `FrozenEstimator` if it is fitted.
