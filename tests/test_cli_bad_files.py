"""Command line: files with unusual content, and options with unusual values."""

import pickle
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from _small import quick

from fmnist_sk import save_model
from fmnist_sk.__main__ import main


def _save(folder, name, **arrays):
    np.savez(folder / name, **arrays)


@pytest.fixture(scope="module")
def data(sample, tmp_path_factory):
    """Folder with files that do not contain what their names promise."""
    folder = tmp_path_factory.mktemp("data")
    X, y = sample.X_train[:60], sample.y_train[:60] % 2
    save_model(quick(epochs=1).fit(X, y), folder / "model.skops")
    np.save(folder / "scalar.npy", np.array(5))
    np.save(folder / "row.npy", X[0])
    np.save(folder / "complex.npy", X * 1j)
    np.save(folder / "records.npy", np.zeros(3, dtype=[("a", int), ("b", float)]))
    np.save(folder / "objects.npy", np.array([1, None]), allow_pickle=True)
    (folder / "pickle.npy").write_bytes(pickle.dumps({"a": 1}))
    _save(folder, "archive.npz", X=X)
    (folder / "archive.npz").rename(folder / "archive.npy")
    np.save(folder / "array.npy", X)
    (folder / "array.npy").rename(folder / "array.npz")
    _save(folder, "scalars.npz", X=np.array(5), y=np.array(3))
    _save(folder, "scalar_y.npz", X=X, y=np.array(3))
    _save(folder, "two_columns.npz", X=X, y=np.c_[y, y])
    _save(folder, "column.npz", X=X, y=y[:, None])
    _save(folder, "bytes.npz", X=X, y=np.array([b"a", b"b"] * 30))
    _save(folder, "short.npz", X=X, y=y[:5])
    _save(folder, "empty.npz", X=X[:0], y=y[:0])
    parts = {"x_train": X, "y_train": y}
    _save(folder, "unknown.npz", **parts, x_test=X, y_test=y + 5)
    _save(folder, "sizes.npz", **parts, x_test=X[:, :700], y_test=y)
    _save(folder, "nan.npz", **parts, x_test=np.full((60, 784), np.nan), y_test=y)
    _save(folder, "lengths.npz", **parts, x_test=X[:9], y_test=y)
    with zipfile.ZipFile(folder / "text.npz", "w") as archive:
        archive.writestr("X", "hello")
        archive.writestr("y.npy", "hello")
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(784)])
    frame["label"] = y
    frame.to_csv(folder / "index.csv")
    frame.assign(pixel5="five").to_csv(folder / "text.csv", index=False)
    frame.assign(label=["a", None] * 30).to_csv(folder / "nan.csv", index=False)
    frame[:0].to_csv(folder / "empty.csv", index=False)
    frame.to_csv(folder / "images.csv", index=False)
    return folder


def run(*arguments):
    return main([str(argument) for argument in arguments])


QUICK = ["--param", "architecture=compact", "--param", "epochs=1"]
QUIET = ["--param", "verbose=0"]
BAD_DATA = {
    "array.npz": "is a single array",
    "scalars.npz": r"y must contain one label per image. Its shape is \(\)",
    "scalar_y.npz": "y must contain one label per image",
    "two_columns.npz": r"one label per image. Its shape is \(60, 2\)",
    "bytes.npz": r"numbers or text. Its dtype is \|S1. Convert it, .*astype\(str\)",
    "short.npz": "X must contain one image for each of the 5 labels in y",
    "empty.npz": "contains no images",
    "unknown.npz": "labels that were not in the training data: 5, 6",
    "sizes.npz": "X has 700 features",
    "nan.npz": "contains NaN",
    "lengths.npz": "x_test must contain one image for each of the 60 labels",
    "text.npz": "X is not a NumPy array",
    "index.csv": r"'Unnamed: 0' counts the rows, .* 28 × 28 images.*index=False",
    "text.csv": "must contain numbers. These columns contain text: pixel5",
    "nan.csv": "the column 'label' has no label in 30 of 60 rows",
    "empty.csv": "contains no images",
}


def the_error(capsys):
    """Return the only error, which is one line on stderr, after no training."""
    out, err = capsys.readouterr()
    assert "Training" not in out
    (line,) = err.splitlines()
    assert line.startswith("fmnist-sk: error: ")
    return line


@pytest.mark.parametrize("name", BAD_DATA)
@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_bad_data_are_one_error_before_training(command, name, data, tmp_path, capsys):
    model = tmp_path / "new.joblib" if command == "train" else data / "model.skops"
    options = [*QUICK, *QUIET] if command == "train" else []
    assert run(command, "--data", data / name, "--model", model, *options) == 1
    line = the_error(capsys)
    assert f"{name}: " in line
    assert re.search(BAD_DATA[name], line)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("scalar.npy", "must contain images, with shape"),
        ("row.npy", "must contain images, with shape"),
        ("complex.npy", "must contain numbers"),
        ("records.npy", "must contain numbers"),
        ("objects.npy", "cannot be read (Object arrays"),
        ("pickle.npy", "cannot be read (This file contains pickled"),
        ("scalars.npz", "must contain images, with shape"),
        ("text.npz", "X is not a NumPy array"),
        ("index.csv", "counts the rows"),
        ("text.csv", "contain text"),
        ("empty.csv", "0 sample(s)"),
    ],
)
def test_bad_images_to_predict_are_one_error(name, message, data, capsys):
    assert run("predict", "--model", data / "model.skops", data / name) == 1
    line = the_error_of_predict(capsys)
    assert f"{name}: " in line
    assert message in line


def the_error_of_predict(capsys):
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("fmnist-sk: error: ")
    return line


@pytest.mark.parametrize("name", ["archive.npy", "array.npz", "two_columns.npz"])
def test_images_are_read_whatever_the_file_is_called(name, data, capsys):
    assert run("predict", "--model", data / "model.skops", data / name) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 61
    assert not err


def test_labels_may_be_a_column(data, tmp_path):
    arguments = ["--data", data / "column.npz", "--model", tmp_path / "new.skops"]
    assert run("train", *arguments, *QUICK, *QUIET) == 0
    assert run("evaluate", *arguments) == 0


@pytest.mark.parametrize(
    ("status", "parameter", "message"),
    [
        (1, "callbacks=5", "'callbacks' parameter"),
        (1, "callbacks=[1]", "'callbacks' parameter"),
        (1, "filters=100000000", "2 GiB"),
        (2, "dense_units=(10**9,)", "'dense_units' parameter"),
        (1, "dense_units=1000000000", "2 GiB"),
        (1, "kernel_size=100000", "2 GiB"),
        (1, "epochs=" + "9" * 40, "optimizer steps"),
        (2, "dropout={[]: 1}", "'dropout' parameter"),
        (2, "dropout=" + "-" * 5000 + "1", "'dropout' parameter"),
        (2, "dropout=" + "(" * 500, "'dropout' parameter"),
        (2, "memory=5", "'memory' parameter"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_parameters_are_one_error(
    status, parameter, message, data, tmp_path, capsys
):
    arguments = ["--data", data / "images.csv", "--model", tmp_path / "new.skops"]
    status_of = run("train", *arguments, *QUICK, *QUIET, "--param", parameter)
    if status == 2:
        the_error(capsys)
    else:
        assert message in capsys.readouterr().err
    assert status_of == status
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        "train --data {d} --model x --image-size 1025",
        "train --data {d} --model x --image-size 28x100000000000",
        "predict --model x {d} --white 0",
        "predict --model x {d} --white nan",
        "predict --model x {d} --white inf",
        "predict --model x {d} --white one",
    ],
)
def test_bad_options_are_one_error(arguments, data, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments.format(d=data).split())
    assert end.value.code == 2
    the_error(capsys)


def test_too_little_memory_is_one_error(data, monkeypatch, capsys):
    def fail(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr(np, "load", fail)  # as for an array of a terabyte
    arguments = ["--data", data / "column.npz", "--model", data / "model.skops"]
    assert run("evaluate", *arguments) == 1
    the_error(capsys)
