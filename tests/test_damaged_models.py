"""Damaged and forged model files: a documented error that names them, or no harm.

`examples/benchmarks/reliability.py` tries thousands of the same mutants, and measures
time and memory.
"""

import time

import joblib
import pytest
from _model_files import MEMBER
from _mutants import BOMBS, DAMAGE, FOLDER, FORGERIES, mutant

from fmnist_sk import load_model

CONTENT = (FOLDER / "format_2.skops").read_bytes()
N_OF_EACH_KIND = 12


def attempt(content, path):
    """Return the loaded model, or None after a documented error that names the file."""
    path.write_bytes(content)
    try:
        return load_model(path)
    except (ValueError, TypeError) as error:
        if str(path) not in str(error):
            raise
        if isinstance(error, TypeError) and "untrusted types" not in str(error):
            raise
        return None


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "model.skops"
    assert [each.name for each in tmp_path.iterdir()] == ["model.skops"]


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_an_error_or_the_identical_model(kind, path):
    original = joblib.hash(attempt(CONTENT, path))
    n_loaded = 0
    for seed in range(N_OF_EACH_KIND):
        _, content = mutant({kind: DAMAGE[kind]}, seed, CONTENT)
        model = attempt(content, path)
        if model is not None:
            n_loaded += 1
            assert joblib.hash(model) == original, seed
    assert n_loaded < N_OF_EACH_KIND


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_forged_file_is_an_error_or_harmless(kind, path):
    for seed in range(N_OF_EACH_KIND):
        _, content = mutant({kind: FORGERIES[kind]}, seed, CONTENT)
        attempt(content, path)


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_an_error_at_once(kind, path):
    for seed in range(3):
        _, content = mutant({kind: BOMBS[kind]}, seed, CONTENT)
        start = time.perf_counter()
        assert attempt(content, path) is None
        assert time.perf_counter() - start < 2


def test_the_member_of_the_mutants_is_that_of_the_files():
    assert MEMBER.encode() in CONTENT
