"""What an import brings along, and what has to wait for the first fit."""

import ast
import pickle
import statistics
import subprocess
import sys
import time
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
print(json.dumps(found))
"""


def test_nothing_but_fit_and_predict_starts_tensorflow(sample, tmp_path):
    model = FashionCNNClassifier(architecture="compact", epochs=1, random_state=0)
    model.fit(sample.X_train[:64], sample.y_train[:64])
    joblib.dump(model, tmp_path / "model.joblib")
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(model))
    save_model(model, tmp_path / "model.skops")
    found = run_python(USE_WITHOUT_ENGINE, tmp_path)
    assert len(found) == 15
    assert not any(found.values()), found


def test_predicting_does_start_tensorflow():
    # The check above could see it.
    code = """
import json, sys
from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample
X, y = load_fashion_mnist_sample(subset="test", return_X_y=True)
FashionCNNClassifier(architecture="compact", epochs=1).fit(X[:64], y[:64])
names = "tensorflow", "keras", "scikeras", "matplotlib"
print(json.dumps([name for name in names if name in sys.modules]))
"""
    assert run_python(code)[:3] == ["tensorflow", "keras", "scikeras"]


def seconds_to_import(module):
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
    return time.perf_counter() - start


def test_importing_costs_little_more_than_scikit_learn():
    ratios = []
    for _ in range(3):
        times = {"fmnist_sk": [], "sklearn.pipeline": []}
        for _ in range(5):
            for module, measured in times.items():
                measured.append(seconds_to_import(module))
        ours, theirs = map(statistics.median, times.values())
        ratios.append(ours / theirs)
        if ratios[-1] <= 1.3:
            return
    pytest.fail(f"import fmnist_sk takes {ratios} times import sklearn.pipeline")


def test_the_public_names_are_listed_and_importable():
    assert set(fmnist_sk.__all__) <= set(dir(fmnist_sk))
    namespace = {}
    exec("from fmnist_sk import *", namespace)
    assert set(fmnist_sk.__all__) <= set(namespace)
    for name in fmnist_sk.__all__:
        assert getattr(fmnist_sk, name) is namespace[name]


def test_type_checkers_see_the_same_public_names():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    (block,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    # An alias, even of the same name, is what makes a name public to them.
    seen = {alias.asname: node.module for node in block.body for alias in node.names}
    assert seen == fmnist_sk._MODULE_OF
    assert {*seen, "__version__"} == set(fmnist_sk.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'fmnist_sk' has no attribute 'nothing'"):
        fmnist_sk.nothing  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        exec("from fmnist_sk import nothing")


def imports_of(path):
    """The top-level packages a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def test_one_module_imports_scikeras():
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "scikeras" in imports_of(path)
    }
    assert found == {"_training/_scikeras.py"}
