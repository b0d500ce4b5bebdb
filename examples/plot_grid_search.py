"""
Grid search over a network in a pipeline
========================================

How many filters should the convolutions have, and how much dropout? `GridSearchCV`
answers that for a network as it does for any estimator: the parameters of
`FashionCNNClassifier` are plain values under scikit-learn's names. This example
trains nine small networks and runs in about half a minute on two CPU cores.
"""

# %%
# A pipeline
# ----------
#
# `ImageReshaper` turns rows of 784 pixels into images. The classifier would do so by
# itself; the step is here because image transformers, such as `ImageAugmenter`, would
# stand in the same place. Ten epochs tell good values from bad ones.
from sklearn.pipeline import Pipeline

from fmnist_sk import FashionCNNClassifier, ImageReshaper

pipeline = Pipeline(
    [
        ("reshape", ImageReshaper()),
        (
            "cnn",
            FashionCNNClassifier(architecture="two_conv", epochs=10, random_state=0),
        ),
    ]
)

# %%
# The search
# ----------
#
# A thousand images that come with the package are enough to see differences. For all
# 60,000 use `fetch_fashion_mnist` instead of `load_fashion_mnist_sample`, and patience.
#
# Two networks are trained at a time, each in a process of its own on one core:
# joblib shares the cores among its workers. The folds are stratified because the
# estimator is a classifier.
from sklearn.model_selection import GridSearchCV

from fmnist_sk import load_fashion_mnist_sample

X, y = load_fashion_mnist_sample(return_X_y=True)
search = GridSearchCV(
    pipeline,
    {"cnn__filters": [(8, 16), (32, 64)], "cnn__dropout": [0.0, 0.5]},
    scoring=["accuracy", "neg_log_loss"],
    refit="accuracy",
    cv=2,
    n_jobs=2,
)
search.fit(X[:1000], y[:1000])

# %%
# The results
# -----------
#
# `cv_results_` is a table for pandas. The seconds are those of one training on one
# core; where they are many, each of the two processes was starting TensorFlow.
import pandas as pd

results = pd.DataFrame(search.cv_results_).rename(
    columns={
        "param_cnn__filters": "filters",
        "param_cnn__dropout": "dropout",
        "mean_test_accuracy": "accuracy",
        "std_test_accuracy": "std",
        "mean_test_neg_log_loss": "neg_log_loss",
        "mean_fit_time": "seconds",
    }
)
columns = ["filters", "dropout", "accuracy", "std", "neg_log_loss", "seconds"]
print(
    results.sort_values("rank_test_accuracy")[columns].round(3).to_string(index=False)
)

# %%
# The same as a picture:
import matplotlib.pyplot as plt

from fmnist_sk.plotting import SearchResultsDisplay

SearchResultsDisplay.from_estimator(search, rows="filters", columns="dropout")
plt.show()

# %%
# The best pipeline was fitted again on all thousand images; here is how it does on
# images that the search never saw. `X[1000:]` would do as well.
X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)
print(f"best: {search.best_params_}")
print(f"accuracy on the test images: {search.score(X_test, y_test):.3f}")

# %%
# With folds of 500 images, differences of a percentage point are noise: the standard
# deviations in the table say how much. Two folds keep this example quick; use five
# for a choice that matters.
