"""The examples run from beginning to end, as they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.parametrize(
    "path", sorted(EXAMPLES.glob("plot_*.py")), ids=lambda path: path.stem
)
def test_example_runs(path):
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", path],
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stdout  # the report, or the table of results


@pytest.mark.parametrize("script", ["estimator", "recipes", "speed"])
def test_benchmarks_start(script):
    """They run for long, and against packages that are not installed here."""
    path = EXAMPLES / "benchmarks" / f"{script}.py"
    done = subprocess.run(
        [sys.executable, path, "--help"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "--json" in done.stdout
