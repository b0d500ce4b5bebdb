"""
Use a CNN in an existing pipeline
=================================

If you have a pipeline that ends in a linear model or a forest, you can replace the last
step with a CNN. The code that cross-validates, calibrates and plots stays the same.
This example runs in about 15 seconds on two CPU cores.
"""

# %%
# The existing pipeline
# ---------------------
#
# The data are rows of pixels in a DataFrame, with one column that is not a pixel. The
# labels are strings. The pipeline selects the pixels, scales them, reduces their number
# and classifies.
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
train, test = frame[:1500], frame[1500:]
y_train, y_test = labels[:1500], labels[1500:]

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
# Replace the classifier
# ----------------------
#
# Replace the last step with a :class:`~fmnist_sk.FashionCNNClassifier`. Remove the
# reduction with `"passthrough"`, because a convolution needs neighbouring pixels. The
# classifier reads 784 columns as images of 28 × 28 pixels. It accepts the string
# labels, the float pixels and the DataFrame.
from fmnist_sk import FashionCNNClassifier

pipeline.set_params(
    reduce="passthrough",
    classify=FashionCNNClassifier(random_state=0),
)
print(f"accuracy, CNN: {pipeline.fit(train, y_train).score(test, y_test):.1%}")

# %%
# Keep the rest of the code
# -------------------------
#
# Cross-validation, calibration, thresholds and displays work as before.
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
