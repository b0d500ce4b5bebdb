"""Plan of a training run: all settings, with "auto" and None resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from .. import _engine
from ..architectures import NetworkDescription, recipe_of
from ..augmentation import check_augmentation, mirrors_images, shifts_images
from ._optimizers import OPTIMIZERS

# Targets of "auto": enough optimizer steps, and small batches for small data.
MIN_STEPS, MAX_STEPS, STEPS_PER_EPOCH = 300, 1000, 64
MIN_BATCH, MAX_BATCH = 16, 128
# Even steps of a millisecond would take a day. The learning rate of each step is kept
# in memory.
_MAX_STEPS_OF_A_RUN = 100_000_000

# Metadata of fields that have no effect on the learned weights.
_NO_OUTCOME = {"outcome": False}


@dataclass(frozen=True)
class Plan:
    """Settings of a training run.

    Attributes
    ----------
    description : NetworkDescription
        Description of the network.
    seed : int
        Seed of initial weights, shuffling, dropout and augmentation. The random numbers
        of an epoch depend on the seed and the number of the epoch only, so that a run
        can continue after any epoch.
    epochs : int
        Number of the last epoch, counted from 1.
    first_epoch : int
        Number of epochs trained before; 0 for a new run.
    batch_size : int
        Largest number of images in an optimizer step.
    optimizer : str
        Key of `OPTIMIZERS`.
    lr_schedule : {"one_cycle", "cosine", "constant"}
        Learning-rate schedule.
    learning_rate : float
        Largest learning rate.
    weight_decay : float
        Decoupled weight decay.
    label_smoothing : float
        Share of the target that is spread evenly over all classes.
    augmentation : dict
        Checked settings of the augmentation. Empty for no augmentation.
    precision : {"float32", "bfloat16"}
        Number format of a named architecture's layers in training.
    patience : int or None
        Number of epochs without improvement after which training stops. None stands for
        no early stopping.
    tol : float
        Smallest decrease of the validation loss that counts as improvement.
    refit : bool
        Whether another run on all images follows.
    tta : str or None
        Test-time views that `tta="auto"` stands for.
    views : str or None
        Test-time views of the estimator, for files that callbacks write.
    temperature : float or "auto"
        Temperature. "auto" stands for the temperature that is fitted on held-out images
        after training.
    callbacks : keras.callbacks.Callback, sequence of them, or None
        Keras callbacks of the user.
    verbose : {0, 1, 2}
        Verbosity: nothing, a progress bar, or a line for each epoch.
    repeatable : bool
        Whether another fit on the same data would draw the same seed.
    memory : str, object with the interface of joblib.Memory, or None
        Folder in which runs are cached.
    """

    description: NetworkDescription
    seed: int
    epochs: int
    batch_size: int
    optimizer: str
    lr_schedule: str
    learning_rate: float
    weight_decay: float
    label_smoothing: float
    augmentation: Mapping[str, float]
    precision: str
    first_epoch: int = 0
    patience: int | None = None
    tol: float = 0.0
    refit: bool = field(default=False, metadata=_NO_OUTCOME)
    tta: str | None = field(default=None, metadata=_NO_OUTCOME)
    views: str | None = field(default=None, metadata=_NO_OUTCOME)
    temperature: float | str = field(default=1.0, metadata=_NO_OUTCOME)
    callbacks: Any = field(default=None, metadata=_NO_OUTCOME)
    verbose: int = field(default=0, metadata=_NO_OUTCOME)
    repeatable: bool = field(default=False, metadata=_NO_OUTCOME)
    memory: Any = field(default=None, metadata=_NO_OUTCOME)

    @property
    def outcome_settings(self) -> dict[str, Any]:
        """Dict of the settings that have an effect on the learned weights."""
        return {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.metadata.get("outcome", True)
        }

    def for_refit(self, epochs: int, temperature: float) -> "Plan":
        """Return the plan of the run on all images that follows this run."""
        return replace(
            self, epochs=epochs, temperature=temperature, patience=None, refit=False
        )


def resolve_plan(estimator, description, training, held_out, *, seed, refit):
    """Resolve the parameters of an estimator for `fit`.

    Parameters
    ----------
    estimator : FashionCNNClassifier
        Estimator with its parameters.
    description : NetworkDescription
        Description of the network.
    training : LabelledImages
        Images to train on.
    held_out : LabelledImages or None
        Held-out images.
    seed : int
        Seed of the run.
    refit : bool
        Whether a run on all images follows.

    Returns
    -------
    plan : Plan
        Plan of the run.

    Raises
    ------
    ValueError
        If `temperature="auto"` and there are no held-out images, or the number of steps
        is too large.
    """
    if estimator.temperature == "auto" and held_out is None:
        raise ValueError(
            "temperature='auto' requires held-out images. Set early_stopping=True, or "
            "pass X_val and y_val to fit."
        )
    epochs, batch_size = resolve_length(
        recipe_of(description), len(training), estimator.epochs, estimator.batch_size
    )
    n_steps = epochs * -(-len(training) // batch_size)
    if n_steps > _MAX_STEPS_OF_A_RUN:
        raise ValueError(
            f"epochs={estimator.epochs} requires {n_steps:,} optimizer steps, but at "
            f"most {_MAX_STEPS_OF_A_RUN:,} are supported. Decrease epochs."
        )
    stops_early = estimator.early_stopping and held_out is not None
    return Plan(
        **_resolve_common(estimator, description, estimator.lr_schedule),
        seed=seed,
        epochs=epochs,
        batch_size=batch_size,
        patience=estimator.n_iter_no_change if stops_early else None,
        tol=float(estimator.tol),
        refit=refit,
        temperature=(
            "auto"
            if estimator.temperature == "auto"
            else float(estimator.temperature or 1)
        ),
    )


def resolve_partial_plan(estimator, description, training, *, seed, n_epochs):
    """Resolve the parameters of an estimator for one epoch of `partial_fit`.

    Parameters
    ----------
    estimator : FashionCNNClassifier
        Estimator with its parameters.
    description : NetworkDescription
        Description of the network.
    training : LabelledImages
        Images to train on.
    seed : int
        Seed of the run.
    n_epochs : int
        Epochs trained before.

    Returns
    -------
    plan : Plan
        Plan of the epoch.
    """
    recipe = recipe_of(description)
    _, batch_size = resolve_length(recipe, len(training), 1, estimator.batch_size)
    return Plan(
        **_resolve_common(estimator, description, "constant"),
        seed=seed,
        first_epoch=n_epochs,
        epochs=n_epochs + 1,
        batch_size=batch_size,
        temperature=float(estimator.temperature or 1),
    )


def _resolve_common(estimator, description, lr_schedule):
    recipe = recipe_of(description)
    optimizer, smoothing = estimator.optimizer, estimator.label_smoothing
    augmentation = check_augmentation(
        resolve_augmentation(recipe, estimator.augmentation, description.image_shape)
    )
    tta = resolve_tta(recipe, augmentation, description.image_shape)
    return {
        "description": description,
        "optimizer": optimizer,
        "lr_schedule": lr_schedule,
        "learning_rate": resolve_learning_rate(
            recipe, optimizer, estimator.learning_rate, lr_schedule
        ),
        "weight_decay": resolve_weight_decay(optimizer, estimator.weight_decay),
        "label_smoothing": float(
            recipe.label_smoothing if smoothing is None else smoothing
        ),
        "augmentation": augmentation,
        "precision": resolve_precision(estimator.precision),
        "tta": tta,
        "views": tta if estimator.tta == "auto" else estimator.tta,
        "callbacks": estimator.callbacks,
        "verbose": int(estimator.verbose),
        "repeatable": estimator.random_state is not None,
        "memory": estimator.memory,
    }


def resolve_default_tta(description, augmentation):
    """Return the test-time views that `tta="auto"` stands for, for an estimator.

    Parameters
    ----------
    description : NetworkDescription
        Description of the network.
    augmentation : str, dict or None
        Parameter of the estimator.

    Returns
    -------
    tta : str or None
        Name of the views.
    """
    recipe = recipe_of(description)
    resolved = resolve_augmentation(recipe, augmentation, description.image_shape)
    return resolve_tta(recipe, check_augmentation(resolved), description.image_shape)


def resolve_learning_rate(recipe, optimizer, learning_rate, schedule):
    """Return the largest learning rate.

    None stands for a rate that suits the network, the optimizer and the schedule.
    """
    if learning_rate is not None:
        return float(learning_rate)
    rate = OPTIMIZERS[optimizer]["learning_rate"]
    return rate if schedule == "constant" else recipe.rate * rate


def resolve_weight_decay(optimizer, weight_decay):
    """Return the weight decay. None stands for a decay that suits the optimizer."""
    if weight_decay is not None:
        return float(weight_decay)
    return OPTIMIZERS[optimizer]["weight_decay"]


def resolve_augmentation(recipe, augmentation, image_shape):
    """Return the augmentation. "auto" stands for that of the architecture.

    The shift of a recipe is a fraction of a square image. In an oblong image, no shift
    is larger than this fraction of the shorter side. Images of height 1 are not
    augmented.
    """
    if not isinstance(augmentation, str) or augmentation != "auto":
        return augmentation
    short, long = sorted(image_shape[:2])
    if short == 1 or not isinstance(recipe.augmentation, Mapping):
        return recipe.augmentation if short > 1 else None
    settings = dict(recipe.augmentation)
    if "shift" in settings:
        settings["shift"] *= short / long
    return settings


def resolve_tta(recipe, augmentation, image_shape):
    """Return the test-time views that `tta="auto"` stands for.

    Predictions use mirror images and shifted images only if the network was trained on
    such images.
    """
    seen = {
        "flip": mirrors_images(augmentation),
        "shift": shifts_images(augmentation, image_shape),
    }
    kinds = (recipe.tta or "").split("_")  # "flip_shift" names both kinds
    return "_".join(kind for kind in kinds if seen.get(kind)) or None


def resolve_length(recipe, n_samples, epochs, batch_size):
    """Return the number of epochs and the batch size.

    Training requires a number of optimizer steps rather than a number of epochs.
    "auto" therefore stands for small batches and many epochs on small data. A batch is
    never larger than the data.
    """
    if batch_size == "auto":
        batch_size = min(MAX_BATCH, max(MIN_BATCH, n_samples // STEPS_PER_EPOCH))
    batch_size = min(int(batch_size), n_samples)
    if epochs == "auto":
        steps = min(MAX_STEPS, max(MIN_STEPS, n_samples))
        epochs = max(recipe.epochs, round(steps / -(-n_samples // batch_size)))
    return int(epochs), batch_size


def resolve_precision(precision):
    """Return the number format of training: "float32" or "bfloat16"."""
    if precision == "auto":
        return "bfloat16" if _engine.has_fast_bfloat16() else "float32"
    return precision


def draw_seed(random_state):
    """Draw the seed of a training run from a RandomState."""
    return int(random_state.randint(np.iinfo(np.int32).max))
