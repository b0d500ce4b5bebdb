"""The package imports what pyproject.toml declares, and has one version."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import fmnist_sk

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "fmnist_sk").rglob("*.py"))
# Parts of the paths of modules that belong to an extra as a whole.
EXTRAS = {"fmnist_sk/onnx/": "onnx", "architectures/_onnx": "onnx"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def names_of(requirements):
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def imported_by(source):
    """Yield every package that is imported, with the extra that installs it, or None.

    `optional_import("skops.io", extra="skops", why="…")` imports with an extra.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module, None
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "optional_import":
            (extra,) = (word.value for word in node.keywords if word.arg == "extra")
            yield node.args[0].value, extra.value


def undeclared(sources, project, own_extra=None):
    """Pairs of an import and its extra, of imports that are not declared.

    Modules that belong to an extra as a whole import its packages directly.
    """
    distributions = packages_distributions()
    optional = project["optional-dependencies"]
    belong = names_of(optional[own_extra]) if own_extra else set()
    problems = set()
    for source in sources:
        for module, extra in imported_by(source):
            package = module.partition(".")[0]
            if package in sys.stdlib_module_names or package == "fmnist_sk":
                continue
            declared = names_of(optional[extra] if extra else project["dependencies"])
            declared |= belong
            owners = map(canonicalize_name, distributions.get(package, [package]))
            if declared.isdisjoint(owners):
                problems.add((package, extra))
    return problems


def test_every_imported_package_is_declared():
    by_extra = {None: []}
    for file in FILES:
        extra = next(
            (extra for part, extra in EXTRAS.items() if part in file.as_posix()), None
        )
        by_extra.setdefault(extra, []).append(file)
    assert by_extra.keys() == {None, *EXTRAS.values()}
    sources = [file.read_text(encoding="utf-8") for file in FILES]
    assert ("skops.io", "skops") in {pair for s in sources for pair in imported_by(s)}
    for extra, files in by_extra.items():
        sources = [file.read_text(encoding="utf-8") for file in files]
        assert undeclared(sources, PROJECT["project"], extra) == set()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f():\n    import polars.io", {("polars", None)}),
        ("from skops.io import load", {("skops", None)}),  # only with the extra
        ('optional_import("optuna", extra="skops", why="f")', {("optuna", "skops")}),
        ("import os, sklearn.base\nfrom . import polars", set()),
    ],
)
def test_an_undeclared_package_is_noticed(source, found):
    assert undeclared([source], PROJECT["project"]) == found


def test_every_requirement_has_a_lower_bound():
    project = PROJECT["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    requirements = [Requirement(line) for lines in lists for line in lines]
    assert [
        str(requirement)
        for requirement in requirements
        if requirement.name != "fmnist-sk"
        and {specifier.operator for specifier in requirement.specifier} != {">="}
    ] == []


def test_the_version_stands_in_one_place():
    assert "version" not in PROJECT["project"]
    assert "version" in PROJECT["project"]["dynamic"]
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "fmnist_sk/__init__.py"
    source = (ROOT / "fmnist_sk" / "__init__.py").read_text(encoding="utf-8")
    assert f'\n__version__ = "{fmnist_sk.__version__}"\n' in source
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert not re.search(r"^version:", citation, re.M)


def test_the_changelog_begins_with_the_version():
    """A development version (`.dev0`) has the section of the release to come."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (.*)$", changelog, re.M)[1]
    assert newest == fmnist_sk.__version__.removesuffix(".dev0")
