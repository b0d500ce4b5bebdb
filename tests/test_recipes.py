"""Values that "auto" and None stand for."""

import numpy as np
import pytest
from _small import quick

from fmnist_sk import _engine
from fmnist_sk._training import OPTIMIZERS
from fmnist_sk._training._plan import (
    resolve_augmentation,
    resolve_learning_rate,
    resolve_length,
    resolve_precision,
    resolve_tta,
    resolve_weight_decay,
)
from fmnist_sk.architectures import (
    ARCHITECTURES,
    NetworkDescription,
    Recipe,
    describe_network,
    recipe_of,
)


def recipe(architecture, **parameters):
    return recipe_of(describe_network(architecture, (28, 28, 1), 10, parameters))


def test_resolved_lengths():
    usual = Recipe(epochs=5)
    assert resolve_length(usual, 60_000, "auto", "auto") == (5, 128)
    assert resolve_length(Recipe(epochs=9), 60_000, "auto", "auto") == (9, 128)
    for n in (1, 2, 50, 200, 1437, 6000):
        epochs, batch_size = resolve_length(usual, n, "auto", "auto")
        assert 1 <= batch_size <= n
        assert epochs >= resolve_length(usual, n + 1, "auto", "auto")[0]
    assert resolve_length(usual, 200, "auto", "auto") == (23, 16)
    assert resolve_length(usual, 10, 3, 100) == (3, 10)


def test_default_learning_rates():
    rates = [
        resolve_learning_rate(Recipe(rate=7), "adam", None, schedule)
        for schedule in ("constant", "cosine", "one_cycle")
    ]
    assert rates == pytest.approx([1e-3, 7e-3, 7e-3])
    assert resolve_learning_rate(Recipe(rate=7), "adam", 0.5, "cosine") == 0.5


def test_default_weight_decays():
    assert resolve_weight_decay("adam", None) == 0
    assert resolve_weight_decay("adamw", None) > 0
    assert resolve_weight_decay("adamw", 0.0) == 0
    assert all(settings["weight_decay"] >= 0 for settings in OPTIMIZERS.values())


def test_networks_without_batch_normalisation_are_trained_gently():
    """High learning rates need batch normalisation."""
    assert recipe("standard").rate > recipe("standard", batch_norm=False).rate
    assert recipe("two_conv").rate == Recipe().rate
    assert recipe("vgg", batch_norm=False).epochs == recipe("vgg").epochs
    own = NetworkDescription(lambda image_shape, n_classes: None, (28, 28, 1), 10, ())
    assert recipe_of(own) == Recipe()


@pytest.mark.parametrize("architecture", ["compact", "vgg"])
def test_auto_is_the_augmentation_of_the_recipe(architecture, sample):
    X, y = sample.X_train[:60], sample.y_train[:60]
    own = ARCHITECTURES[architecture].recipe.augmentation
    models = [
        quick(architecture=architecture, filters=4, augmentation=augmentation).fit(X, y)
        for augmentation in ("auto", own)
    ]
    for a, b in zip(*(clf._fitted.weights for clf in models), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("augmentation", "shape", "views"),
    [
        ({"horizontal_flip": 0.5}, (28, 28, 1), "flip"),
        ({"alternating_flip": 1}, (28, 28, 1), "flip"),
        ({"shift": 0.04}, (28, 28, 1), "shift"),
        ({"shift": 0.04}, (8, 8, 1), None),  # 0 pixels
        ({"shift": 0.04}, (64, 9, 3), None),
        ("light", (28, 28, 1), "flip_shift"),
        ({"horizontal_flip": 0.0, "erasing": 0.5}, (28, 28, 1), None),
        (None, (28, 28, 1), None),
    ],
)
def test_views_are_only_averaged_where_training_had_them(augmentation, shape, views):
    assert resolve_tta(Recipe(tta="flip_shift"), augmentation, shape) == views
    for alone in "flip", "shift":
        wanted = alone if alone in str(views) else None
        assert resolve_tta(Recipe(tta=alone), augmentation, shape) == wanted
    assert resolve_tta(Recipe(), augmentation, shape) is None


def test_views_by_default(sample):
    X, y = sample.X_train[:60], sample.y_train[:60]
    clf = quick(architecture="vgg", filters=4).fit(X, y)
    by_default = clf.predict_proba(X)
    np.testing.assert_array_equal(
        by_default, clf.set_params(tta="flip_shift").predict_proba(X)
    )
    assert np.abs(by_default - clf.set_params(tta=None).predict_proba(X)).max() > 0


@pytest.mark.parametrize("architecture", ["standard", "vgg"])
@pytest.mark.parametrize(
    ("shape", "pixels"), [((28, 28), 1), ((28, 56), 1), ((5, 500), 0), ((60, 30), 1)]
)
def test_a_default_shift_is_a_small_part_of_the_shorter_side(
    architecture, shape, pixels
):
    settings = resolve_augmentation(recipe(architecture), "auto", (*shape, 1))
    assert max(round(settings["shift"] * size) for size in shape) == pixels
    given = {"shift": 0.04}
    assert resolve_augmentation(recipe(architecture), given, (5, 500, 1)) == given


def test_strips_are_not_augmented_by_default():
    assert resolve_augmentation(recipe("vgg"), "auto", (1, 500, 1)) is None


@pytest.mark.parametrize("optimizer", ["adamw", "nesterov"])
def test_none_is_the_recipe(optimizer, sample):
    X, y = sample.X_train[:60], sample.y_train[:60]
    settings = {
        "learning_rate": ARCHITECTURES["compact"].recipe.rate
        * OPTIMIZERS[optimizer]["learning_rate"],
        "weight_decay": OPTIMIZERS[optimizer]["weight_decay"],
    }
    models = [quick(optimizer=optimizer, **given).fit(X, y) for given in ({}, settings)]
    for a, b in zip(*(clf._fitted.weights for clf in models), strict=True):
        np.testing.assert_array_equal(a, b)


def test_automatic_precision_is_what_the_processor_is_fast_at(monkeypatch):
    for fast, expected in (True, "bfloat16"), (False, "float32"):
        monkeypatch.setattr(_engine, "has_fast_bfloat16", lambda fast=fast: fast)
        assert resolve_precision("auto") == expected
        assert resolve_precision("float32") == "float32"
