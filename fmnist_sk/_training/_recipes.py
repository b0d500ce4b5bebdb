"""What "auto" and None stand for in a training run.

Every value was chosen on images held out from Fashion-MNIST's 60,000 training images;
`docs/recipes.md` has the ablations.
"""

from .. import _engine

# What "auto" aims at: enough steps, but small data get small batches.
MIN_STEPS, MAX_STEPS, STEPS_PER_EPOCH = 300, 1000, 64
MIN_BATCH, MAX_BATCH = 16, 128


#: The optimizers: what Keras calls them, the constant learning rate and the decoupled
#: weight decay that suit them.
OPTIMIZERS = {
    "adamw": {"name": "adamw", "learning_rate": 1e-3, "weight_decay": 0.05},
    "adam": {"name": "adam", "learning_rate": 1e-3, "weight_decay": 0.0},
    "nadam": {"name": "nadam", "learning_rate": 1e-3, "weight_decay": 0.0},
    "rmsprop": {"name": "rmsprop", "learning_rate": 1e-3, "weight_decay": 0.0},
    "lion": {"name": "lion", "learning_rate": 1e-4, "weight_decay": 0.2},
    "sgd": {"name": "sgd", "learning_rate": 3e-2, "weight_decay": 5e-4},
    "nesterov": {
        "name": "sgd",
        "learning_rate": 2e-2,
        "weight_decay": 5e-4,
        "momentum": 0.9,
        "nesterov": True,
    },
}


def resolve_learning_rate(recipe, optimizer, learning_rate, schedule):
    """Give the largest learning rate.

    Parameters
    ----------
    recipe : Recipe
        The network's.
    optimizer : str
        One of `OPTIMIZERS`.
    learning_rate : float or None
        What the user said; None is a rate that suits network, optimizer and schedule.
    schedule : str
        One of `SCHEDULES`.

    Returns
    -------
    learning_rate : float
        Resolved.
    """
    if learning_rate is not None:
        return float(learning_rate)
    rate = OPTIMIZERS[optimizer]["learning_rate"]
    return rate if schedule == "constant" else recipe.rate * rate


def resolve_weight_decay(optimizer, weight_decay):
    """Give the weight decay, where None is what suits the optimizer.

    Parameters
    ----------
    optimizer : str
        One of `OPTIMIZERS`.
    weight_decay : float or None
        What the user said.

    Returns
    -------
    weight_decay : float
        Resolved.
    """
    if weight_decay is not None:
        return float(weight_decay)
    return OPTIMIZERS[optimizer]["weight_decay"]


def resolve_augmentation(recipe, augmentation, image_shape):
    """Give the augmentation that "auto" stands for.

    Parameters
    ----------
    recipe : Recipe
        The network's.
    augmentation : str, dict or None
        What the user said.
    image_shape : tuple of int
        `(height, width, channels)`.

    Returns
    -------
    augmentation : str, dict or None
        Resolved.
    """
    if not isinstance(augmentation, str) or augmentation != "auto":
        return augmentation
    return recipe.augmentation if min(image_shape[:2]) > 1 else None


def resolve_tta(recipe, tta, augmentation):
    """Give the test-time augmentation that "auto" stands for.

    Parameters
    ----------
    recipe : Recipe
        The network's.
    tta : str or None
        What the user said.
    augmentation : dict
        The settings the network is trained with: one that never saw a mirror image is
        not asked about any.

    Returns
    -------
    tta : str or None
        Resolved.
    """
    if tta != "auto":
        return tta
    return recipe.tta if "horizontal_flip" in augmentation else None


def resolve_length(recipe, n_samples, epochs, batch_size):
    """Give the epochs and batch size that "auto" stands for.

    Training needs some number of optimizer steps more than it needs some number of
    epochs: small data get small batches and many epochs.

    Parameters
    ----------
    recipe : Recipe
        The network's.
    n_samples : int
        Images to train on.
    epochs, batch_size : int or "auto"
        What the user said.

    Returns
    -------
    epochs, batch_size : int
        Resolved; the batch is no larger than the data.
    """
    if batch_size == "auto":
        batch_size = min(MAX_BATCH, max(MIN_BATCH, n_samples // STEPS_PER_EPOCH))
    batch_size = min(int(batch_size), n_samples)
    if epochs == "auto":
        steps = min(MAX_STEPS, max(MIN_STEPS, n_samples))
        epochs = max(recipe.epochs, round(steps / -(-n_samples // batch_size)))
    return int(epochs), batch_size


def resolve_precision(precision):
    """Give the number format to train in: "float32" or "bfloat16"."""
    if precision == "auto":
        return "bfloat16" if _engine.has_fast_bfloat16() else "float32"
    return precision
