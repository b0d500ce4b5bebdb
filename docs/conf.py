"""How Sphinx builds the documentation: `sphinx-build -W docs docs/_build/html`.

Nothing is downloaded. `-D plot_gallery=0` shows the examples without running them.
"""

import re
import sys

import fmnist_sk

project = "fmnist_sk"
author = copyright = "The fmnist_sk developers"
version = release = fmnist_sk.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
default_role = "literal"
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates"]

# Resolve links to headings, such as `install.md#get-the-data`, as GitHub does.
myst_heading_anchors = 3

# The docstrings name the types of parameters; signatures need not repeat them.
autodoc_typehints = "none"
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = f"{project} {version}"
html_show_sourcelink = False
html_theme_options = {
    "header_links_before_dropdown": 6,
    "navigation_with_keys": False,
}


# The guide shows figures of the gallery, which are missing if the gallery was not run.
if "plot_gallery=0" in sys.argv:
    suppress_warnings = ["image.not_readable"]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "ignore_pattern": r"^(?!plot_).*\.py$",
    "gallery_dirs": "auto_examples",
    "backreferences_dir": "api/generated/backreferences",
    "doc_module": ("fmnist_sk",),
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
}


def without_references(app, what, name, obj, options, lines):
    """Turn references in scikit-learn's docstrings, which lead nowhere here, to text.

    Methods like `set_output` are inherited with their docstrings.
    """
    text = re.sub(r":ref:`([^`<]+?)\s*<[^`>]+>`", r"\1", "\n".join(lines))
    text = re.sub(r":ref:`[^`]+`", "scikit-learn's documentation", text)
    lines[:] = re.sub(r":term:`([^`<]+?)(\s*<[^`>]+>)?`", r"\1", text).split("\n")


def setup(app):
    """Connect what Sphinx is to call."""
    app.connect("autodoc-process-docstring", without_references)
