"""
Probabilities that mean what they say
=====================================

Of all images that a network calls "Shirt" with 80 percent, four in five should be
shirts. This example draws how far that holds, before and after a temperature is fitted
to held-out images. It runs in about 20 seconds on two CPU cores.
"""

# %%
# One network, two temperatures
# ------------------------------
#
# Trained for long on few images, a network becomes surer than it is right. A
# temperature is a number that logits are divided by; it changes no prediction. `"auto"`
# fits it to held-out images: those that `fit` is given, or those of `early_stopping`.
from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample

X, y = load_fashion_mnist_sample(return_X_y=True)
X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)

model = FashionCNNClassifier(
    architecture="two_conv", epochs=20, temperature="auto", random_state=0
)
model.fit(X[:2500], y[:2500], X_val=X[2500:], y_val=y[2500:])
print(f"accuracy {model.score(X_test, y_test):.1%}")
print(f"temperature {model.temperature_:.2f}")

# %%
# How good are the probabilities?
# -------------------------------
#
# The log loss and the Brier score take accuracy into account as well; the expected
# calibration error is about confidence alone.
import pandas as pd
from scipy.special import softmax
from sklearn.metrics import brier_score_loss, log_loss

from fmnist_sk.metrics import expected_calibration_error

logits = model.decision_function(X_test)
probabilities = {
    "before": softmax(logits * model.temperature_, axis=1),
    "after": softmax(logits, axis=1),
}
table = pd.DataFrame(
    {
        name: {
            "log loss": log_loss(y_test, proba),
            "Brier score": brier_score_loss(y_test, proba),
            "calibration error": expected_calibration_error(y_test, proba),
        }
        for name, proba in probabilities.items()
    }
)
print(table.round(3))

# %%
# Reliability diagrams
# --------------------
#
# How often the predicted class is right, by how sure the network was. On the dotted
# line the two agree; below it the network is too sure.
import matplotlib.pyplot as plt
from sklearn.calibration import CalibrationDisplay

_, ax = plt.subplots(figsize=(5, 5), layout="constrained")
for (name, proba), color in zip(
    probabilities.items(), ("#D55E00", "#0072B2"), strict=True
):
    CalibrationDisplay.from_predictions(
        proba.argmax(axis=1) == y_test,
        proba.max(axis=1),
        n_bins=8,
        strategy="quantile",
        name=name,
        color=color,
        ax=ax,
    )
ax.set(xlabel="Probability of the predicted class", ylabel="Share that is right")
plt.show()

# %%
# One class against the rest, for the class that is hardest:
_, ax = plt.subplots(figsize=(5, 5), layout="constrained")
for (name, proba), color in zip(
    probabilities.items(), ("#D55E00", "#0072B2"), strict=True
):
    CalibrationDisplay.from_predictions(
        y_test == 6, proba[:, 6], n_bins=8, name=name, color=color, ax=ax
    )
ax.set(xlabel='Probability of "Shirt"', ylabel="Share of shirts")
plt.show()
