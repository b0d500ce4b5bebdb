"""Folders of images: classes, order, parameters, memory maps, progress."""

import io
import os
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from _picture_files import plain, scene, three_classes, write
from numpy.testing import assert_array_equal
from PIL import Image, ImageFile
from sklearn.datasets import load_files

from fmnist_sk import load_image_folder
from fmnist_sk._compat import InvalidParameterError
from fmnist_sk.datasets import _conversion, _folders
from fmnist_sk.datasets._progress import LoadingProgress

ON_LINUX = sys.platform == "linux"


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "photos", three_classes())


# Classes and files


def test_bunch(folder):
    photos = load_image_folder(folder)
    assert set(photos) == {
        *("data", "target", "frame", "images", "image_shape", "filenames"),
        *("feature_names", "target_names", "DESCR"),
    }
    values = [*range(6), *range(80, 86), *range(160, 166)]
    assert_array_equal(photos.data, np.repeat(values, 784).reshape(18, 784))
    assert photos.data.dtype == np.uint8
    assert photos.target.tolist() == [0] * 6 + [1] * 6 + [2] * 6
    assert photos.target.dtype == np.int64
    assert photos.target_names.tolist() == ["bag", "coat", "dress"]
    assert photos.images.shape == (18, 28, 28)
    assert np.shares_memory(photos.images, photos.data)
    assert photos.image_shape == (28, 28, 1)
    assert photos.frame is None
    assert photos.feature_names[29] == "pixel_1_1"
    assert "coat: 6 images" in photos.DESCR
    assert folder in photos.DESCR


def test_labels_and_files_are_those_of_load_files(folder):
    photos = load_image_folder(Path(folder))
    files = load_files(folder, shuffle=False, load_content=False)
    assert_array_equal(photos.filenames, files.filenames)
    assert_array_equal(photos.target, files.target)
    assert photos.target_names.tolist() == files.target_names


def test_return_X_y_and_as_frame(folder):
    settings = {"image_shape": (4, 6), "color_mode": "rgb"}
    arrays = load_image_folder(folder, **settings)
    assert arrays.images.shape == (18, 4, 6, 3)
    assert arrays.feature_names[-1] == "pixel_3_5_2"
    X, y = load_image_folder(folder, return_X_y=True, **settings)
    assert_array_equal(X, arrays.data)
    assert_array_equal(y, arrays.target)
    frames = load_image_folder(folder, as_frame=True, **settings)
    expected = pd.DataFrame(arrays.data, columns=arrays.feature_names)
    pd.testing.assert_frame_equal(frames.data, expected)
    pd.testing.assert_frame_equal(frames.frame, expected.assign(target=arrays.target))
    assert frames.data.attrs == {"image_shape": (4, 6, 3)}
    X, y = load_image_folder(folder, return_X_y=True, as_frame=True, **settings)
    pd.testing.assert_frame_equal(X, frames.data)
    pd.testing.assert_series_equal(y, frames.target)


def test_subfolders_hidden_and_other_files(tmp_path):
    folder = write(
        tmp_path,
        {
            "notes.txt": b"x",
            "stray.png": plain(9),
            ".hidden/1.png": plain(9),
            "bag/b/2.png": plain(2),
            "bag/b/a/1.png": plain(1),
            "bag/c.png": plain(3),
            "bag/.c.png": plain(9),
            "bag/._c.png": b"x",
            "bag/.cache/1.png": plain(9),
            "bag/labels.csv": b"x",
            "bag/video.mpg": b"x",
            "bag/Thumbs.db": b"x",
            "bag/empty/x.txt": b"x",
        },
    )
    photos = load_image_folder(folder)
    assert photos.data[:, 0].tolist() == [2, 1, 3]
    assert photos.target_names.tolist() == ["bag"]
    if sys.platform != "win32":
        names = [os.path.relpath(name, folder) for name in photos.filenames]
        assert names == ["bag/b/2.png", "bag/b/a/1.png", "bag/c.png"]


def test_the_order_does_not_depend_on_the_file_system(folder, monkeypatch):
    expected = load_image_folder(folder)
    scandir, listdir = os.scandir, os.listdir

    @contextmanager
    def reversed_scandir(path):
        with scandir(path) as entries:
            yield sorted(entries, key=lambda entry: entry.name, reverse=True)

    monkeypatch.setattr(_folders.os, "scandir", reversed_scandir)
    monkeypatch.setattr(
        _folders.os, "listdir", lambda path: sorted(listdir(path))[::-1]
    )
    found = load_image_folder(folder)
    for name in "data", "target", "filenames", "target_names":
        assert_array_equal(found[name], expected[name])


@pytest.mark.skipif(sys.platform == "win32", reason="links need privileges")
def test_links(tmp_path):
    folder = write(tmp_path / "photos", {"bag/1.png": plain(1)})
    other = write(tmp_path / "other", {"2.png": plain(2), "3.png": plain(3)})
    bag = tmp_path / "photos" / "bag"
    (bag / "2.png").symlink_to(f"{other}/2.png")
    (bag / "loop").symlink_to(bag)
    (bag / "up").symlink_to(tmp_path)
    (tmp_path / "photos" / "coat").symlink_to(other)
    os.mkfifo(bag / "4.png")  # reading it would block
    photos = load_image_folder(folder)
    assert photos.data[:, 0].tolist() == [1, 2, 2, 3]
    assert photos.target.tolist() == [0, 0, 1, 1]


@pytest.mark.skipif(not ON_LINUX, reason="other file systems refuse such names")
def test_names_that_are_not_utf_8(tmp_path):
    class_name, file = os.fsdecode(b"M\xe4ntel"), os.fsdecode(b"gr\xfcn.png")
    folder = write(tmp_path, {f"{class_name}/{file}": plain(5), "Hüte/1.png": plain(6)})
    photos = load_image_folder(folder)
    assert photos.target_names.tolist() == ["Hüte", "M\\xe4ntel"]
    photos.DESCR.encode()
    assert photos.filenames[1] == f"{folder}/{class_name}/{file}"
    assert Path(photos.filenames[1]).exists()
    for name in class_name, "M\\xe4ntel":
        assert load_image_folder(folder, categories=[name]).data[0, 0] == 5
    Path(photos.filenames[1]).write_bytes(b"")
    with pytest.raises(ValueError, match=r"M\\xe4ntel/gr\\xfcn\.png") as raised:
        load_image_folder(folder)
    str(raised.value).encode()
    with pytest.raises(ValueError, match=r"classes|'M\\\\xe4ntel'") as raised:
        load_image_folder(folder, categories=["?"])
    str(raised.value).encode()


def test_categories(folder):
    photos = load_image_folder(folder, categories=["dress", "bag"])
    assert photos.target_names.tolist() == ["bag", "dress"]
    assert photos.data[:, 0].tolist() == [*range(6), *range(160, 166)]
    assert photos.target.tolist() == [0] * 6 + [1] * 6
    one = load_image_folder(folder, categories=np.array(["coat"]))
    assert one.target.tolist() == [0] * 6
    with pytest.raises(ValueError, match=r"Got 'hat', .* are 'bag', 'coat', 'dress'\."):
        load_image_folder(folder, categories=["bag", "hat"])
    with pytest.raises(ValueError, match="one or more class folders"):
        load_image_folder(folder, categories=[])


# Errors


def test_folders_without_classes(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing does not exist"):
        load_image_folder(tmp_path / "nothing")
    images = write(tmp_path / "images", {"1.png": plain(1), ".git/2.png": plain(1)})
    with pytest.raises(ValueError, match=r"files but no folders\. One folder per"):
        load_image_folder(images)
    with pytest.raises(NotADirectoryError, match=r"1\.png is a file"):
        load_image_folder(f"{images}/1.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="contains no folders"):
        load_image_folder(tmp_path / "empty")


def test_classes_without_images(folder):
    write(Path(folder), {"hats/notes.txt": b"x", "shoes/.1.png": plain(1)})
    with pytest.raises(ValueError, match=r"'hats', 'shoes'\. Leave them out: .*'categ"):
        load_image_folder(folder)
    assert len(load_image_folder(folder, categories=["bag", "coat"]).data) == 12


def test_a_class_of_which_no_file_can_be_read(folder, tmp_path):
    for file in Path(folder, "coat").iterdir():
        file.write_bytes(b"x")
    with pytest.raises(ValueError, match=r"class folders .* read: 'coat'\. .*000\.png"):
        load_image_folder(folder, on_error="skip", memmap=tmp_path / "X.npy")
    assert not list(tmp_path.glob("*.npy"))


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"path": 3}, "path"),
        ({"image_shape": 28}, "image_shape"),
        ({"image_shape": (28,)}, "must be \\(height, width\\)"),
        ({"image_shape": (0, 28)}, "positive integers"),
        ({"image_shape": (28, 28, 3)}, "3 channels, but color_mode='grayscale' req"),
        ({"image_shape": (28, 28, 1), "color_mode": "rgb"}, "requires 3"),
        ({"color_mode": "rgb", "mode": "fashion-mnist"}, "makes grey images"),
        ({"color_mode": "rgba"}, "color_mode"),
        ({"mode": "crop"}, "mode"),
        ({"categories": "bag"}, "categories"),
        ({"memmap": "yes"}, "'auto', a bool or the path of a file .*'yes'"),
        ({"memmap": 1}, "memmap"),
        ({"on_error": "ignore"}, "on_error"),
        ({"n_jobs": "all"}, "n_jobs"),
        ({"verbose": "yes"}, "verbose"),
        ({"return_X_y": 2}, "return_X_y"),
        ({"as_frame": "yes"}, "as_frame"),
    ],
)
def test_wrong_parameters(folder, params, match):
    kind = InvalidParameterError if match == next(iter(params)) else ValueError
    with pytest.raises(kind, match=match):
        load_image_folder(**{"path": folder} | params)


# Parallel conversion


@pytest.mark.parametrize("mode", ["resize", "fashion-mnist"])
def test_the_same_bits_with_any_number_of_threads(tmp_path, mode):
    pictures = {
        f"{k % 2}/{k:03}.jpg": scene(50 + k, 90).rotate(7 * k) for k in range(80)
    }
    pictures["1/004.jpg"] = b"broken"
    folder, found = write(tmp_path, pictures), []
    for n_jobs in 1, 2, -1:
        with pytest.warns(UserWarning, match="1 of 81 files"):
            found.append(
                load_image_folder(folder, mode=mode, n_jobs=n_jobs, on_error="skip")
            )
    assert len(found[0].data) == 80
    assert len(np.unique(found[0].data, axis=0)) == 80
    for photos in found[1:]:
        for name in "data", "target", "filenames":
            assert_array_equal(photos[name], found[0][name])


def test_processes_have_the_settings_of_pillow(tmp_path, monkeypatch):
    content = io.BytesIO()
    scene().save(content, "PNG")
    folder = write(
        tmp_path,
        {
            **{f"bag/{k}.png": scene().rotate(9 * k) for k in range(3)},
            "bag/3.png": content.getvalue()[:-500],
        },
    )
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    expected = load_image_folder(folder, mode="fashion-mnist")
    monkeypatch.setattr(_conversion, "_FILES_FOR_PROCESSES", 4)
    monkeypatch.setattr(_conversion, "_FILES_PER_TASK", 1)
    monkeypatch.setattr(_conversion, "convert_picture", None)  # in this process only
    found = load_image_folder(folder, mode="fashion-mnist", n_jobs=2)
    assert_array_equal(found.data, expected.data)
    # A new process would not have this reader.
    assert not _conversion._has_plugins()
    monkeypatch.setitem(Image.OPEN, "NEW", (lambda *_: None, None))
    assert _conversion._has_plugins()


def test_large_images(tmp_path):
    folder = write(tmp_path, {f"bag/{k}.png": plain(k) for k in range(5)})
    photos = load_image_folder(folder, image_shape=(900, 1200), n_jobs=2)
    assert (photos.images == np.arange(5).reshape(5, 1, 1)).all()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_first_broken_file_is_named(tmp_path, n_jobs):
    pictures = {f"bag/{k:04}.png": plain(1) for k in range(300)}
    pictures |= {f"bag/{k:04}.png": b"x" for k in (50, 51, 90, 200, 299)}
    folder = write(tmp_path, pictures)
    with pytest.raises(ValueError, match=r"0050\.png"):
        load_image_folder(folder, n_jobs=n_jobs)
    with pytest.warns(UserWarning, match=r"50\.png, .*0090\.png and 2 more") as caught:
        load_image_folder(folder, n_jobs=n_jobs, on_error="skip")
    assert [warning.filename for warning in caught] == [__file__]


# Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_on_a_terminal_is_one_line(folder, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    load_image_folder(folder, verbose=1)
    out = sys.stdout.getvalue()
    assert out.startswith("\r[====================] 18/18 images, ")
    assert out.endswith(" images/s\n")
    assert out.count("\n") == 1


def test_progress_elsewhere_is_a_few_lines(folder, capsys, monkeypatch):
    load_image_folder(folder, verbose=1)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("18/18 images, ")
    monkeypatch.setattr("fmnist_sk.datasets._progress._BETWEEN_LINES", 0)
    with LoadingProgress(2000, verbose=1) as progress:
        for _ in range(2000):
            progress.advance(1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" images, ")[0] for line in lines] == [
        *(f"{done:,}/2,000" for done in range(200, 2001, 200))
    ]
    load_image_folder(folder)
    assert capsys.readouterr().out == ""


def test_an_error_starts_on_a_new_line(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr("fmnist_sk.datasets._progress._BETWEEN_BARS", 0)
    with LoadingProgress(4, verbose=1) as progress:
        progress.advance(1)
    assert sys.stdout.getvalue().endswith(" images/s\n")
