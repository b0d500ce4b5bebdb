"""The documentation builds without warnings, and its links lead somewhere."""

import inspect
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from sklearn.utils import estimator_html_repr

import fmnist_sk
from fmnist_sk import FashionCNNClassifier
from fmnist_sk._documentation import ADDRESS

ROOT = Path(__file__).parents[1]
# What a build leaves beside the sources.
BUILT = shutil.ignore_patterns("_build", "auto_examples", "generated", "__pycache__")
RUN_GALLERY = os.environ.get("FMNIST_SK_GALLERY") != "0"

ESTIMATORS = [
    FashionCNNClassifier(),
    fmnist_sk.ImageReshaper(),
    fmnist_sk.ImageNormalizer(),
    fmnist_sk.ImageAugmenter(),
    fmnist_sk.ImageEncoder(FashionCNNClassifier()),
    fmnist_sk.AugmentedOverSampler(),
]


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Return the folder of the pages, and the process that built them."""
    folder = tmp_path_factory.mktemp("site")
    for name in "docs", "examples":
        shutil.copytree(ROOT / name, folder / name, ignore=BUILT)
    for file in "README.md", "CHANGELOG.md", "CONTRIBUTING.md":
        shutil.copy(ROOT / file, folder)
    options = ["-n", "-W", "--keep-going"]
    options += [] if RUN_GALLERY else ["-D", "plot_gallery=0"]
    html = folder / "html"
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, folder / "docs", html],
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
    )
    return html, done


@pytest.mark.timeout(1800)
def test_the_documentation_builds_without_warnings(build):
    """And every example runs, unless FMNIST_SK_GALLERY=0: that takes minutes."""
    html, done = build
    assert done.returncode == 0, done.stderr
    for example in (ROOT / "examples").glob("**/plot_*.py"):
        path = example.relative_to(ROOT / "examples").with_suffix(".html")
        page = (html / "auto_examples" / path).read_text(encoding="utf-8")
        assert ("<img" in page) or not RUN_GALLERY
    assert not (html / "auto_examples" / "make_sample.html").exists()


def targets_of(page, name):
    """Return the targets of all links whose text is the name, as code."""
    text = page.read_text(encoding="utf-8")
    links = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>\s*<code[^>]*>(.*?)</code>', text)
    return {
        target.partition("#")[0]
        for target, code in links
        if re.sub("<[^>]*>", "", code) == name
    }


def test_names_in_prose_link_to_the_reference(build):
    html, _ = build
    page = "api/generated/fmnist_sk.load_pretrained.html"
    assert targets_of(html / "model_card.html", "load_pretrained()") == {page}
    # In docstrings too. A page of the reference lies beside the other ones.
    reference = html / "api" / "generated"
    links = targets_of(reference / "fmnist_sk.load_model.html", "save_model")
    assert links == {"fmnist_sk.save_model.html"}
    # Code blocks stay as they are.
    blocks = re.findall("<pre>.*?</pre>", (html / "index.html").read_text(), re.S)
    assert any("FashionCNNClassifier" in block for block in blocks)
    assert not any("<a " in block for block in blocks)


def test_parameters_have_headings(build):
    html, _ = build
    page = html / "api" / "generated" / "fmnist_sk.FashionCNNClassifier.html"
    found = re.findall(
        r'<p class="rubric">([\w ]+)</p>\s*<dl[^>]*>\s*<dt><strong>(\w+)</strong>',
        page.read_text(encoding="utf-8"),
    )
    groups = groups_of_parameters()
    assert found == [(group, names[0]) for group, names in groups.items()]


def groups_of_parameters():
    """Return the groups that the docstring lists, as the documentation does."""
    sys.path.insert(0, str(ROOT / "docs" / "_ext"))
    try:
        from parameter_groups import groups_of
    finally:
        sys.path.pop(0)
    return groups_of(inspect.getdoc(FashionCNNClassifier))


def test_the_groups_list_all_parameters_in_their_order():
    listed = [name for names in groups_of_parameters().values() for name in names]
    assert listed == list(inspect.signature(FashionCNNClassifier).parameters)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_diagrams_link_to_the_page_of_the_class(estimator, build):
    html, _ = build
    link = estimator._get_doc_link()
    assert f'href="{link}"' in estimator_html_repr(estimator)
    assert link.startswith(ADDRESS)
    assert (html / link.removeprefix(ADDRESS)).exists()


def test_classes_of_other_packages_have_no_link():
    class Custom(FashionCNNClassifier):
        pass

    assert Custom()._get_doc_link() == ""


def test_the_address_is_that_of_the_project():
    with open(ROOT / "pyproject.toml", "rb") as file:
        urls = tomllib.load(file)["project"].get("urls", {"Documentation": ADDRESS})
    assert ADDRESS.startswith(urls["Documentation"])
