"""The registry of architectures, and what their room offers."""

import importlib
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils._param_validation import StrOptions

from fmnist_sk import FashionCNNClassifier, architectures
from fmnist_sk.architectures import (
    ARCHITECTURES,
    Architecture,
    Ensemble,
    NetworkDescription,
    Recipe,
    _architecture,
    describe_network,
    recipe_of,
    register,
)

SHAPE = (28, 28, 1)


@pytest.fixture(scope="module")
def images(sample):
    """Two hundred real images, read-only."""
    return sample.X_train[:200], sample.y_train[:200]


def describe(architecture):
    return describe_network(architecture, SHAPE, 10, {})


NEW_ARCHITECTURE = """
from fmnist_sk.architectures import Architecture, Recipe, register


def _features(x, blocks, parameters, options):
    for filters in parameters["filters"]:
        x = blocks.conv(x, filters, parameters["kernel_size"], strides=2, **options)
    return blocks.global_average_pool(x)


register(
    Architecture(
        name="strided",
        defaults={
            "filters": (16, 32),
            "kernel_size": 3,
            "dense_units": (),
            "dropout": 0.0,
            "activation": "relu",
            "batch_norm": True,
        },
        recipe=Recipe(epochs=4, rate=10.0),
        features=_features,
    )
)
"""


@pytest.fixture
def strided(tmp_path, monkeypatch):
    """The new architecture for as long as a test takes."""
    (tmp_path / "strided_architecture.py").write_text(NEW_ARCHITECTURE)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("strided_architecture")  # the line that registers it
    # The estimator's names are those of when its module was imported.
    constraint = [StrOptions(set(ARCHITECTURES))]
    constraints = FashionCNNClassifier._parameter_constraints
    monkeypatch.setitem(constraints, "architecture", constraint)
    yield "strided"
    del _architecture._REGISTRY["strided"], sys.modules["strided_architecture"]


def test_an_architecture_is_one_file_and_one_line(strided, images):
    X, y = images
    clf = FashionCNNClassifier(architecture=strided, random_state=0).fit(X, y)
    assert clf.score(X, y) > 0.7
    assert clf.n_iter_ > 4  # few images
    np.testing.assert_allclose(
        clf.to_keras().predict(X.reshape(-1, *SHAPE), verbose=0),
        clf.predict_proba(X),
        atol=2e-5,
    )
    assert recipe_of(describe(strided)).rate == 10
    assert Ensemble(strided, "compact") == Ensemble(strided, "compact")
    with pytest.raises(ValueError, match="named 'strided' already"):
        register(ARCHITECTURES[strided])


def test_an_architecture_has_a_default_for_every_parameter():
    incomplete = Architecture("incomplete", {"filters": (1,)}, Recipe(), len)
    with pytest.raises(ValueError, match="defaults"):
        register(incomplete)
    assert "incomplete" not in ARCHITECTURES


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="compact, resnet"):
        describe("alexnet")


def test_the_room_knows_neither_scikit_learn_nor_an_engine_of_its_own():
    """Nor do its public names move with the modules they are defined in."""
    folder = Path(architectures.__file__).parent
    for path in folder.glob("*.py"):
        assert "sklearn" not in path.read_text(), path
    for public in Ensemble, NetworkDescription:
        assert public.__module__ == "fmnist_sk.architectures"
    for name in architectures.__all__:
        assert getattr(architectures, name) is not None
        assert name in dir(architectures)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        architectures.nothing  # noqa: B018
    description = describe(Ensemble("compact", "vgg"))
    assert pickle.loads(pickle.dumps(description)) == description
