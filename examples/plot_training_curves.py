"""
Read training curves
====================

The loss by epoch shows whether a network trains well, overfits, trains too slowly or
has too high a learning rate. This example produces all four cases on purpose, so you
can compare them with your own curves. It runs in about 15 seconds on two CPU cores.
"""

# %%
# Train four networks
# -------------------
#
# The networks are trained on 2,000 images of the sample. The other 1,000 images are
# passed as `X_val`, so their loss is measured after each epoch. They change nothing,
# because `early_stopping` is off.
from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample

X, y = load_fashion_mnist_sample(return_X_y=True)
X_val, y_val = X[2000:], y[2000:]

settings = {
    "Good": {
        "architecture": "compact",
        "augmentation": {"shift": 0.04},
        "epochs": 12,
    },
    "Overfitting": {
        "architecture": "two_conv",
        "filters": (16, 32),
        "lr_schedule": "constant",
        "epochs": 20,
    },
    "Learning rate too low": {
        "architecture": "two_conv",
        "filters": (16, 32),
        "lr_schedule": "constant",
        "learning_rate": 3e-5,
        "epochs": 12,
    },
    "Learning rate too high": {
        "architecture": "compact",
        "lr_schedule": "constant",
        "learning_rate": 0.1,
        "epochs": 12,
    },
}
models = {}
for name, parameters in settings.items():
    model = FashionCNNClassifier(random_state=0, **parameters)
    models[name] = model.fit(X[:2000], y[:2000], X_val=X_val, y_val=y_val)

# %%
# Compare the losses
# ------------------
#
# A network that guesses among ten classes has a loss of :math:`\ln 10 = 2.3`, which is
# where training starts.
import matplotlib.pyplot as plt
import numpy as np

figure, axes = plt.subplots(2, 2, figsize=(9, 6), sharey=True, layout="constrained")
for ax, (name, model) in zip(axes.flat, models.items(), strict=True):
    epochs = np.arange(1, model.n_iter_ + 1)
    ax.plot(epochs, model.history_["loss"], "--", color="#0072B2", label="Training")
    ax.plot(epochs, model.history_["val_loss"], color="#D55E00", label="Validation")
    ax.set(title=name, xlabel="Epoch", ylabel="Loss", ylim=(0, 2.4))
    ax.locator_params(axis="x", integer=True)
    ax.grid(color="0.9")
axes[0, 0].legend(frameon=False)
plt.show()

# %%
# - **Good.** Both losses fall and become flat together. The validation loss is lowest
#   at the end. It stays above the training loss, because the network knows the
#   training images.
# - **Overfitting.** The training loss keeps falling, but the validation loss rises
#   again. From then on, the network memorises the training images.
# - **Learning rate too low.** Both losses are high and still fall at the end. Training
#   for too few epochs has the same shape.
# - **Learning rate too high.** The validation loss jumps from epoch to epoch, and
#   neither loss becomes low.
#
# The last and the lowest validation loss show the same in numbers:
import pandas as pd

table = pd.DataFrame(
    {
        name: {
            "training loss": model.history_["loss"][-1],
            "validation loss": model.history_["val_loss"][-1],
            "lowest validation loss": min(model.history_["val_loss"]),
            "validation accuracy": model.history_["val_accuracy"][-1],
        }
        for name, model in models.items()
    }
).T
print(table.round(2).to_string())

# %%
# Stop overfitting
# ----------------
#
# With `early_stopping`, training ends when the validation loss no longer falls, and the
# classifier keeps the weights of the best epoch.
# :class:`~fmnist_sk.plotting.TrainingHistoryDisplay` marks this epoch.
from fmnist_sk.plotting import TrainingHistoryDisplay

model = models["Overfitting"]
model.set_params(early_stopping=True, n_iter_no_change=3)
model.fit(X[:2000], y[:2000], X_val=X_val, y_val=y_val)
TrainingHistoryDisplay.from_estimator(model)
plt.show()

# %%
# Early stopping ends overfitting, but it does not make a network better. More training
# images, augmentation or the default learning rate schedule lower the validation loss
# itself, as the first network shows.
