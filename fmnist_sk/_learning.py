"""Steps of `fit` and `partial_fit` of the classifier, before and after training.

The functions change a copy of the user's estimator. Only `adopt` changes the estimator
itself.
"""

import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from sklearn.utils import compute_class_weight

from ._images import warn_of_other_scale
from ._inference import FittedNetwork, predictor_of
from ._training import (
    LabelledImages,
    Normalisation,
    StartingPoint,
    TrainingState,
    fit_temperature,
)
from ._validation import (
    IGNORES_NAMES,
    check_labels,
    encode_groups,
    encode_labels,
    total_weights,
    validate_images,
)
from .architectures import NETWORK_PARAMETERS, describe_network

_Method = TypeVar("_Method", bound=Callable[..., Any])

# Number of training images that suffice to compare scales, which differ by factors.
_N_IMAGES_FOR_SCALE = 100

# Network that the latest fit of this thread has set on an estimator.
_ADOPTED = threading.local()


def label(learner, X, y, sample_weight, groups=None, *, reset, classes=None):
    """Check the training data. If `reset`, learn the image shape and the classes.

    Parameters
    ----------
    learner : FashionCNNClassifier
        Copy of the estimator.
    X, y, sample_weight, groups : array-like
        Training data, as the user passed them.
    reset : bool
        Whether to discard the image shape and the classes of earlier calls.
    classes : ndarray, default=None
        All classes. None stands for the labels in y.

    Returns
    -------
    data : LabelledImages
        Checked data.
    class_weights : ndarray of shape (n_classes,)
        Weights of the classes.
    """
    if reset:
        vars(learner).pop(IGNORES_NAMES, None)
    X, y = _check(learner, X, y, reset=reset)
    if reset:
        classes = np.unique(y) if classes is None else classes
        # Pickles and ONNX files hold numbers in the byte order of the machine.
        learner.classes_ = classes.astype(classes.dtype.newbyteorder("="), copy=False)
        if len(learner.classes_) < 2:
            raise ValueError(
                f"{type(learner).__name__} needs samples of at least 2 classes in the "
                f"data, but the data contains only one class: {learner.classes_[0]!r}."
            )
    else:
        warn_of_other_scale(X, learner._fitted.normalisation)
    codes = encode_labels(y, learner.classes_, name="y")
    class_weights = compute_class_weight(
        learner.class_weight, classes=learner.classes_, y=y
    )
    if not (np.isfinite(class_weights) & (class_weights >= 0)).all():
        raise ValueError(
            "The 'class_weight' parameter must contain finite, non-negative numbers. "
            f"Got {learner.class_weight!r} instead."
        )
    weights = total_weights(sample_weight, class_weights, codes, X)
    groups = encode_groups(groups, X)
    return _labelled(learner, X, codes, weights, groups), class_weights


def label_held_out(learner, X_val, y_val, sample_weight_val, class_weights, training):
    """Check the held-out data and return them as LabelledImages, or None.

    Parameters
    ----------
    learner : FashionCNNClassifier
        Copy of the estimator, after `label`.
    X_val, y_val, sample_weight_val : array-like or None
        Held-out data, as the user passed them.
    class_weights : ndarray of shape (n_classes,)
        Weights of the classes.
    training : LabelledImages
        Training data, to whose scale that of the held-out images is compared.

    Returns
    -------
    data : LabelledImages or None
        Checked data, or None if the user passed none.
    """
    if X_val is None and y_val is None and sample_weight_val is None:
        return None
    if X_val is None or y_val is None:
        raise ValueError(
            "X_val and y_val must be passed together, and sample_weight_val requires "
            "both of them."
        )
    try:
        X_val, y_val = _check(learner, X_val, y_val, reset=False)
        codes = encode_labels(y_val, learner.classes_, name="y_val")
        weights = total_weights(sample_weight_val, class_weights, codes, X_val)
    except (TypeError, ValueError) as error:
        # scikit-learn's messages would blame X, y or sample_weight.
        raise type(error)(
            f"X_val, y_val or sample_weight_val is invalid. {error}"
        ) from error
    some = training.rows[:: max(1, len(training) // _N_IMAGES_FOR_SCALE)]
    warn_of_other_scale(
        X_val,
        Normalisation.learn(training.images, some, training.image_shape),
        name="X_val",
    )
    return _labelled(learner, X_val, codes, weights)


def _check(learner, X, y, *, reset):
    X, y, _ = validate_images(
        learner, X, y, reset=reset, image_shape=learner.image_shape
    )
    check_labels(y)
    return X, y


def _labelled(learner, X, codes, weights, groups=None):
    rows = np.flatnonzero(weights)
    return LabelledImages(X, codes, weights, rows, learner.image_shape_, groups)


def describe(learner, fresh):
    """Describe the network. Unless `fresh`, it must be the fitted network."""
    description = describe_network(
        learner.architecture,
        learner.image_shape_,
        len(learner.classes_),
        {name: getattr(learner, name) for name in NETWORK_PARAMETERS},
    )
    if not fresh:
        fitted = learner._fitted.description
        if description.with_dropout(0) != fitted.with_dropout(0):
            raise ValueError(
                "Training cannot continue, because parameters of the network (such as "
                "architecture, filters or activation) have changed since the last fit. "
                "Restore these parameters, or fit with warm_start=False."
            )
    return description


def starting_point(learner, fresh, *, with_optimizer=False):
    """Return the state from which training starts."""
    if fresh:
        return StartingPoint()
    fitted, state = learner._fitted, learner._training_state
    same = with_optimizer and state.optimizer == learner.optimizer
    return StartingPoint(
        fitted.weights,
        fitted.normalisation,
        state.optimizer_state if same else None,
        state.n_images,
        state.batch_size,
    )


def fitted_attributes(learner, plan, held_out, result, *, found=None, before=None):
    """Return the fitted attributes of the estimator.

    Parameters
    ----------
    learner : FashionCNNClassifier
        Copy of the estimator.
    plan : Plan
        Plan of the run.
    held_out : LabelledImages or None
        Held-out images, for the temperature.
    result : TrainingResult
        Result of the run.
    found : TrainingResult, default=None
        Result of the run before a refit, whose history is reported.
    before : dict, default=None
        History of earlier calls of `partial_fit`.

    Returns
    -------
    attributes : dict
        Values of the attributes by name.
    """
    fitted = FittedNetwork(
        plan.description, result.weights, result.normalisation, plan.tta
    )
    temperature = plan.temperature
    if temperature == "auto":
        rows = held_out.rows
        temperature = fit_temperature(
            predictor_of(fitted)(held_out.images[rows], plan.views),
            held_out.codes[rows],
            held_out.sample_weight[rows],
        )
    history = (found or result).history
    if before is not None:
        history = {key: [*before.get(key, []), *new] for key, new in history.items()}
    return {
        "_fitted": fitted,
        # The variables of the optimizer are twice as large as the weights, and are not
        # needed after a complete schedule.
        "_training_state": TrainingState(
            plan.seed,
            result.n_images,
            result.batch_size,
            plan.optimizer,
            None if before is None else result.optimizer_state,
        ),
        "classes_": learner.classes_,
        "n_features_in_": learner.n_features_in_,
        "feature_names_in_": getattr(learner, "feature_names_in_", None),
        IGNORES_NAMES: getattr(learner, IGNORES_NAMES, None),
        "image_shape_": learner.image_shape_,
        "n_parameters_": fitted.n_parameters,
        "history_": history,
        "n_iter_": result.last_epoch,
        "best_epoch_": (found or result).best_epoch,
        "temperature_": temperature,
    }


def adopt(estimator, attributes):
    """Set the fitted attributes of an estimator in one assignment.

    Other threads that predict meanwhile see all of the new attributes or none.
    """
    _ADOPTED.network = attributes["_fitted"]
    learnt = {**vars(estimator), **attributes}
    for name in "feature_names_in_", IGNORES_NAMES:
        if learnt[name] is None:
            del learnt[name]
    estimator.__dict__ = learnt


def undo_on_error(method: _Method) -> _Method:
    """Decorate a method to restore the old model if it raises after `adopt`.

    Callbacks can raise after `adopt`. Before `adopt` nothing has changed, and another
    thread may have fitted the estimator meanwhile.
    """

    @functools.wraps(method)
    def undoing(self, *args, **kwargs):
        before, _ADOPTED.network = dict(vars(self)), None
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            now = vars(self)
            if _ADOPTED.network is not None and now["_fitted"] is _ADOPTED.network:
                parameters = {name: now[name] for name in self._get_param_names()}
                self.__dict__ = {**before, **parameters}
            raise
        finally:
            _ADOPTED.network = None  # so that the network can be freed

    return undoing  # type: ignore[return-value]


def views_to_average(estimator, fitted):
    """Return the name of the views that predictions average, or None."""
    return fitted.tta if estimator.tta == "auto" else estimator.tta
