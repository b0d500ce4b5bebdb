"""
CNN, SVC and gradient boosting in one table
===========================================

Before you choose a classifier, compare it with others by cross-validation on the same
splits. :class:`~fmnist_sk.FashionCNNClassifier` is a scikit-learn classifier, so one
loop is enough for all of them. This example runs in about half a minute on two
CPU cores.
"""

# %%
# Choose the classifiers
# ----------------------
#
# The images are rows of 784 pixels. Each classifier gets the preprocessing that it
# needs: the support vector classifier needs centred pixels, and gradient boosting is
# much faster on 50 principal components than on all pixels. The CNN and the random
# forest need none.
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample

X, y = load_fashion_mnist_sample(return_X_y=True)
X, y = X[:1500], y[:1500]
classifiers = {
    "CNN": FashionCNNClassifier(random_state=0),
    "compact CNN": FashionCNNClassifier(architecture="compact", random_state=0),
    "SVC": make_pipeline(StandardScaler(with_std=False), SVC(C=10)),
    "gradient boosting": make_pipeline(
        PCA(50, random_state=0),
        HistGradientBoostingClassifier(random_state=0),
    ),
    "random forest": RandomForestClassifier(random_state=0),
}

# %%
# Cross-validate all of them on the same splits
# ---------------------------------------------
#
# A seed makes every classifier see the same three splits of 1,500 images. Two
# splits are computed at a time, each on one core, so the fit times can be compared.
import pandas as pd
from sklearn.model_selection import StratifiedKFold, cross_validate

splits = StratifiedKFold(3, shuffle=True, random_state=0)
results = {
    name: cross_validate(classifier, X, y, cv=splits, n_jobs=2)
    for name, classifier in classifiers.items()
}
table = pd.DataFrame(
    {
        name: {
            "accuracy": result["test_score"].mean(),
            "std": result["test_score"].std(),
            "fit time in s": result["fit_time"].mean(),
        }
        for name, result in results.items()
    }
).T.sort_values("accuracy", ascending=False)
table.round({"accuracy": 3, "std": 3, "fit time in s": 1})

# %%
# Compare them split by split
# ---------------------------
#
# The splits differ in difficulty, so compare the classifiers within each split. A line
# per split shows whether the order of the classifiers is the same everywhere.
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
scores = pd.DataFrame({name: results[name]["test_score"] for name in table.index})
for split, row in scores.iterrows():
    ax.plot(row.index, row, marker="o", label=f"split {split + 1}")
ax.set(ylabel="accuracy")
ax.grid(axis="y", alpha=0.3)
ax.legend(frameon=False)
plt.show()

# %%
# With 1,000 training images, the CNN is the most accurate classifier in every split,
# and takes longest to train. The compact CNN is about as accurate as the support
# vector classifier. The more images you have, the larger the advantage of a CNN is.
# With tabular data, where neighbouring columns are not neighbouring pixels, use
# gradient boosting instead.
