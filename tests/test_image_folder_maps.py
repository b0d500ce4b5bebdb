"""Folders of images in memory-mapped files: their use and their end."""

import gc
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from _picture_files import plain, three_classes, write
from _processes import run_python
from joblib import Parallel, delayed
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from fmnist_sk import FashionCNNClassifier, load_image_folder
from fmnist_sk._images import _memory_map, read_rows
from fmnist_sk.datasets import _rows


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "photos", three_classes())


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Folder of temporary files."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    return tmp_path / "tmp"


def is_read_in_parts(array):
    return _memory_map._mapping(array) is not None


def test_a_temporary_file_lives_as_long_as_the_array(folder, temporary):
    expected = load_image_folder(folder, memmap=False)
    assert not list(temporary.iterdir())
    photos = load_image_folder(folder, memmap=True)
    (file,) = temporary.iterdir()
    for name in "data", "images", "target", "filenames":
        assert_array_equal(photos[name], expected[name])
    assert photos.data.mode == photos.images.mode == "r"
    assert is_read_in_parts(photos.data)
    assert is_read_in_parts(photos.images)
    assert is_read_in_parts(photos.images.reshape(18, -1)[2:])
    assert_array_equal(read_rows(photos.data, np.array([9, 2])), expected.data[[9, 2]])
    assert_array_equal(np.load(file), expected.data)
    part = photos.images[3:5]
    del photos
    gc.collect()
    assert file.exists()
    del part
    gc.collect()
    assert not file.exists()


@pytest.mark.parametrize("return_X_y", [False, True])
def test_frames_keep_the_temporary_file(folder, temporary, return_X_y):
    result = load_image_folder(
        folder, memmap=True, as_frame=True, return_X_y=return_X_y
    )
    frame = result[0] if return_X_y else result.data
    del result
    gc.collect()
    assert len(list(temporary.iterdir())) == 1
    assert frame.to_numpy()[:, 5].tolist() == [
        *(*range(6), *range(80, 86), *range(160, 166))
    ]
    del frame
    gc.collect()
    assert not list(temporary.iterdir())


def test_auto_depends_on_the_size(folder, temporary, monkeypatch):
    assert type(load_image_folder(folder).data) is np.ndarray
    monkeypatch.setattr(_rows, "TEMPORARY_FILE_ABOVE", 18 * 784)
    assert type(load_image_folder(folder).data) is np.ndarray
    monkeypatch.setattr(_rows, "TEMPORARY_FILE_ABOVE", 18 * 784 - 1)
    assert type(load_image_folder(folder).data) is np.memmap
    assert type(load_image_folder(folder, memmap=False).data) is np.ndarray


def test_a_file_that_is_kept(folder, tmp_path):
    path = tmp_path / "X.npy"
    path.write_bytes(b"old")
    X, _ = load_image_folder(folder, memmap=path, return_X_y=True)
    expected = np.array(X)
    del X
    gc.collect()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["X.npy", "photos"]
    again = np.load(path, mmap_mode="r")
    assert_array_equal(again, expected)
    assert is_read_in_parts(again)
    np.save(tmp_path / "saved.npy", expected)
    assert path.read_bytes() == (tmp_path / "saved.npy").read_bytes()


@pytest.mark.parametrize("memmap", [False, True, "X.npy"])
def test_skipped_files_leave_no_rows(folder, tmp_path, temporary, monkeypatch, memmap):
    monkeypatch.chdir(tmp_path)
    Path(folder, "bag", "000.png").write_bytes(b"")
    Path(folder, "coat", "003.png").write_bytes(b"")
    Path(folder, "dress", "005.png").write_bytes(b"")
    with pytest.warns(UserWarning, match="3 of 18 files"):
        photos = load_image_folder(folder, memmap=memmap, on_error="skip")
    assert photos.data[:, 0].tolist() == [
        *(*range(1, 6), 80, 81, 82, 84, 85, *range(160, 165))
    ]
    assert photos.target.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    assert photos.images.shape == (15, 28, 28)
    if memmap:
        assert os.path.getsize(photos.data.filename) == 128 + 15 * 784


@pytest.mark.parametrize("memmap", [True, "X.npy"])
def test_an_error_leaves_no_file(folder, tmp_path, temporary, monkeypatch, memmap):
    monkeypatch.chdir(tmp_path)
    Path("X.npy").write_bytes(b"old")
    Path(folder, "dress", "005.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"005\.png"):
        load_image_folder(folder, memmap=memmap)
    assert Path("X.npy").read_bytes() == b"old"
    assert sorted(os.listdir()) == ["X.npy", "photos", "tmp"]
    assert not list(temporary.iterdir())


def test_problems_of_the_disk_are_noticed_early(folder, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError):
        load_image_folder(folder, memmap=tmp_path / "nothing" / "X.npy")
    usage = SimpleNamespace(free=18 * 784 - 1)
    monkeypatch.setattr(_rows.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OSError, match=r"not enough space for 18 images .*\.npy"):
        load_image_folder(folder, memmap=tmp_path / "X.npy")
    monkeypatch.setattr(_rows.tempfile, "tempdir", str(tmp_path))
    with pytest.raises(OSError, match="not enough space"):
        load_image_folder(folder, memmap=True)
    assert os.listdir(tmp_path) == ["photos"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full disk")
def test_a_full_disk_is_an_error(folder, tmp_path):
    rows = _rows.RowsInFile(tmp_path / "X.npy", (9, 100_000))
    rows._file.close()
    with open("/dev/full", "wb") as rows._file, rows:
        with pytest.raises(OSError, match=r"not enough space for 9 images \(1 MiB\)"):
            rows.append(np.zeros((9, 100_000), np.uint8))
        rows._file = open(os.devnull, "wb")  # noqa: SIM115
    assert os.listdir(tmp_path) == ["photos"]


# Other processes


def what_a_worker_gets(X):
    return type(X).__name__, X.filename, X.mode, int(X[:, 0].sum())


def test_workers_open_the_same_file(folder, temporary):
    X, y = load_image_folder(folder, memmap=True, return_X_y=True)
    with Parallel(n_jobs=2) as parallel:
        found = parallel(delayed(what_a_worker_gets)(X) for _ in range(2))
        scores = cross_val_score(LogisticRegression(), X, y, cv=3, n_jobs=2)
    assert found == [("memmap", X.filename, "r", X[:, 0].sum())] * 2
    assert_array_equal(scores, cross_val_score(LogisticRegression(), X, y, cv=3))
    assert os.path.exists(X.filename)


END_OF_A_PROCESS = """
import gc, json, os, sys
from fmnist_sk import load_image_folder
photos = load_image_folder(sys.argv[1], memmap=True)
file = photos.data.filename
child = os.fork()
if child == 0:
    del photos
    gc.collect()
    os._exit(0)
os.waitpid(child, 0)
print(json.dumps([file, os.path.exists(file)]))
"""
KILLED = """
import os, signal, sys
from fmnist_sk import load_image_folder
from fmnist_sk.datasets import _conversion
convert, count = _conversion.convert_picture, iter(range(100))
def killed_in_the_end(*args, **kwargs):
    if next(count) == 70:
        os.kill(os.getpid(), signal.SIGKILL)
    return convert(*args, **kwargs)
_conversion.convert_picture = killed_in_the_end
load_image_folder(sys.argv[1], memmap=sys.argv[2])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no forks")
def test_the_process_that_loaded_deletes_its_temporary_file_at_its_end(folder):
    file, is_there_after_a_child = run_python(END_OF_A_PROCESS, folder)
    assert is_there_after_a_child
    assert not os.path.exists(file)


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_a_killed_process_leaves_no_half_written_file(tmp_path):
    folder = write(tmp_path, {f"bag/{k:03}.png": plain(k) for k in range(90)})
    path = tmp_path / "X.npy"
    done = subprocess.run([sys.executable, "-c", KILLED, folder, path], timeout=240)
    assert done.returncode == -signal.SIGKILL
    assert not path.exists()
    assert len(list(tmp_path.glob(".*.part.npy"))) == 1
    assert len(load_image_folder(folder, memmap=path).data) == 90
    assert not list(tmp_path.glob(".*"))


def test_training_on_a_folder(folder, temporary):
    settings = {"image_shape": (12, 10), "color_mode": "rgb"}
    photos = load_image_folder(folder, memmap=True, **settings)
    classifier = FashionCNNClassifier(
        image_shape=photos.image_shape,
        architecture="compact",
        filters=2,
        epochs=1,
        random_state=0,
    )
    mapped = classifier.fit(photos.data, photos.target).predict_proba(photos.data)
    assert classifier.image_shape_ == (12, 10, 3)
    X, y = load_image_folder(folder, return_X_y=True, **settings)
    assert_array_equal(classifier.fit(X, y).predict_proba(X), mapped)
