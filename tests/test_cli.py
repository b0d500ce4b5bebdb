"""Command line: files, printed output and error messages."""

import os
import re
import signal
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from _idx_files import put
from matplotlib.image import imread
from PIL import Image
from sklearn.dummy import DummyClassifier

from fmnist_sk import CLASS_NAMES
from fmnist_sk.__main__ import main

QUICK = ["--param", "architecture=compact", "--param", "epochs=2"]
QUIET = ["--param", "verbose=0"]


@pytest.fixture(scope="module")
def data(sample, tmp_path_factory):
    """Folder of labelled images in all file formats."""
    folder = tmp_path_factory.mktemp("data")
    X, y = sample.X_train[:200], sample.y_train[:200]
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(1, 785)])
    frame.insert(0, "label", y)
    frame.to_csv(folder / "images.csv", index=False)
    np.savez(folder / "Xy.npz", X=X.reshape(-1, 28, 28), y=np.array(CLASS_NAMES)[y])
    np.savez(
        folder / "parts.npz",
        x_train=X[:150],
        y_train=y[:150],
        x_test=X[150:],
        y_test=y[150:],
    )
    np.save(folder / "images.npy", X[:5])
    images = X.reshape(-1, 28, 28)
    Image.fromarray(images[0]).save(folder / "image.png")
    Image.fromarray(images[0, :20]).save(folder / "small.png")
    (folder / "junk.png").write_text("no picture", encoding="utf-8")
    (folder / "junk.csv").write_text("", encoding="utf-8")
    (folder / "junk.joblib").write_text("no model", encoding="utf-8")
    (folder / "empty").mkdir()
    joblib.dump({"no": "model"}, folder / "dict.joblib")
    return folder


@pytest.fixture(scope="module")
def model_path(data):
    path = data / "model.joblib"
    arguments = ["train", "--data", "sample", "--model", str(path), *QUICK, *QUIET]
    assert main(arguments) == 0
    return path


def run(*arguments):
    return main([str(argument) for argument in arguments])


def in_new_process(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "fmnist_sk", *map(str, arguments)],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


# demo


@pytest.mark.usefixtures("tiny")  # a machine without the data and without a network
def test_demo_without_data_takes_the_sample(tmp_path, sample, capsys):
    folder = tmp_path / "results" / "demo"
    assert (
        run("demo", "--epochs", 2, "--architecture", "compact", "--output", folder) == 0
    )
    out = capsys.readouterr().out
    assert out.startswith("Demo: training a CNN on Fashion-MNIST\n")
    assert "could not be downloaded" in out
    assert "Data: the sample of Fashion-MNIST" in out
    assert "3,000 training images, 1,000 test images" in out
    assert "Epoch 1/2 - loss: " in out
    assert all(name in out for name in CLASS_NAMES)
    files = {path.name: path for path in folder.iterdir()}
    pictures = ("confusion_matrix.png", "training_curves.png", "mistakes.png")
    assert set(files) == {*pictures, "model.joblib"}
    assert all(str(path) in out for path in files.values())
    pipeline = joblib.load(files["model.joblib"])
    accuracy = pipeline.score(sample.X_test, sample.y_test)
    assert accuracy > 0.5
    assert f"Test accuracy: {accuracy:.2%} (trained in " in out
    assert len(pipeline["cnn"].history_["val_accuracy"]) == 2
    for name in pictures:
        picture = imread(files[name])
        assert picture.shape[1] >= 1000
        # Nothing is cut off at the edges, so the outermost pixels are white.
        for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
            assert edge.min() == 1


@pytest.mark.parametrize("n_mistakes", [0, 5])
def test_the_confusion_matrix_colours_mistakes_only(n_mistakes, tmp_path):
    from fmnist_sk._cli._figures import save_confusion_matrix

    y = np.repeat(["coat", "dress"], 50)
    model = DummyClassifier().fit(np.zeros((100, 1)), y)
    y_pred = y.copy()
    y_pred[:n_mistakes] = "dress"
    save_confusion_matrix(tmp_path / "m.png", model, y, y_pred, list(model.classes_))
    picture = (255 * imread(tmp_path / "m.png")[..., :3]).round().astype(int)
    grey = (picture == round(0.92 * 255)).all(axis=2)
    coloured = np.ptp(picture, axis=2) > 100
    # The two cells of the diagonal are grey. One of the other two has a strong colour.
    assert grey.mean() > 0.2
    assert (coloured.mean() > 0.1) == (n_mistakes > 0)


def test_demo_takes_real_data_that_are_there(tiny, tmp_path, monkeypatch, capsys):
    from fmnist_sk._cli._demo import _demo_data

    put(tiny, tmp_path / "here")
    monkeypatch.setenv("FMNIST_SK_DATA", str(tmp_path / "here"))
    train, test = _demo_data(sample=False)
    assert (len(train.y), len(test.y)) == (20, 10)
    out = capsys.readouterr().out
    assert "Data: Fashion-MNIST\n      20 training images, 10 test images\n" in out


# train and evaluate


@pytest.mark.parametrize(
    ("name", "n_train"), [("images.csv", 150), ("Xy.npz", 150), ("parts.npz", 150)]
)
@pytest.mark.parametrize("suffix", ["joblib", "skops"])
def test_train_then_evaluate(name, n_train, suffix, data, tmp_path, capsys):
    path = tmp_path / f"model.{suffix}"
    arguments = ["--data", data / name, "--model", path, "--test-size", 0.25]
    assert run("train", *arguments, *QUICK, *QUIET) == 0
    out = capsys.readouterr().out
    assert f"Training on {n_train} images" in out
    assert re.search(r"Images: +50\n", out)
    assert f"Model: {path}" in out
    matrix = tmp_path / "matrix.png"
    arguments = ["--model", path, "--data", data / name, "--confusion-matrix", matrix]
    assert run("evaluate", *arguments) == 0
    out = capsys.readouterr().out
    n_images = 50 if name == "parts.npz" else 200
    assert re.search(rf"Images: +{n_images}\nAccuracy: +0\.\d{{4}}\n", out)
    assert re.search(r"Log loss: +\d\.\d{4}\n", out)
    assert re.search(r"Brier score: +[01]\.\d{4}\n", out)
    assert re.search(r"Expected calibration error: 0\.\d{4} ", out)
    assert imread(matrix).shape[1] >= 1000


def test_parameters_and_seed_reach_the_classifier(data, tmp_path):
    path = tmp_path / "model.joblib"
    arguments = ["--data", data / "images.csv", "--model", path, "--test-size", 0]
    given = ["filters=(4, 8, 8)", "dropout=0.3", "lr_schedule=cosine"]
    parameters = [word for one in given for word in ("--param", one)]
    assert run("train", *arguments, "--seed", 7, *QUICK, *QUIET, *parameters) == 0
    expected = {
        "filters": (4, 8, 8),
        "dropout": 0.3,
        "lr_schedule": "cosine",
        "epochs": 2,
        "random_state": 7,
    }
    assert joblib.load(path).get_params().items() >= expected.items()


def test_evaluate_agrees_with_scikit_learn(model_path, sample, capsys):
    assert run("evaluate", "--model", model_path, "--data", "sample") == 0
    out = capsys.readouterr().out
    model = joblib.load(model_path)
    proba = model.predict_proba(sample.X_test)
    log_loss = -np.log(proba[np.arange(1000), sample.y_test]).mean()
    accuracy = model.score(sample.X_test, sample.y_test)
    assert re.search(rf"Accuracy: +{accuracy:.4f}\n", out)
    assert re.search(rf"Log loss: +{log_loss:.4f}\n", out)
    assert all(name in out for name in CLASS_NAMES)


# Mistakes


@pytest.mark.parametrize(
    ("status", "message", "arguments"),
    [
        (
            1,
            "small.png: is 28 pixels wide and 20 high",
            "predict --no-convert --model {m} {d}/small.png",
        ),
        (1, "junk.png: cannot be read", "predict --model {m} {d}/junk.png"),
        (1, "none.png: no such file", "predict --model {m} {d}/none.png"),
        (1, "features", "predict --model {m} {d}/model.npy"),
        (1, "empty: contains no pictures", "predict --model {m} {d}/empty"),
        (2, "must end in .png", "predict --model {m} {d}/image.png --explain {d}/x.y"),
        (
            1,
            "no such folder",
            "predict --model {m} {d}/image.png --explain {d}/z/x.pdf",
        ),
        (1, "ship with the package", "predict --model {d}/none {d}/image.png"),
        (1, "junk.joblib: cannot be", "evaluate --model {d}/junk.joblib --data sample"),
        (1, "must contain a fitted", "evaluate --model {d}/dict.joblib --data sample"),
        (1, "not in the training data", "evaluate --model {m} --data {d}/Xy.npz"),
        (2, "got 2 names", "evaluate --model {m} --data sample --class-names a,b"),
        (
            1,
            "no column 'class'",
            "train --data {d}/images.csv --target class --model x",
        ),
        (1, "junk.csv: cannot be read", "train --data {d}/junk.csv --model x"),
        (2, "a .npz or .csv file", "train --data {d}/images.npy --model x"),
        (1, "no such folder", "train --data sample --model {d}/none/x"),
        (2, "is a folder", "train --data sample --model {d}"),
        (
            2,
            "invalid parameter 'epoch'",
            "train --data sample --model x --param epoch=1",
        ),
        (2, "'dropout' parameter", "train --data sample --model x --param dropout=2"),
        (2, "'foo'", "demo --sample --output {d}/demo --architecture foo"),
    ],
)
def test_mistake_is_one_line(
    status, message, arguments, data, model_path, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    np.save(data / "model.npy", np.zeros((3, 10)))
    words = arguments.format(m=model_path, d=data).split()
    assert main(words) == status
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("fmnist-sk: error: ")
    assert message in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "fly",
        "train",
        "demo --epochs 0",
        "demo --epochs many",
        "demo --seed -1",
        "train --data sample --model x --test-size 1",
        "train --data sample --model x --param epochs",
        "predict --model x",
    ],
)
def test_wrong_command_line(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments.split())
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("fmnist-sk: error: ")
    assert line.endswith("--help)")


# The process


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGINT for one process")
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_quietly(tmp_path):
    arguments = ["demo", "--sample", "--output", tmp_path, "--epochs", 1000]
    with in_new_process(*arguments, stdout=subprocess.PIPE) as process:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Epoch 2/"):
                process.send_signal(signal.SIGINT)
                break
        _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (130, "")
    assert any("Starting TensorFlow" in line for line in lines)
    assert all(line[:-1].isprintable() for line in lines)  # a pipe gets no bars
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="has no broken pipes")
def test_closed_pipe_ends_quietly(data, model_path):
    reading, writing = os.pipe()
    os.close(reading)
    arguments = ["predict", "--model", model_path, data / "images.npy"]
    with in_new_process(*arguments, stdout=writing) as process:
        os.close(writing)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert stderr == ""
