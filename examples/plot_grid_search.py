"""
Tune a network with a grid search
=================================

How many filters should the convolutions have, and how much dropout? You can tune
:class:`~fmnist_sk.FashionCNNClassifier` with `GridSearchCV` like any other estimator,
because all its parameters are plain values. This example trains nine small networks and
runs in about half a minute on two CPU cores.
"""

# %%
# Create the pipeline
# -------------------
#
# :class:`~fmnist_sk.ImageReshaper` converts rows of 784 pixels to images. The
# classifier does not need this step. It shows where to put image transformers such as
# :class:`~fmnist_sk.ImageAugmenter`. Ten epochs are enough to distinguish good values
# from bad ones.
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
# Run the search
# --------------
#
# A thousand images of the sample are enough to see differences. For all 60,000 images,
# use :func:`~fmnist_sk.fetch_fashion_mnist` instead of
# :func:`~fmnist_sk.load_fashion_mnist_sample`; the search then takes much longer.
#
# With `n_jobs=2`, two networks are trained at the same time. Each network has its own
# process and one core, because joblib divides the cores among its workers. The folds
# are stratified, because the estimator is a classifier.
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
# Compare the candidates
# ----------------------
#
# Convert `cv_results_` to a DataFrame. The last column is the time of one training run
# on one core. High values include the time in which a worker process started
# TensorFlow.
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
# :class:`~fmnist_sk.plotting.SearchResultsDisplay` shows the same results as a heat
# map:
import matplotlib.pyplot as plt

from fmnist_sk.plotting import SearchResultsDisplay

SearchResultsDisplay.from_estimator(search, rows="filters", columns="dropout")
plt.show()

# %%
# The best pipeline was fitted again on all thousand images. Its accuracy is measured on
# test images, which the search did not use.
X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)
print(f"best: {search.best_params_}")
print(f"accuracy on the test images: {search.score(X_test, y_test):.3f}")

# %%
# With folds of 500 images, differences of one percentage point are noise. The standard
# deviations in the table show how large the noise is. This example uses two folds to be
# quick. Use five folds for a choice that matters.
