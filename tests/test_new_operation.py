"""Addition of an augmentation operation by one file and one line."""

import importlib
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from _augmented import augment, make_images
from _small import quick
from numpy.testing import assert_allclose, assert_array_equal

import fmnist_sk.augmentation
from fmnist_sk import AugmentedOverSampler
from fmnist_sk.augmentation import MIXING, check_augmentation, mix_images
from fmnist_sk.augmentation._operation import (
    OPERATIONS,
    MixingOperation,
    Operation,
    Setting,
    register,
)

PAGE = Path(__file__).parent.parent / "docs" / "contributing.md"

HALVES = '''
"""The left half of one image and the right half of another one."""

from numbers import Real

import numpy as np

from .._compat import Interval
from ._operation import MixingOperation, Setting, register


def join(images, partners, settings, rng):
    width = images.shape[2]
    left = np.arange(width)[:, None] < width // 2
    shares = np.full(len(images), width // 2 / width)
    return np.where(left, images, partners), shares


register(
    MixingOperation(
        name="halves",
        settings={"halves": Setting(Interval(Real, 0, 1, closed="both"), "Share.")},
        function=join,
    )
)
'''


@pytest.fixture
def add_operation(tmp_path, monkeypatch):
    """Return a function that writes the file of an operation and imports it."""
    registered = dict(OPERATIONS)
    package = fmnist_sk.augmentation
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    modules = []

    def add(name, source):
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        modules.append(f"{package.__name__}.{name}")
        importlib.import_module(modules[-1])

    yield add
    OPERATIONS.clear()
    OPERATIONS.update(registered)
    for module in modules:
        sys.modules.pop(module, None)
        vars(package).pop(module.rpartition(".")[2], None)


@pytest.fixture
def posterize(add_operation):
    """Add the operation of the page, with the line of the page."""
    section = PAGE.read_text(encoding="utf-8").split(
        "## Add an augmentation operation"
    )[1]
    source, line, *_ = re.findall(r"```py\n(.*?)```", section, re.S)
    name = re.fullmatch(r"from \. import (\w+) as \1\n", line)[1]
    add_operation(name, source)
    return {"posterize": 1.0, "posterize_levels": 2}


@pytest.fixture(scope="module")
def few(sample):
    return sample.X_train[:64], sample.y_train[:64]


def test_it_is_applied_everywhere(posterize, few):
    X, y = few
    images = X.reshape(-1, 28, 28, 1)
    assert all(len(np.unique(image)) == 2 for image in augment(images, posterize))
    assert check_augmentation({"posterize": 0.5})["posterize_levels"] == 4
    sampler = AugmentedOverSampler(augmentation=posterize, random_state=0)
    copies = sampler.fit_resample(X, y)[0][len(X) :]
    originals = X[sampler.sample_indices_[len(X) :]].reshape(-1, 28, 28, 1)
    assert_array_equal(copies, augment(originals, posterize).reshape(len(copies), -1))


def test_a_classifier_trains_with_it(posterize, few):
    plain, changed = (
        quick(epochs=1, augmentation=augmentation).fit(*few).predict_proba(few[0])
        for augmentation in (None, posterize)
    )
    assert (plain != changed).any()
    with pytest.raises(ValueError, match=r"'posterize_levels' must be .* Got 1"):
        quick(augmentation={"posterize": 1, "posterize_levels": 1}).fit(*few)


def test_errors_name_its_settings_and_random_numbers_of_others_stay(posterize):
    with pytest.raises(ValueError, match=r"Valid settings are .*'posterize'"):
        check_augmentation({"blur": 1})
    images = make_images()
    flipped = augment(images, {"horizontal_flip": 0.5})
    both = augment(images, {"horizontal_flip": 0.5, "posterize": 1e-9})
    assert_array_equal(both, flipped)


def test_an_operation_that_mixes_shares_the_images_with_the_others(add_operation, few):
    add_operation("_halves", HALVES)
    assert "halves" in MIXING
    images = make_images((3000, 1, 4, 1), float)
    settings = {"mixup": 0.3, "mixup_alpha": 1.0, "halves": 0.3, "cutmix": 0.3}
    mixed, partners, shares = mix_images(images, settings, np.random.default_rng(0))
    joined = (mixed[:, :, :2] == images[:, :, :2]).all(axis=(1, 2, 3))
    joined &= (mixed[:, :, 2:] == images[partners][:, :, 2:]).all(axis=(1, 2, 3))
    assert_allclose((joined & (shares == 0.5)).mean(), 0.3, atol=0.06)
    unmixed = (shares == 1) & (mixed == images).all(axis=(1, 2, 3))
    assert 0.1 < unmixed.mean() < 0.2  # CutMix draws empty rectangles, too
    with pytest.raises(ValueError, match="also mix labels"):
        augment(make_images(), {"halves": 1})
    quick(epochs=1, augmentation={"halves": 1.0}).fit(*few)


def test_names_are_taken_once():
    setting = Setting(OPERATIONS["move"].settings["zoom"].values, "Amount.")
    before = dict(OPERATIONS)
    for name, settings, message in [
        ("move", {"jump": setting}, r"\['move'\] are already registered"),
        ("jump", {"zoom": setting}, r"\['zoom'\] are already registered"),
    ]:
        with pytest.raises(ValueError, match=message):
            register(Operation(name, settings, function=None))
    with pytest.raises(ValueError, match="requires a setting 'swap'"):
        register(MixingOperation("swap", {"exchange": setting}, function=None))
    assert before == OPERATIONS


def test_the_documentation_lists_every_setting_and_reference():
    doc = " ".join(check_augmentation.__doc__.split())
    for operation in OPERATIONS.values():
        for name, setting in operation.settings.items():
            assert f"- `{name}`: {setting.description[:20]}" in doc
        if operation.reference:
            assert operation.reference in doc
    assert "[4]_" in doc
    assert "[5]_" not in doc
