"""The benchmarks can be started; the examples run when the documentation is built."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "examples" / "benchmarks"


@pytest.mark.parametrize(
    "script",
    [
        *("backends", "blank_maps", "estimator", "other_data", "recipes"),
        *("reference_projects", "search", "speed"),
    ],
)
def test_benchmarks_start(script):
    """They run for long, and against packages that are not installed here."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / f"{script}.py", "--help"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "--json" in done.stdout


def test_the_script_of_the_pretrained_networks_starts():
    done = subprocess.run(
        [sys.executable, BENCHMARKS.parent / "train_pretrained.py", "--help"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "compact" in done.stdout
