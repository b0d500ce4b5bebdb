"""Every block of Python in the README and the docs runs."""

import os
import re
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from unittest import mock

import matplotlib as mpl
import pytest
from _pages import blocks_of, same_output

import fmnist_sk
from fmnist_sk import augmentation, inspection, plotting

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("guide/*"))]
BLOCKS = {
    str(page.relative_to(ROOT).with_suffix("")): blocks
    for page in PAGES
    if (blocks := blocks_of(page.read_text(encoding="utf-8")))
}
WITH_CODE = {
    "README",
    "docs/coming_from",
    "docs/index",
    "docs/many_machines",
    "docs/parallel",
    "docs/pitfalls",
    "docs/recipes",
    "docs/guide/data",
    "docs/guide/deploy",
    "docs/guide/evaluate",
    "docs/guide/explain",
    "docs/guide/extend",
    "docs/guide/save",
    "docs/guide/scale",
    "docs/guide/train",
    "docs/guide/tune",
}


def test_the_pages_with_code_are_known():
    assert set(BLOCKS) == WITH_CODE


@pytest.mark.parametrize("page", BLOCKS)
@mock.patch.dict(os.environ)  # a LocalCluster of Dask sets the number of threads
def test_code_runs_and_prints_what_the_page_shows(page, tmp_path, monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    mpl.use("Agg")
    namespace = {"__name__": "page"}
    wrong = []
    try:
        for number, block in enumerate(BLOCKS[page], start=1):
            if "sklearn.callback" in block.code and not find_spec("sklearn.callback"):
                break  # scikit-learn < 1.9
            with redirect_stdout(StringIO()) as printed:
                exec(compile(block.code, f"{page}, block {number}", "exec"), namespace)
            output = printed.getvalue()
            if not block.console and not same_output(block.shown or "", output):
                wrong.append(f"Block {number} of {page} prints\n{output}")
    finally:
        plt.close("all")
    assert not wrong, "\n".join(wrong)


def test_only_progress_bars_are_shown_without_a_check():
    unchecked = [b.code for blocks in BLOCKS.values() for b in blocks if b.console]
    assert len(unchecked) == 1
    assert "ProgressBar" in unchecked[0]


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("(3000, 784) uint8", "(3000, 784) uint8"),
        ("accuracy 0.843", "accuracy 0.851"),
        ("recall 0.71", "recall 0.66"),
        ("[0.794      0.79533333]", "[0.78733333 0.801     ]"),
        ("1.26 s", "17.3 s"),
        ("loss 117.0, rate 4.43e-07", "loss 118.5, rate 4.45e-07"),
    ],
)
def test_outputs_that_are_the_same(shown, printed):
    assert same_output(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("(3000, 784) uint8", "(3000, 784) uint16"),
        ("(3000, 784) uint8", "(3001, 784) uint8"),
        ("accuracy 0.843", "accuracy 0.808"),
        ("recall 0.71", "recall 0.65"),
        ("accuracy 0.843", "accuracy 0.843 0.843"),
        ("accuracy 0.843", "score 0.843"),
        ("accuracy 0.843", ""),
        ("rate 4.43e-07", "rate 4.8e-07"),
        ("epoch 6", "epoch 7"),
    ],
)
def test_outputs_that_differ(shown, printed):
    assert not same_output(shown, printed)


def test_every_public_name_has_a_page():
    listed = re.findall(
        r"^(?:   |\.\. data:: )(\w+)$",
        (ROOT / "docs" / "api.rst").read_text(encoding="utf-8"),
        re.M,
    )
    public = {*fmnist_sk.__all__, *plotting.__all__, *inspection.__all__}
    for_other_rooms = {"MIXING", "PRESETS", "VIEWS", "mirrors_images", "takes_turns"}
    for_other_rooms |= {"UNSURE_BELOW", "frame_like", "library_of", "shifts_images"}
    public |= {*augmentation.__all__} - for_other_rooms
    public |= {"Ensemble", "expected_calibration_error", "tidy_cv_results"}
    assert sorted(listed) == sorted(public - {"__version__"})
