"""Every block of Python in the README and the docs runs."""

import os
import re
from importlib.util import find_spec
from pathlib import Path
from unittest import mock

import matplotlib as mpl
import pytest

import fmnist_sk
from fmnist_sk import augmentation, inspection, plotting

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WITH_CODE = {
    "README.md",
    "coming_from.md",
    "index.md",
    "many_machines.md",
    "parallel.md",
    "pitfalls.md",
    "recipes.md",
    "user_guide.md",
}


def blocks_of(page):
    return re.findall(
        r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S
    )


def test_the_pages_with_code_are_known():
    assert {page.name for page in PAGES if blocks_of(page)} == WITH_CODE


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks_of(page)], ids=lambda page: page.stem
)
@mock.patch.dict(os.environ)  # a LocalCluster of Dask sets the number of threads
def test_code_runs(page, tmp_path, monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    mpl.use("Agg")
    namespace = {"__name__": "page"}
    try:
        for block in blocks_of(page):
            if "sklearn.callback" in block and not find_spec("sklearn.callback"):
                continue  # scikit-learn < 1.9
            exec(compile(block, str(page), "exec"), namespace)
    finally:
        plt.close("all")


def test_every_public_name_has_a_page():
    listed = re.findall(
        r"^(?:   |\.\. data:: )(\w+)$",
        (ROOT / "docs" / "api.rst").read_text(encoding="utf-8"),
        re.M,
    )
    public = {*fmnist_sk.__all__, *plotting.__all__, *inspection.__all__}
    for_other_rooms = {"MIXING", "PRESETS", "VIEWS", "mirrors_images", "takes_turns"}
    for_other_rooms |= {"frame_like", "library_of"}
    public |= {*augmentation.__all__} - for_other_rooms
    public |= {"Ensemble", "expected_calibration_error", "tidy_cv_results"}
    assert sorted(listed) == sorted(public - {"__version__"})
