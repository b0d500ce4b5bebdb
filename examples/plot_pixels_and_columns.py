"""
Pixels beside tabular columns
=============================

Many tables have a column of photographs beside numbers and categories. Turn each
photograph into features with :class:`~fmnist_sk.ImageEncoder`, turn the other columns
into numbers as usual, and train one classifier on all of them. scikit-learn's
:class:`~sklearn.compose.ColumnTransformer` puts the parts together. This example runs
in about 15 seconds on two CPU cores.
"""

# %%
# Make a table with photographs
# -----------------------------
#
# The table describes 500 articles of a shop. The photographs are test images of
# Fashion-MNIST, enlarged to 224 × 224 pixels and inverted, so that dark garments lie on
# a white background. In your own table, the column can hold the paths of image files
# instead. The other columns are simulated: the weight in grams depends on the class,
# and 5 % of the departments are wrong.
import numpy as np
import pandas as pd
from PIL import Image

from fmnist_sk import CLASS_NAMES, load_fashion_mnist_sample

X, y = load_fashion_mnist_sample(subset="test", return_X_y=True)
X, y = X[:500], y[:500]
rng = np.random.default_rng(0)
typical_weight = np.array([150, 450, 350, 300, 900, 500, 220, 700, 800, 950])
departments = np.array(["upper body", "lower body", "whole body", "shoes", "bags"])
department_of_class = np.array([0, 1, 0, 2, 0, 3, 0, 3, 4, 3])
department = department_of_class[y]
wrong = rng.random(len(y)) < 0.05
department[wrong] = rng.integers(len(departments), size=wrong.sum())
articles = pd.DataFrame(
    {
        "photo": [
            Image.fromarray(255 - image).resize((224, 224))
            for image in X.reshape(-1, 28, 28)
        ],
        "weight": rng.lognormal(np.log(typical_weight[y]), 0.25).round(),
        "department": departments[department],
    }
)
articles.drop(columns="photo").head()

# %%
# Put photographs and columns into one pipeline
# ---------------------------------------------
#
# :class:`~fmnist_sk.PhotoConverter` turns photographs into images like those of
# Fashion-MNIST, and the encoder turns these into the features of a pretrained network.
# The network was not trained on the test images.
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fmnist_sk import ImageEncoder, PhotoConverter

photo_features = make_pipeline(
    PhotoConverter(), ImageEncoder("fashion-mnist-compact"), StandardScaler()
)
columns = ColumnTransformer(
    [
        ("photo", photo_features, "photo"),
        ("weight", StandardScaler(), ["weight"]),
        ("department", OneHotEncoder(), ["department"]),
    ]
)
model = make_pipeline(columns, LogisticRegression(max_iter=1000))
model

# %%
# Measure what each part contributes
# ----------------------------------
#
# Cross-validation compares the whole table with the photographs alone and with the
# columns alone. `set_params` replaces a part by "drop".
from sklearn.base import clone
from sklearn.metrics import accuracy_score
from sklearn.model_selection import cross_val_predict

contents = {
    "columns": {"photo": "drop"},
    "photographs": {"weight": "drop", "department": "drop"},
    "photographs and columns": {},
}
predicted = {}
for name, dropped in contents.items():
    candidate = clone(model)
    candidate["columntransformer"].set_params(**dropped)
    predicted[name] = cross_val_predict(candidate, articles, y, cv=2)
    print(f"{name:24} accuracy {accuracy_score(y, predicted[name]):.3f}")

# %%
# Find out which classes gain
# ---------------------------
#
# A photograph does not always tell a shirt from a T-shirt or a coat, but the weight
# helps.
import matplotlib.pyplot as plt
from sklearn.metrics import recall_score

recalls = pd.DataFrame(
    {
        name: recall_score(y, predicted[name], average=None)
        for name in ("photographs", "photographs and columns")
    },
    index=CLASS_NAMES,
)
ax = recalls.plot.barh(figsize=(7, 5), color=["0.7", "C0"], width=0.75)
ax.set(xlabel="recall", xlim=(0, 1))
ax.invert_yaxis()
ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
plt.tight_layout()
plt.show()
