"""
Find wrong labels
=================

Large data sets contain wrong labels, and Fashion-MNIST is no exception.
`cleanlab <https://docs.cleanlab.ai>`_ finds likely errors from cross-validated
probabilities: each image is predicted by a network that was not trained on it. This
example needs ``pip install cleanlab`` and runs in about 20 seconds on two CPU cores.
"""

# %%
# Compute cross-validated probabilities
# -------------------------------------
#
# scikit-learn's `cross_val_predict` trains a network for each fold, on all other folds,
# and predicts the images of the fold. The folds are stratified. The columns of the
# probabilities have the order of the classes.
from sklearn.model_selection import cross_val_predict

from fmnist_sk import CLASS_NAMES, FashionCNNClassifier, load_fashion_mnist_sample

X, y = load_fashion_mnist_sample(return_X_y=True)
model = FashionCNNClassifier(epochs=10, random_state=0)
probabilities = cross_val_predict(model, X, y, cv=3, method="predict_proba")
y_pred = probabilities.argmax(axis=1)
print(f"cross-validated accuracy: {(y_pred == y).mean():.1%}")

# %%
# Find likely errors
# ------------------
#
# Confident learning compares the probabilities of each image with the average
# confidence in its class [1]_. A misclassified image is not automatically suspicious:
# if two classes are often confused, one more mistake says little.
from cleanlab.filter import find_label_issues

rows = find_label_issues(y, probabilities, return_indices_ranked_by="self_confidence")
print(f"{len(rows)} of {len(y):,} labels are suspicious")

# %%
# Plot the most suspicious images with
# :class:`~fmnist_sk.plotting.MisclassifiedImagesDisplay`. Each title shows the
# predicted class and the label. Some labels are clearly wrong. Other images cannot be
# recognised at this size.
import matplotlib.pyplot as plt

from fmnist_sk.plotting import MisclassifiedImagesDisplay

worst = rows[:24]
MisclassifiedImagesDisplay.from_predictions(
    X[worst],
    y[worst],
    y_pred[worst],
    n_images=24,
    display_labels=CLASS_NAMES,
)
plt.show()

# %%
# The number and the share of suspicious labels per class:
import pandas as pd

table = pd.DataFrame({"label": y, "suspicious": False})
table.loc[rows, "suspicious"] = True
by_class = table.groupby("label")["suspicious"].agg(["sum", "mean"])
by_class.index = list(CLASS_NAMES)
print(by_class.rename(columns={"sum": "images", "mean": "share"}).round(3))

# %%
# .. [1] C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident learning: estimating
#    uncertainty in dataset labels", JAIR 70 (2021), arXiv:1911.00068.
