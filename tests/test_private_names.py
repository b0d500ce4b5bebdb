"""Private names of other packages: each is known, and still where it was.

Other packages may change their private names in any version. A name that moves fails
one of these tests, which names it. Add a name to the lists only if there is no public
way, and use it in one place.
"""

import ast
import importlib
import sys
from pathlib import Path

import keras
import pytest
import sklearn
from scikeras.wrappers import BaseWrapper
from sklearn.base import BaseEstimator
from sklearn.utils.fixes import parse_version

import fmnist_sk
from fmnist_sk import _engine
from fmnist_sk._compat import CALLBACK_ATTRIBUTES, CallbackSupportMixin

FILES = sorted(Path(fmnist_sk.__file__).parent.rglob("*.py"))
HAS_CALLBACKS = parse_version(sklearn.__version__) >= parse_version("1.9")

IMPORTED = {
    "keras.src.backend.common.global_state",
    "sklearn.base._fit_context",
    "sklearn.utils._param_validation.HasMethods",
    "sklearn.utils._param_validation.Interval",
    "sklearn.utils._param_validation.InvalidParameterError",
    "sklearn.utils._param_validation.Options",
    "sklearn.utils._param_validation.StrOptions",
    "sklearn.utils._param_validation.validate_params",
    "sklearn.utils._safe_indexing",
    "sklearn.utils._set_output._get_output_config",
    "sklearn.utils.metadata_routing._routing_enabled",
    "sklearn.utils.multiclass._check_partial_fit_first_call",
    "sklearn.utils.parallel._threadpool_controller_decorator",
    "sklearn.utils.validation._check_sample_weight",
    "sklearn.utils.validation._num_samples",
    "tensorflow.python.eager.context",
    "tensorflow.python.framework.config",
}
# Attributes of objects of other packages, each with a check that it exists.
ATTRIBUTES = {
    "_getframe": lambda: sys._getframe,
    "_init_callback_context": lambda: (
        not HAS_CALLBACKS or CallbackSupportMixin._init_callback_context
    ),
    "_initialized": lambda: hasattr(_context(), "_initialized"),
    "_keras_history": lambda: keras.Input((1,))._keras_history.operation,
    "_validate_params": lambda: BaseEstimator._validate_params,
}
# Methods of other packages that our classes override.
OVERRIDDEN = [
    (BaseWrapper, "_validate_data"),
    (BaseWrapper, "_ensure_compiled_model"),
    (BaseWrapper, "feature_encoder"),
    (BaseWrapper, "target_encoder"),
    (BaseEstimator, "_doc_link_module"),
    (BaseEstimator, "_get_doc_link"),
]


def _context():
    _engine.start()
    return importlib.import_module("tensorflow.python.eager.context").context()


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def private_imports(tree):
    """Yield the private names of other packages that a module imports."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or node.level:
            continue
        package = node.module.partition(".")[0]
        if package in sys.stdlib_module_names or package == "fmnist_sk":
            continue
        for alias in node.names:
            parts = [*node.module.split("."), alias.name]
            is_inside = parts[1:2] in (["src"], ["python"])
            if is_inside or any(map(is_private, parts)):
                yield ".".join(parts)


def names_defined(tree):
    """Yield the names that a module defines or assigns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def private_attributes(tree, own):
    """Yield the private attributes that a module reads, unless they are our own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            of_self = isinstance(node.value, ast.Name) and node.value.id == "self"
            if not of_self and node.attr not in own:
                yield node.attr


@pytest.fixture(scope="module")
def trees():
    return [ast.parse(file.read_text(encoding="utf-8")) for file in FILES]


def test_private_imports_are_known(trees):
    assert {name for tree in trees for name in private_imports(tree)} == IMPORTED


def test_private_attributes_are_known(trees):
    own = {name for tree in trees for name in names_defined(tree)}
    own |= {file.stem for file in FILES}
    found = {name for tree in trees for name in private_attributes(tree, own)}
    assert found == set(ATTRIBUTES)


@pytest.mark.parametrize("name", sorted(IMPORTED))
def test_a_private_import_is_where_it_was(name):
    module, _, attribute = name.rpartition(".")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError:
        pytest.fail(f"The module {module} is gone.")
    if not hasattr(found, attribute):
        try:
            importlib.import_module(name)  # a module
        except ModuleNotFoundError:
            pytest.fail(f"{name} is gone. The package imports it.")


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_private_attribute_exists(name):
    try:
        found = ATTRIBUTES[name]()
    except AttributeError as error:
        pytest.fail(f"The attribute {name} is gone: {error}.")
    assert found


@pytest.mark.parametrize(("owner", "name"), OVERRIDDEN)
def test_an_overridden_method_exists(owner, name):
    assert hasattr(owner, name), f"{owner.__name__} no longer calls {name}."


@pytest.mark.skipif(not HAS_CALLBACKS, reason="scikit-learn < 1.9 has no callbacks")
def test_callbacks_are_kept_where_we_expect_them():
    """`save_model` and copies leave these attributes out."""
    from sklearn.callback import ProgressBar

    estimator = fmnist_sk.FashionCNNClassifier().set_callbacks(ProgressBar())
    added = set(vars(estimator)) - set(vars(fmnist_sk.FashionCNNClassifier()))
    assert added == {"_skl_callbacks"}
    assert added < CALLBACK_ATTRIBUTES
