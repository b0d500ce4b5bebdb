"""
Finding wrong labels
====================

Large data sets have wrong labels, Fashion-MNIST too. `cleanlab
<https://docs.cleanlab.ai>`_ finds likely ones from cross-validated probabilities: each
image is judged by a network that was not trained on it. This runs in about 20 seconds
on two CPU cores, on the sample; it needs ``pip install cleanlab``.
"""

# %%
# Cross-validated probabilities
# -----------------------------
#
# scikit-learn's `cross_val_predict` trains a network for each fold and lets it judge
# the rest. The folds are stratified, and the probabilities in the order of the classes.
from sklearn.model_selection import cross_val_predict

from fmnist_sk import CLASS_NAMES, FashionCNNClassifier, load_fashion_mnist_sample

X, y = load_fashion_mnist_sample(return_X_y=True)
model = FashionCNNClassifier(random_state=0)
probabilities = cross_val_predict(model, X, y, cv=3, method="predict_proba")
y_pred = probabilities.argmax(axis=1)
print(f"accuracy out of the folds: {(y_pred == y).mean():.1%}")

# %%
# Likely errors
# -------------
#
# Confident learning compares each image's probabilities with what is usual for its
# class [1]_. Being misclassified is not enough: where a class is often taken for
# another, one more says little.
from cleanlab.filter import find_label_issues

rows = find_label_issues(y, probabilities, return_indices_ranked_by="self_confidence")
print(f"{len(rows)} of {len(y):,} labels are suspicious")

# %%
# The most suspicious first: above each what the network predicts, below its label. Some
# are plainly wrong; of others nobody could tell at this size.
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
# By class:
import pandas as pd

table = pd.DataFrame({"label": y, "suspicious": False})
table.loc[rows, "suspicious"] = True
by_class = table.groupby("label")["suspicious"].agg(["sum", "mean"])
by_class.index = list(CLASS_NAMES)
print(by_class.rename(columns={"sum": "images", "mean": "share"}).round(3))

# %%
# .. [1] C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident learning: estimating
#    uncertainty in dataset labels", JAIR 70 (2021), arXiv:1911.00068.
