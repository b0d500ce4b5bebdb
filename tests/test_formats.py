"""Model files of every format: they load, and predict and train as when written."""

import re
from pathlib import Path

import numpy as np
import pytest
from _model_files import MEMBER, edit

from fmnist_sk import load_model
from fmnist_sk.persistence import _format
from fmnist_sk.persistence._format import ENTRIES, FORMAT

FOLDER = Path(__file__).with_name("data")
FORMATS = range(1, FORMAT + 1)


def test_each_format_has_a_stored_file_and_a_description():
    stored = {path.name for path in FOLDER.iterdir()}
    kinds = "skops", "npz"
    assert stored == {f"format_{n}.{kind}" for n in FORMATS for kind in kinds}
    assert all((FOLDER / name).stat().st_size < 100_000 for name in stored)
    assert list(ENTRIES) == list(FORMATS)
    described = re.findall(r"^- Format (\d+):", _format.__doc__, re.MULTILINE)
    assert list(map(int, described)) == list(FORMATS)


@pytest.mark.parametrize("number", FORMATS)
def test_files_of_each_format_predict_and_train_as_before(number):
    model = load_model(FOLDER / f"format_{number}.skops")
    stored = np.load(FOLDER / f"format_{number}.npz")
    X, y = stored["X"], stored["y"]
    # Processors differ in the last bits, and training in bfloat16 differs more.
    np.testing.assert_allclose(model.predict_proba(X), stored["before"], atol=1e-4)
    for _ in range(5):
        model.partial_fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), stored["after"], atol=0.02)
    assert np.abs(stored["after"] - stored["before"]).max() > 0.1


@pytest.mark.parametrize("number", FORMATS)
@pytest.mark.parametrize("claimed", [*FORMATS, 0, -1, True, 1.0, "1", None, 10**20])
def test_the_entries_of_a_file_must_be_those_of_its_format(number, claimed, tmp_path):
    content = (FOLDER / f"format_{number}.skops").read_bytes()
    path = tmp_path / "model.skops"
    path.write_bytes(edit(content, MEMBER, lambda about: about | {"format": claimed}))
    if type(claimed) is int and claimed == number:
        load_model(path)
        return
    with pytest.raises(ValueError, match=r"model\.skops"):
        load_model(path)
