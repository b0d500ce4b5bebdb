"""Files that are complete or absent, and parts that killed processes leave behind."""

import os
import signal
import subprocess
import sys
import time

import joblib
import numpy as np
import pytest

from fmnist_sk import _saving
from fmnist_sk._cli import _models
from fmnist_sk._saving import WholeFile, write_whole
from fmnist_sk.preprocessing import ImageNormalizer

WRITE_AND_WAIT = """
import sys
from fmnist_sk._saving import WholeFile
with WholeFile(sys.argv[1]) as whole:
    whole.file.write(b"half")
    whole.file.flush()
    print("ready", flush=True)
    sys.stdin.read()
"""
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def writer(tmp_path):
    """Process that is writing a file."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE_AND_WAIT, tmp_path / "model.joblib"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline().strip() == b"ready"
    yield process
    process.kill()
    process.communicate()


@posix_only
def test_the_next_write_deletes_the_part_of_a_killed_process(writer, tmp_path):
    write_whole(tmp_path / "model.joblib", b"old")
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert len(names(tmp_path)) == 2
    write_whole(tmp_path / "other", b"new")
    assert names(tmp_path) == ["model.joblib", "other"]
    assert (tmp_path / "model.joblib").read_bytes() == b"old"


def test_the_part_of_a_living_process_is_kept(writer, tmp_path):
    write_whole(tmp_path / "model.joblib", b"mine")
    (part,) = set(tmp_path.iterdir()) - {tmp_path / "model.joblib"}
    os.utime(part, (0, 0))
    write_whole(tmp_path / "model.joblib", b"mine again")
    writer.communicate(b"")
    assert writer.returncode == 0
    assert names(tmp_path) == ["model.joblib"]
    assert (tmp_path / "model.joblib").read_bytes() == b"half"


def test_two_writers_in_one_process_do_not_disturb_each_other(tmp_path):
    with WholeFile(tmp_path / "a") as one, WholeFile(tmp_path / "b") as other:
        one.file.write(b"one")
        other.file.write(b"other")
    assert names(tmp_path) == ["a", "b"]


def test_without_locks_the_age_of_a_part_decides(tmp_path, monkeypatch):
    monkeypatch.setattr(_saving, "_lock", lambda file: None)
    parts = [tmp_path / f".fmnist_sk-{i:032x}.part.npy" for i in range(2)]
    for part, hours in zip(parts, (0.5, 1.5), strict=True):
        part.touch()
        os.utime(part, (time.time() - 3600 * hours,) * 2)
    write_whole(tmp_path / "file", b"")
    assert names(tmp_path) == [parts[0].name, "file"]


def test_files_of_other_programs_are_kept(tmp_path):
    for name in ".0123.part", "x.part", f".{0:032x}.part", ".fmnist_sk-1.part":
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    write_whole(tmp_path / "file", b"")
    assert len(names(tmp_path)) == 5


def test_errors_name_the_file_and_leave_nothing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere.model'$"):
        write_whole(tmp_path / "nowhere" / "model", b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"")
    with (
        pytest.raises(OSError, match=r"No space left on device: '.*model'"),
        WholeFile(tmp_path / "model"),
    ):
        raise OSError(28, "No space left on device")
    assert names(tmp_path) == ["folder"]


@pytest.mark.parametrize("suffix", [".joblib", ".joblib.gz", ""])
def test_the_command_line_replaces_a_model_when_the_new_one_is_complete(
    suffix, tmp_path, monkeypatch
):
    path = tmp_path / f"model{suffix}"
    model = ImageNormalizer().fit([[0, 255, 0, 255]])
    _models.save(model, path)
    before = path.read_bytes()
    assert (before[:2] == b"\x1f\x8b") == (suffix == ".joblib.gz")  # gzip
    np.testing.assert_array_equal(joblib.load(path).center_, model.center_)

    def dump(model, target):
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(joblib, "dump", dump)
    with pytest.raises(OSError, match=f"model{suffix}"):
        _models.save(model, path)
    assert path.read_bytes() == before
    assert names(tmp_path) == [path.name]
