"""
Calibrate probabilities
=======================

A classifier is calibrated if four in five of all images that it predicts with a
probability of 80 % are predicted correctly. This example measures the calibration of a
network, before and after a temperature is fitted to held-out images, and shows what
over- and underconfidence look like. It runs in about 15 seconds on two CPU cores.
"""

# %%
# Fit a temperature
# -----------------
#
# A network that is trained for many epochs on few images becomes overconfident.
# Temperature scaling divides the logits by a number, which changes the probabilities
# but no predicted label. `temperature="auto"` fits that number to held-out images:
# `X_val` of `fit`, or the images that `early_stopping` holds out.
from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample

X, y = load_fashion_mnist_sample(return_X_y=True)
X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)

model = FashionCNNClassifier(
    architecture="two_conv",
    filters=(16, 32),
    epochs=20,
    temperature="auto",
    random_state=0,
)
model.fit(X[:2500], y[:2500], X_val=X[2500:], y_val=y[2500:])
print(f"accuracy {model.score(X_test, y_test):.1%}")
print(f"temperature {model.temperature_:.2f}")

# %%
# Networks can also be underconfident, for instance if they are trained with strong
# label smoothing. A second network shows this case.
smoothed = FashionCNNClassifier(
    architecture="two_conv",
    filters=(16, 32),
    epochs=20,
    label_smoothing=0.2,
    random_state=0,
)
smoothed.fit(X[:2500], y[:2500])
print(f"accuracy {smoothed.score(X_test, y_test):.1%}")

# %%
# Measure calibration
# -------------------
#
# The log loss and the Brier score also depend on the accuracy. The expected calibration
# error only compares confidence with accuracy. Lower is better for all three.
# `decision_function` returns the logits divided by the temperature, so multiplying by
# the temperature gives the probabilities before calibration.
import pandas as pd
from scipy.special import softmax
from sklearn.metrics import brier_score_loss, log_loss

from fmnist_sk.metrics import expected_calibration_error

logits = model.decision_function(X_test)
probabilities = {
    "overconfident": softmax(logits * model.temperature_, axis=1),
    "calibrated": softmax(logits, axis=1),
    "underconfident": smoothed.predict_proba(X_test),
}
table = pd.DataFrame(
    {
        name: {
            "log loss": log_loss(y_test, proba),
            "Brier score": brier_score_loss(y_test, proba),
            "calibration error": expected_calibration_error(y_test, proba),
            "mean confidence": proba.max(axis=1).mean(),
            "accuracy": (proba.argmax(axis=1) == y_test).mean(),
        }
        for name, proba in probabilities.items()
    }
)
print(table.round(3).to_string())

# %%
# Reliability diagrams
# --------------------
#
# A reliability diagram shows the accuracy of the predictions for each level of
# confidence. On the dotted line, accuracy and confidence are equal. Below the line, the
# network is overconfident. Above the line, it is underconfident.
import matplotlib.pyplot as plt
from sklearn.calibration import CalibrationDisplay

colors = ("#D55E00", "#0072B2", "#009E73")
_, ax = plt.subplots(figsize=(5, 5), layout="constrained")
for (name, proba), color in zip(probabilities.items(), colors, strict=True):
    CalibrationDisplay.from_predictions(
        proba.argmax(axis=1) == y_test,
        proba.max(axis=1),
        n_bins=8,
        strategy="quantile",
        name=name,
        color=color,
        ax=ax,
    )
ax.set(xlabel="Probability of the predicted class", ylabel="Accuracy")
plt.show()

# %%
# The same diagram for the hardest class, "Shirt", against all other classes:
_, ax = plt.subplots(figsize=(5, 5), layout="constrained")
for (name, proba), color in zip(probabilities.items(), colors, strict=True):
    CalibrationDisplay.from_predictions(
        y_test == 6, proba[:, 6], n_bins=8, name=name, color=color, ax=ax
    )
ax.set(xlabel='Probability of "Shirt"', ylabel="Share of shirts")
plt.show()
