"""Checks of a loaded object: an estimator, whose classifiers are consistent."""

import math

import numpy as np

from .._inference import FittedNetwork
from .._training import OPTIMIZERS, Normalisation, TrainingState
from ..architectures import NetworkDescription, weight_shapes
from ..augmentation import VIEWS
from ..classifier import FashionCNNClassifier


def check_loaded(estimator):
    """Check that a loaded object is an estimator with a consistent fitted state.

    Parameters
    ----------
    estimator : object
        Loaded object.

    Raises
    ------
    ValueError
        If it is not an estimator, or attributes contradict each other.
    Exception
        If an attribute is missing, or has a wrong type.
    """
    if not hasattr(estimator, "get_params"):
        raise ValueError(f"expected an estimator, not a {type(estimator).__name__}")
    check_fitted_state(estimator)


def check_fitted_state(estimator):
    """Check the fitted attributes of an estimator's classifiers.

    The attributes must fit each other and the description of the network, so that an
    inconsistent file is an error when it is loaded, instead of wrong predictions later.
    This does not start TensorFlow.

    Parameters
    ----------
    estimator : object
        Loaded object. Classifiers are found anywhere in it.

    Raises
    ------
    ValueError
        If attributes contradict each other.
    Exception
        If an attribute is missing, or has a wrong type.
    """
    for classifier in _classifiers_in(estimator):
        if "_fitted" in vars(classifier):
            _check_network(classifier._fitted)
            _check_attributes(classifier)
            _check_training_state(classifier._training_state)
        else:
            learnt = [name for name in vars(classifier) if name.endswith("_")]
            _require(not learnt, f"the network of a fitted classifier with {learnt}")


def _classifiers_in(estimator):
    """Yield all classifiers that an object refers to, directly or not."""
    seen, left = set(), [estimator]
    while left:
        each = left.pop()
        if id(each) in seen or isinstance(each, type):
            continue
        seen.add(id(each))
        if isinstance(each, FashionCNNClassifier):
            yield each
        if isinstance(each, dict):
            left += each.values()
        elif isinstance(each, (list, tuple, set, frozenset)):
            left += each
        elif isinstance(each, np.ndarray) and each.dtype == object:
            left += each.flat
        if hasattr(each, "__dict__"):
            left += vars(each).values()


def _check_network(fitted):
    _require(isinstance(fitted, FittedNetwork), "a network")
    description, weights = fitted.description, fitted.weights
    _require(isinstance(description, NetworkDescription), "a description")
    shape, n_classes = description.image_shape, description.n_classes
    _require(
        isinstance(shape, tuple) and len(shape) == 3 and all(map(_is_count, shape)),
        "an image shape",
    )
    _require(_is_count(n_classes) and n_classes >= 2, "a number of classes")
    _require(
        isinstance(weights, list)
        and all(isinstance(weight, np.ndarray) for weight in weights),
        "weights",
    )
    # Only a call of the function would show the weights of its network.
    if not callable(description.architecture):
        expected = weight_shapes(description)
        found = [weight.shape for weight in weights]
        _require(found == expected, f"weights of the shapes {expected}, not {found}")
        _require(
            all(w.dtype == np.float32 and np.isfinite(w).all() for w in weights),
            "finite weights in float32",
        )
    normalisation = fitted.normalisation
    _require(isinstance(normalisation, Normalisation), "a normalisation")
    for array in normalisation.mean, normalisation.scale:
        _require(
            array.shape == shape[-1:]
            and array.dtype == np.float64
            and np.isfinite(array).all(),
            "a finite mean and a finite scale of each channel",
        )
    _require((normalisation.scale > 0).all(), "positive scales")
    _require(fitted.tta is None or fitted.tta in VIEWS, "test-time views")


def _check_attributes(classifier):
    fitted = classifier._fitted
    shape = classifier.image_shape_
    _require(shape == fitted.image_shape, "the image shape of the network")
    _require(
        classifier.n_features_in_ == math.prod(shape), "features that fit the image"
    )
    names = getattr(classifier, "feature_names_in_", None)
    _require(
        names is None or names.shape == (classifier.n_features_in_,),
        "one name for each feature",
    )
    _require(
        classifier.classes_.shape == (fitted.description.n_classes,),
        "as many classes as the network has",
    )
    _require(
        classifier.n_parameters_ == fitted.n_parameters,
        "the number of the network's parameters",
    )
    temperature = classifier.temperature_
    _require(
        math.isfinite(temperature) and temperature > 0, "a positive, finite temperature"
    )
    history = classifier.history_
    _require(
        isinstance(history, dict)
        and all(isinstance(v, list) for v in history.values()),
        "a history",
    )
    _require(
        _is_count(classifier.n_iter_, 0) and _is_count(classifier.best_epoch_, 0),
        "numbers of epochs",
    )


def _check_training_state(state):
    _require(isinstance(state, TrainingState), "a state of training")
    _require(
        all(
            _is_count(number, 0)
            for number in (state.seed, state.n_images, state.batch_size)
        ),
        "a seed, a number of images and a batch size",
    )
    _require(state.optimizer in OPTIMIZERS, "the name of an optimizer")
    variables = state.optimizer_state
    _require(
        variables is None
        or (
            isinstance(variables, list)
            and all(isinstance(v, (np.ndarray, np.number)) for v in variables)
            and all(np.isfinite(v).all() for v in variables)
        ),
        "finite variables of the optimizer",
    )


def _is_count(number, smallest=1):
    return isinstance(number, (int, np.integer)) and number >= smallest


def _require(condition, what):
    if not condition:
        raise ValueError(f"the fitted state requires {what}")
