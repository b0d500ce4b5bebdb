"""How Sphinx builds the documentation: `sphinx-build -n -W docs docs/_build/html`.

The build needs no network. `-D plot_gallery=0` shows the examples without running them.
"""

import sys
from pathlib import Path

from sphinx_gallery.sorting import ExplicitOrder

import fmnist_sk
from fmnist_sk._documentation import ADDRESS

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "fmnist_sk"
author = copyright = "The fmnist_sk developers"
version = release = fmnist_sk.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    # In `_ext`.
    "api_links",
    "offline",
    "parameter_groups",
]
default_role = "literal"
templates_path = ["_templates"]
exclude_patterns = ["_build", "_ext", "_templates"]

# Links ----------------------------------------------------------------------------

# Every link has to lead somewhere. Keras publishes no inventory of its pages.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"keras\..*")]
intersphinx_mapping = {
    "python": ("https://docs.python.org/3", None),
    "numpy": ("https://numpy.org/doc/stable", None),
    "pandas": ("https://pandas.pydata.org/docs", None),
    "sklearn": ("https://scikit-learn.org/stable", None),
    "matplotlib": ("https://matplotlib.org/stable", None),
    "joblib": ("https://joblib.readthedocs.io/en/stable", None),
    "imblearn": ("https://imbalanced-learn.org/stable", None),
}
intersphinx_timeout = 10
# Resolve links to headings, such as `install.md#get-the-data`, as GitHub does.
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

# Docstrings -----------------------------------------------------------------------

# The docstrings name the types of parameters; signatures need not repeat them.
autodoc_typehints = "none"
# One parameter per line, in a signature that is longer than a line.
python_maximum_signature_line_length = 88
numpydoc_show_class_members = False
# "fit()" instead of "FashionCNNClassifier.fit()" in the contents of a page.
toc_object_entries_show_parents = "hide"

# Appearance -----------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = f"{project} {version}"
html_baseurl = ADDRESS
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
# Pages without siblings have nothing to show in a side bar.
html_sidebars = {page: [] for page in ("index", "install", "search", "genindex")}
html_theme_options = {
    "logo": {"text": project},
    "navigation_with_keys": False,
    "show_nav_level": 1,
}
# Prompts and outputs are not copied.
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_selector = (
    "div:not(.highlight-text, .sphx-glr-script-out) > div.highlight pre"
)

# The guide shows figures of the gallery, which are missing if the gallery was not run.
if "plot_gallery=0" in sys.argv:
    suppress_warnings = ["image.not_readable"]

# Gallery --------------------------------------------------------------------------

EXAMPLES = Path(__file__).parents[1] / "examples"

sphinx_gallery_conf = {
    "examples_dirs": str(EXAMPLES),
    "ignore_pattern": r"^(?!plot_).*\.py$",
    "gallery_dirs": "auto_examples",
    "backreferences_dir": "api/generated/backreferences",
    "doc_module": ("fmnist_sk",),
    # What a learner needs first comes first. The projects have numbers, and new
    # examples follow at the end.
    "within_subsection_order": ExplicitOrder(
        [
            "plot_quickstart.py",
            "plot_photographs.py",
            "plot_training_curves.py",
            "plot_existing_pipeline.py",
            "plot_grid_search.py",
            "plot_calibration.py",
            "plot_augmentation.py",
            "plot_explanations.py",
            "plot_model_comparison.py",
            "plot_embedding.py",
            "plot_pixels_and_columns.py",
            "plot_label_errors.py",
            "plot_prediction_sets.py",
            *sorted(path.name for path in EXAMPLES.glob("reference_projects/plot_*")),
            "*",
        ]
    ),
    "remove_config_comments": True,
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
}
