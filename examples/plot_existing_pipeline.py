"""
Dropping a CNN into an existing pipeline
========================================

You have a pipeline that ends in a linear model or a forest, and code around it that
cross-validates, calibrates and plots. Replace the last step and keep the rest. This
runs in about 20 seconds on two CPU cores.
"""

# %%
# What is there
# -------------
#
# Rows of pixels in a DataFrame with names for labels, a column that is no pixel, and a
# pipeline that scales, reduces and classifies.
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler

from fmnist_sk import CLASS_NAMES, load_fashion_mnist_sample

X, y = load_fashion_mnist_sample(return_X_y=True)
frame = pd.DataFrame(X).add_prefix("pixel")
frame["shop"] = np.arange(len(frame)) % 7
labels = np.array(CLASS_NAMES)[y]
train, test = frame[:2000], frame[2000:]
y_train, y_test = labels[:2000], labels[2000:]

pixels = [column for column in frame if column.startswith("pixel")]
pipeline = Pipeline(
    [
        ("select", make_column_transformer(("passthrough", pixels))),
        ("scale", MinMaxScaler()),
        ("reduce", PCA(50, random_state=0)),
        ("classify", LogisticRegression(max_iter=1000)),
    ]
)
print(f"accuracy, linear: {pipeline.fit(train, y_train).score(test, y_test):.1%}")

# %%
# What changes
# ------------
#
# The classifier, and the step that destroys the images: a convolution needs pixels next
# to each other. `"passthrough"` takes the reduction out. 784 columns are taken for
# images of 28 × 28; strings for labels, floats for pixels and the DataFrame may stay.
from fmnist_sk import FashionCNNClassifier

pipeline.set_params(
    reduce="passthrough",
    classify=FashionCNNClassifier(random_state=0),
)
print(f"accuracy, CNN: {pipeline.fit(train, y_train).score(test, y_test):.1%}")

# %%
# What stays
# ----------
#
# Cross-validation, calibration, thresholds, displays: whatever takes a classifier.
from sklearn.model_selection import cross_val_score

pipeline.set_params(classify__architecture="compact")
print(cross_val_score(pipeline, train, y_train, cv=3).round(3))

# %%
import matplotlib.pyplot as plt
from sklearn.metrics import RocCurveDisplay

is_shirt = y_train == "Shirt"
pipeline.fit(train, is_shirt)
_, ax = plt.subplots(figsize=(4.5, 4.5), layout="constrained")
RocCurveDisplay.from_estimator(
    pipeline, test, y_test == "Shirt", name="is it a shirt?", ax=ax
)
plt.show()
