"""Registry of architectures, and the public names of the subpackage."""

import importlib
import pickle
import re
import sys
from pathlib import Path

import numpy as np
import pytest

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


@pytest.fixture
def strided(tmp_path, monkeypatch):
    """The architecture of `docs/contributing.md`, for as long as a test takes."""
    page = (Path(__file__).parents[1] / "docs" / "contributing.md").read_text(
        encoding="utf-8"
    )
    section = page.partition("## Add an architecture")[2]
    code = re.search(r"^```py\n(.*?)^```", section, re.M | re.S)[1]
    (tmp_path / "_strided.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(
        architectures, "__path__", [*architectures.__path__, str(tmp_path)]
    )
    # The line that registers the architecture.
    importlib.import_module("._strided", "fmnist_sk.architectures")
    yield "strided"
    del _architecture._REGISTRY["strided"], architectures._strided
    del sys.modules["fmnist_sk.architectures._strided"]


def test_an_architecture_is_one_file_and_one_line(strided, images):
    X, y = images
    clf = FashionCNNClassifier(architecture=strided, random_state=0).fit(X, y)
    assert clf.score(X, y) > 0.7
    np.testing.assert_allclose(
        clf.to_keras().predict(X.reshape(-1, *SHAPE), verbose=0),
        clf.predict_proba(X),
        atol=2e-5,
    )
    assert recipe_of(describe(strided)).rate == 10
    assert Ensemble(strided, "compact") == Ensemble(strided, "compact")
    with pytest.raises(ValueError, match="'strided' is already registered"):
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
    """The public names do not depend on the modules that define them, either."""
    folder = Path(architectures.__file__).parent
    for path in folder.glob("*.py"):
        assert "sklearn" not in path.read_text(encoding="utf-8"), path
    for public in Ensemble, NetworkDescription:
        assert public.__module__ == "fmnist_sk.architectures"
    for name in architectures.__all__:
        assert getattr(architectures, name) is not None
        assert name in dir(architectures)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        architectures.nothing  # noqa: B018
    description = describe(Ensemble("compact", "vgg"))
    assert pickle.loads(pickle.dumps(description)) == description
