"""Addition of a data set by one entry in a new module."""

import dataclasses
import gzip
import hashlib
import importlib
import re

import numpy as np
import pytest
from _idx_files import idx
from numpy.testing import assert_array_equal

from fmnist_sk._compat import InvalidParameterError
from fmnist_sk.datasets import IdxDataset, IdxFile, fetch_idx_dataset

# Code of a contributor. The digests are those of the files below.
MODULE = """
from fmnist_sk.datasets import IdxDataset, IdxFile

FLAGS = IdxDataset(
    name="Flags",
    train=(
        IdxFile("flags-train-images", {train_images.shape}, "{sha[0]}"),
        IdxFile("flags-train-labels", {train_labels.shape}, "{sha[1]}"),
    ),
    test=(
        IdxFile("flags-test-images", {test_images.shape}, "{sha[2]}"),
        IdxFile("flags-test-labels", {test_labels.shape}, "{sha[3]}"),
    ),
    class_names=("plain", "striped"),
    description="Flags, drawn for a test.",
    mirrors=("http://127.0.0.1:9/flags",),
    homepage="https://example.org/flags",
    variable="FLAGS_DATA",
    cache_folder="flags",
)
"""


@pytest.fixture
def arrays():
    """Colour images of 3 × 5 pixels and labels, for training and test."""
    rng = np.random.default_rng(0)
    return {
        "train_images": rng.integers(256, size=(8, 3, 5, 3), dtype=np.uint8),
        "train_labels": np.arange(8, dtype=np.uint8) % 2,
        "test_images": rng.integers(256, size=(4, 3, 5, 3), dtype=np.uint8),
        "test_labels": np.arange(4, dtype=np.uint8) % 2,
    }


@pytest.fixture
def flags(arrays, tmp_path, monkeypatch):
    """Entry, imported from its module, on a machine without the files."""
    sha = [hashlib.sha256(idx(array)).hexdigest() for array in arrays.values()]
    (tmp_path / "flags_entry.py").write_text(
        MODULE.format(**arrays, sha=sha), encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "cache"))
    monkeypatch.delenv("FLAGS_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    entry = importlib.import_module("flags_entry").FLAGS
    yield entry
    importlib.sys.modules.pop("flags_entry")


def put_flags(arrays, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        path = folder / f"flags-{name.replace('_', '-')}.gz"
        path.write_bytes(gzip.compress(idx(array)))


def test_one_entry_is_a_data_set(flags, arrays, tmp_path):
    put_flags(arrays, tmp_path / "here")
    bunch = fetch_idx_dataset(flags, data_home=tmp_path / "here", subset="all")
    images = np.concatenate([arrays["train_images"], arrays["test_images"]])
    assert_array_equal(bunch.images, images)
    assert_array_equal(bunch.data, images.reshape(12, 45))
    assert np.shares_memory(bunch.data, bunch.images)
    assert bunch.target.tolist() == [0, 1] * 6
    assert bunch.target_names.tolist() == ["plain", "striped"]
    assert bunch.DESCR == "Flags, drawn for a test."
    column = bunch.feature_names.index("pixel_2_4_1")
    assert_array_equal(bunch.data[:, column], images[:, 2, 4, 1])


def test_its_parts_come_in_every_form(flags, arrays, tmp_path):
    put_flags(arrays, tmp_path)
    for part in "train", "test":
        X, y = fetch_idx_dataset(
            flags, data_home=tmp_path, subset=part, return_X_y=True, as_frame=True
        )
        images = arrays[f"{part}_images"]
        assert_array_equal(X, images.reshape(len(images), 45))
        assert_array_equal(y, arrays[f"{part}_labels"])
        assert y.name == "target"


def test_its_files_are_found_in_its_own_folders(flags, arrays, tmp_path, monkeypatch):
    put_flags(arrays, tmp_path / "cache" / "flags")
    X, _ = fetch_idx_dataset(flags, return_X_y=True)
    assert len(X) == 8
    # The folder of the variable takes precedence. One of its files is altered.
    altered = {**arrays, "train_images": 255 - arrays["train_images"]}
    put_flags(altered, tmp_path / "named")
    monkeypatch.setenv("FLAGS_DATA", str(tmp_path / "named"))
    with pytest.raises(
        OSError, match=r"flags-train-images\.gz is not .* of Flags: its"
    ):
        fetch_idx_dataset(flags)


def test_a_message_says_how_to_get_it(flags):
    with pytest.raises(FileNotFoundError) as caught:
        fetch_idx_dataset(flags, n_retries=0)
    message = str(caught.value)
    assert message.startswith("Flags was not found: no flags-train-images.gz in ")
    assert "http://127.0.0.1:9/flags/flags-train-images.gz: " in message
    assert message.endswith(
        "There are two ways to get it: put the four files from "
        "https://example.org/flags into a folder and name that folder in data_home or "
        "in the environment variable FLAGS_DATA; or, with access to "
        "http://127.0.0.1:9/flags, set download_if_missing=True."
    )
    alone = dataclasses.replace(flags, mirrors=())
    with pytest.raises(FileNotFoundError, match=r"no mirror\. There is one way"):
        fetch_idx_dataset(alone)


def test_files_that_contradict_each_other_are_refused(flags):
    images, _ = flags.test
    with pytest.raises(ValueError, match=re.escape("Flags have inconsistent shapes")):
        dataclasses.replace(flags, test=(images, IdxFile("labels", (5,), "")))
    narrow = IdxFile("images", (4, 3, 4, 3), "")
    with pytest.raises(ValueError, match="inconsistent shapes"):
        dataclasses.replace(flags, test=(narrow, flags.test[1]))


def test_an_entry_is_frozen_and_its_parameters_are_checked(flags):
    with pytest.raises(dataclasses.FrozenInstanceError):
        flags.name = "Other flags"
    for parameters in {"dataset": "flags"}, {"dataset": flags, "subset": "validation"}:
        with pytest.raises(InvalidParameterError, match=list(parameters)[-1]):
            fetch_idx_dataset(**parameters)
    assert isinstance(flags, IdxDataset)
