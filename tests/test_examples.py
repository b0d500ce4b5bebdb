"""Start of the benchmarks. The build of the documentation runs the examples."""

import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

BENCHMARKS = Path(__file__).parents[1] / "examples" / "benchmarks"


@pytest.mark.parametrize(
    "script",
    [
        *("backends", "blank_maps", "endurance", "estimator", "fine_tuning"),
        "image_folder",
        *("novelty", "onnx_runtime", "other_data", "random_inputs"),
        *("recipes", "reference_projects", "reliability"),
        *("search", "server", "speed"),
    ],
)
def test_benchmarks_start(script):
    """Complete runs take long and need packages that are not installed here."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / f"{script}.py", "--help"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "--json" in done.stdout


@pytest.mark.parametrize(
    ("script", "option"),
    [("train_pretrained", "compact"), ("train_novelty_detector", "--compare")],
)
def test_the_scripts_of_the_shipped_files_start(script, option):
    done = subprocess.run(
        [sys.executable, BENCHMARKS.parent / f"{script}.py", "--help"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert option in done.stdout


def test_the_picture_of_the_readme_is_drawn(tmp_path):
    script = BENCHMARKS.parents[1] / "docs" / "make_overview.py"
    drawn, committed = tmp_path / "drawn.png", script.parent / "_static/overview.png"
    done = subprocess.run(
        [sys.executable, script, "--output", drawn], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for picture in drawn, committed:
        pixels = plt.imread(picture)
        assert pixels.shape[1] == 1200
        assert (pixels[0] == 1).all()  # opaque and white, also on a dark page
        assert picture.stat().st_size < 200_000
