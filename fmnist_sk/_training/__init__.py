"""Training: data, plan, compiled graph, loop over epochs, and its callbacks."""

from ._data import LabelledImages
from ._fit_tasks import fit_task
from ._learning_rate import SCHEDULES
from ._memory import remembered
from ._normalisation import Normalisation
from ._optimizers import OPTIMIZERS
from ._plan import (
    Plan,
    draw_seed,
    resolve_default_tta,
    resolve_partial_plan,
    resolve_plan,
)
from ._state import StartingPoint, TrainingResult, TrainingState
from ._temperature import fit_temperature
from ._train import train

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "LabelledImages",
    "Normalisation",
    "Plan",
    "StartingPoint",
    "TrainingResult",
    "TrainingState",
    "draw_seed",
    "fit_task",
    "fit_temperature",
    "remembered",
    "resolve_default_tta",
    "resolve_partial_plan",
    "resolve_plan",
    "train",
]

# Model files refer to these classes by name, so the names must not change when the
# classes move to another module.
Normalisation.__module__ = TrainingState.__module__ = __name__
