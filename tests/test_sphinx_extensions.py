"""The extensions in `docs/_ext`, each in a small project with an inventory or none."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).parents[1] / "docs" / "_ext"
# Nothing listens there, so the inventory cannot be downloaded.
UNREACHABLE = "http://127.0.0.1:9/objects.inv"

OTHER_PROJECT = """
Other
=====

.. py:class:: sklearn.model_selection.GridSearchCV

   .. py:method:: predict_proba

.. py:function:: sklearn.base.clone
.. py:function:: sklearn.svm.predict_proba
"""
CONF = """
import sys
sys.path.insert(0, {path!r})
extensions = ["sphinx.ext.intersphinx", "api_links", "offline"]
intersphinx_mapping = {{"sklearn": ("https://sklearn.test", {inventory!r})}}
"""
PAGE = """
Uses ``Own``
============

.. py:class:: own.Own

   .. py:method:: fit

:doc:`page`
"""


def run_sphinx(folder, conf, **pages):
    """Build a project, and return the process and the folder of its pages."""
    folder.mkdir()
    (folder / "conf.py").write_text(conf, encoding="utf-8")
    for name, text in pages.items():
        (folder / f"{name}.rst").write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-n",
        "-W",
        folder,
        folder / "html",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    return done, folder / "html"


@pytest.fixture(scope="module")
def inventory(tmp_path_factory):
    folder = tmp_path_factory.mktemp("other") / "project"
    done, html = run_sphinx(folder, "", index=OTHER_PROJECT)
    assert done.returncode == 0, done.stderr
    return str(html / "objects.inv")


def build(folder, inventory, text):
    """Build a project whose second page is the text, and return its HTML."""
    conf = CONF.format(path=str(EXTENSIONS), inventory=inventory)
    page = f":orphan:\n\nPage of ``Own``\n===============\n\n{text}\n"
    done, html = run_sphinx(folder / "project", conf, index=PAGE, page=page)
    page = html / "page.html"
    return done, page.read_text(encoding="utf-8") if page.exists() else ""


def links_in(html):
    return {
        re.sub("<[^>]*>", "", text): target
        for target, text in re.findall(r'href="([^"]*)"[^>]*>(<code.*?)</a>', html)
    }


def test_names_become_links(inventory, tmp_path):
    names = ["Own", "Own()", "own.Own", "Own.fit", "Own(1, size=2)", "Other"]
    names += ["GridSearchCV", "sklearn.base.clone", "clone", "predict_proba"]
    text = " ".join(f"``{name}``" for name in names) + "\n\n::\n\n   Own"
    done, html = build(tmp_path, inventory, text)
    assert done.returncode == 0, done.stderr
    # `clone` and `predict_proba` alone may mean something else.
    assert links_in(html) == {
        "Own": "index.html#own.Own",
        "Own()": "index.html#own.Own",
        "own.Own": "index.html#own.Own",
        "Own.fit": "index.html#own.Own.fit",
        "Own(1, size=2)": "index.html#own.Own",
        "GridSearchCV": "https://sklearn.test/index.html"
        "#sklearn.model_selection.GridSearchCV",
        "sklearn.base.clone": "https://sklearn.test/index.html#sklearn.base.clone",
    }
    assert "<h1>Page of <code" in html  # no link in the heading
    code_block = re.search("<pre>.*?</pre>", html, re.S)[0]
    assert "Own" in code_block
    assert "<a" not in code_block


def test_a_missing_inventory_is_no_warning(tmp_path):
    reference = ":class:`sklearn.model_selection.GridSearchCV`"
    done, html = build(tmp_path, UNREACHABLE, reference)
    assert done.returncode == 0, done.stderr
    assert "GridSearchCV" in html
    assert links_in(html) == {}


@pytest.mark.parametrize("wrong", [":class:`own.Missing`", ":ref:`missing`"])
def test_wrong_links_are_found_without_an_inventory(wrong, tmp_path):
    done, _ = build(tmp_path, UNREACHABLE, wrong)
    assert done.returncode != 0
    assert "issing" in done.stderr


def test_wrong_links_to_other_projects_are_found(inventory, tmp_path):
    done, _ = build(tmp_path, inventory, ":class:`sklearn.Missing`")
    assert done.returncode != 0
    assert "sklearn.Missing" in done.stderr
