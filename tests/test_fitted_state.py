"""The check of the fitted state of loaded classifiers."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from _mutants import FOLDER
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from fmnist_sk import (
    FashionCNNClassifier,
    ImageEncoder,
    ImageReshaper,
    load_model,
    load_pretrained,
    save_model,
)
from fmnist_sk.persistence import _save
from fmnist_sk.persistence._state import check_fitted_state


@pytest.fixture(scope="module")
def stored():
    return load_model(FOLDER / "format_2.skops")


def of_network(**changes):
    def change(model):
        model._fitted = replace(model._fitted, **changes)

    return change


def of_weights(change):
    def change_weights(model):
        weights = [weight.copy() for weight in model._fitted.weights]
        model._fitted = replace(model._fitted, weights=change(weights) or weights)

    return change_weights


def of_description(**changes):
    def change(model):
        description = replace(model._fitted.description, **changes)
        model._fitted = replace(model._fitted, description=description)

    return change


def of_normalisation(**changes):
    def change(model):
        normalisation = replace(model._fitted.normalisation, **changes)
        model._fitted = replace(model._fitted, normalisation=normalisation)

    return change


def of_training(**changes):
    def change(model):
        model._training_state = replace(model._training_state, **changes)

    return change


def of_attribute(name, value):
    return lambda model: setattr(model, name, value)


ALTERATIONS = {
    "fewer weights": of_weights(lambda weights: weights[:-1]),
    "weights in another order": of_weights(lambda weights: weights[::-1]),
    "a transposed kernel": of_weights(lambda w: [w[0].T, *w[1:]]),
    "other dtypes": of_weights(lambda w: [each.astype(np.float16) for each in w]),
    "a weight that is not a number": of_weights(lambda w: w[3].fill(np.nan)),
    "no weights": of_network(weights=None),
    "no description": of_network(description="standard"),
    "no normalisation": of_network(normalisation=None),
    "unknown views": of_network(tta="mirror"),
    "another architecture": of_description(architecture="vgg"),
    "an unknown activation": lambda model: of_description(
        parameters=tuple(
            (name, tuple((m, (*p, ("activation", "x"))) for m, p in value))
            if name == "members"
            else (name, value)
            for name, value in model._fitted.description.parameters
        )
    )(model),
    "an unknown architecture": of_description(architecture="none"),
    "another number of classes": of_description(n_classes=4),
    "images in colour": of_description(image_shape=(10, 10, 3)),
    "no image": of_description(image_shape=(0, 10, 1)),
    "two means": of_normalisation(mean=np.zeros(2)),
    "an infinite mean": of_normalisation(mean=np.array([np.inf])),
    "no scale": of_normalisation(scale=np.zeros(1)),
    "a negative scale": of_normalisation(scale=-np.ones(1)),
    "no mean": of_normalisation(mean=None),
    "a negative seed": of_training(seed=-1),
    "an unknown optimizer": of_training(optimizer="x"),
    "an infinite optimizer": of_training(optimizer_state=[np.array([np.inf])]),
    "no state": of_attribute("_training_state", {}),
    "two classes": of_attribute("classes_", np.arange(2)),
    "no classes": of_attribute("classes_", None),
    "another image shape": of_attribute("image_shape_", (5, 20, 1)),
    "other features": of_attribute("n_features_in_", 99),
    "names of other features": of_attribute("feature_names_in_", np.array(["a"])),
    "no temperature": of_attribute("temperature_", 0.0),
    "an infinite temperature": of_attribute("temperature_", np.inf),
    "a temperature as text": of_attribute("temperature_", "1"),
    "other parameters": of_attribute("n_parameters_", 7),
    "a history of numbers": of_attribute("history_", {"loss": 1.0}),
    "a negative epoch": of_attribute("best_epoch_", -1),
    "no network": lambda model: delattr(model, "_fitted"),
    "no history": lambda model: delattr(model, "history_"),
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_attributes_that_contradict_each_other_are_noticed(alteration, stored):
    model = copy.deepcopy(stored)
    check_fitted_state(model)
    ALTERATIONS[alteration](model)
    with pytest.raises((ValueError, TypeError, AttributeError, KeyError)):
        check_fitted_state(model)


HOLDERS = {
    "pipeline": lambda model: make_pipeline(ImageReshaper(), model),
    "search": lambda model: GridSearchCV(model, {"epochs": [1]}),
    "frozen": FrozenEstimator,
    "vote": lambda model: VotingClassifier(
        [("a", FashionCNNClassifier()), ("b", model)]
    ),
    "encoder": lambda model: ImageEncoder(make_pipeline(model)),
    "array": lambda model: make_pipeline(np.array([None, {"x": (model,)}])),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_classifiers_are_found_anywhere(holder, stored):
    model = copy.deepcopy(stored)
    held = HOLDERS[holder](model)
    check_fitted_state(held)
    of_attribute("temperature_", -1.0)(model)
    with pytest.raises(ValueError, match="temperature"):
        check_fitted_state(held)


def test_a_model_that_contradicts_itself_is_neither_saved_nor_loaded(
    stored, tmp_path, monkeypatch
):
    path = tmp_path / "model.skops"
    model = make_pipeline(copy.deepcopy(stored))
    of_weights(lambda weights: weights[2].fill(np.nan))(model[-1])
    with pytest.raises(TypeError, match="finite weights"):
        save_model(model, path)
    with monkeypatch.context() as patch:
        patch.setattr(_save, "check_loaded", lambda estimator: None)
        save_model(model, path)
    with pytest.raises(ValueError, match=r"model\.skops .*finite weights in float32"):
        load_model(path)


@pytest.mark.parametrize("name", ["fashion-mnist", "fashion-mnist-compact"])
def test_pretrained_and_unfitted_classifiers_pass(name):
    check_fitted_state([FashionCNNClassifier(), load_pretrained(name)])


def test_a_circle_of_objects_ends():
    circle = []
    circle.append({"a": circle})
    check_fitted_state(circle)


def test_only_estimators_are_saved(tmp_path):
    with pytest.raises(TypeError, match="expected an estimator, not a dict"):
        save_model({"a": 1}, tmp_path / "model.skops")
