"""Imports: their cost, their direction, and private names."""

import ast
import pickle
from pathlib import Path

import joblib
import pytest
from _processes import run_python

import fmnist_sk
from fmnist_sk import FashionCNNClassifier, save_model

PACKAGE = Path(fmnist_sk.__file__).parent

USE_WITHOUT_ENGINE = """
import json, pickle, sys
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_html_repr

def report(step):
    heavy = {"tensorflow", "keras", "scikeras", "matplotlib"} & set(sys.modules)
    found[step] = sorted(heavy)

found = {}
import fmnist_sk
report("import")
from fmnist_sk import *
report("import *")
model = FashionCNNClassifier(filters=(8, 8, 8, 8), epochs=3)
report("construct")
model = clone(model)
report("clone")
assert model.get_params()["epochs"] == 3
report("get_params")
model.set_params(epochs=4, dropout=0.1)
report("set_params")
assert "epochs=4" in repr(model)
report("repr")
pipeline = make_pipeline(ImageReshaper(), ImageNormalizer(), ImageAugmenter(), model)
assert "FashionCNNClassifier" in pipeline._repr_html_()
assert "FashionCNNClassifier" in estimator_html_repr(model)
report("HTML repr")
assert pickle.loads(pickle.dumps(pipeline)).get_params()["memory"] is None
report("pickle")
if len(sys.argv) > 1:
    import joblib
    folder = sys.argv[1]
    for mmap_mode in (None, "r"):
        assert joblib.load(f"{folder}/model.joblib", mmap_mode=mmap_mode).n_iter_ == 1
    report("joblib.load")
    with open(f"{folder}/model.pickle", "rb") as file:
        loaded = pickle.load(file)
    report("pickle.load")
    assert "FashionCNNClassifier" in repr(loaded) and loaded._repr_html_()
    report("repr of a fitted model")
    assert not hasattr(clone(loaded), "n_iter_")
    report("clone of a fitted model")
    assert load_model(f"{folder}/model.skops").n_iter_ == 1
    report("load_model")
    save_model(loaded, f"{folder}/again.skops")
    report("save_model")
    loaded.predict([[0] * 784])
    report("predict")
print(json.dumps(found))
"""


def test_nothing_but_fit_and_predict_starts_tensorflow(sample, tmp_path):
    model = FashionCNNClassifier(architecture="compact", epochs=1, random_state=0)
    model.fit(sample.X_train[:64], sample.y_train[:64])
    joblib.dump(model, tmp_path / "model.joblib")
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(model))
    save_model(model, tmp_path / "model.skops")
    found = run_python(USE_WITHOUT_ENGINE, tmp_path)
    assert {"keras", "tensorflow"} <= set(found.pop("predict"))  # is detected
    assert len(found) == 15
    assert not any(found.values()), found


def test_the_public_names_are_listed_and_importable():
    assert set(fmnist_sk.__all__) <= set(dir(fmnist_sk))
    namespace = {}
    exec("from fmnist_sk import *", namespace)
    assert set(fmnist_sk.__all__) <= set(namespace)
    for name in fmnist_sk.__all__:
        assert getattr(fmnist_sk, name) is namespace[name]


def test_type_checkers_see_the_same_public_names():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    # To type checkers, an alias makes a name public, even an alias of the same name.
    seen = {alias.asname: node.module for node in block.body for alias in node.names}
    assert seen == fmnist_sk._MODULE_OF
    assert {*seen, "__version__"} == set(fmnist_sk.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'fmnist_sk' has no attribute 'nothing'"):
        fmnist_sk.nothing  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        exec("from fmnist_sk import nothing")


# Rooms ----------------------------------------------------------------------------

# Modules and packages of fmnist_sk, low to high. A room imports from the rooms above it
# in this list, never from those below. Where the order differs from the table in the
# design: `encoder` uses `inspection` and `pretrained`, so it comes after them.
ROOMS = [
    "_compat",
    "_saving",
    "_warnings",
    "_documentation",
    "_engine",
    "_images",
    "_pictures",
    "datasets",
    "_validation",
    "_pipelines",
    "preprocessing",
    "augmentation",
    "architectures",
    "_batches",
    "_training",
    "_inference",
    "classifier",
    "persistence",
    "onnx",
    "inspection",
    "metrics",
    "model_selection",
    "plotting",
    "pretrained",
    "encoder",
    "novelty",
    "_cli",
    "app",
]
# `python -m fmnist_sk` parses the arguments in one module and runs them in `_cli`.
# The classifier's labels, learning and logits are modules beside it.
PART_OF = {"__main__": "_cli", "_learning": "classifier", "_logits": "classifier"}


def modules_in(package):
    """Return the path (a tuple of names) and the syntax tree of each module."""
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        yield (
            path.relative_to(package).as_posix(),
            parts,
            ast.parse(path.read_text(encoding="utf-8")),
        )


def names_used(tree, parts, package="fmnist_sk"):
    """Return the dotted names of the package that a module imports or accesses."""
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            source = tuple(node.module.split(".")) if node.module else ()
            if node.level:
                source = parts[: len(parts) - node.level] + source
            elif source[0] == package:
                source = source[1:]
            else:
                continue
            for alias in node.names:
                modules[alias.asname or alias.name] = (*source, alias.name)
                yield (*source, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith(f"{package}."):
                    yield tuple(alias.name.split("."))[1:]
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in modules
        ):
            yield (*modules[node.value.id], node.attr)


def room_of(name):
    return PART_OF.get(name, name)


def uses_of_other_rooms(package):
    """Return triples of file, room of the file, and name used from another room."""
    rooms = {parts[0] for _, parts, _ in modules_in(package)}
    for file, parts, tree in modules_in(package):
        if parts == ("__init__",):  # offers the public names of all rooms
            continue
        room = room_of(parts[0])
        for name in names_used(tree, parts):
            # A name that is not a room is a name of the package itself: `__version__`.
            if name[0] in rooms and room_of(name[0]) != room:
                yield file, room, name


def upward_imports(package):
    return {
        f"{file}: {'.'.join(name)}"
        for file, room, name in uses_of_other_rooms(package)
        if ROOMS.index(room_of(name[0])) > ROOMS.index(room)
    }


def private_uses(package):
    return {
        f"{file}: {'.'.join(name)}"
        for file, _, name in uses_of_other_rooms(package)
        # `_compat` offers private names of scikit-learn, under their own names.
        if name[0] != "_compat"
        and any(part.startswith("_") and part[:2] != "__" for part in name[1:])
    }


def test_every_module_belongs_to_a_room():
    modules = {room_of(parts[0]) for _, parts, _ in modules_in(PACKAGE)}
    assert modules - {"__init__"} <= set(ROOMS)


def test_imports_go_downward_only():
    assert upward_imports(PACKAGE) == set()


def test_private_names_stay_in_their_room():
    assert private_uses(PACKAGE) == set()


def test_the_rules_of_the_rooms_are_noticed(tmp_path):
    files = {
        "_images/__init__.py": "from ._arrays import rows",
        "_images/_arrays.py": "def f():\n    from ..plotting import grid",
        "plotting/__init__.py": "from .. import _images\n_images._LIMIT\n_images.rows",
        "plotting/_grid.py": "from .._images._arrays import rows\nfrom ._axes import a",
        "plotting/_axes.py": "from fmnist_sk._images import _f\nimport fmnist_sk._cli",
        "_cli.py": "from . import __version__, _images as i\ni._arrays.rows",
        "__main__.py": "from ._cli import _commands",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    assert upward_imports(tmp_path) == {
        "_images/_arrays.py: plotting.grid",
        "plotting/_axes.py: _cli",
    }
    assert private_uses(tmp_path) == {
        "plotting/__init__.py: _images._LIMIT",
        "plotting/_grid.py: _images._arrays.rows",
        "plotting/_axes.py: _images._f",
        "_cli.py: _images._arrays",
    }


def modules_importing(package):
    """Return the modules of fmnist_sk that import a package or one of its modules."""

    def names(tree):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    return {
        file
        for file, _, tree in modules_in(PACKAGE)
        if any(f"{name}.".startswith(f"{package}.") for name in names(tree))
    }


def test_one_module_imports_scikeras():
    assert modules_importing("scikeras") == {"_training/_scikeras.py"}


def test_one_module_imports_the_parameter_validation_of_scikit_learn():
    found = modules_importing("sklearn.utils._param_validation")
    assert "_compat.py" in found
    assert found == {"_compat.py"}
