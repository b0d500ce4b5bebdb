"""Command line: train, evaluate and predict with folders of labelled pictures."""

import os
import re
import shutil

import joblib
import numpy as np
import pytest
from _photographs import photograph
from PIL import Image

from fmnist_sk import (
    CLASS_NAMES,
    FashionCNNClassifier,
    load_image_folder,
    load_model,
    load_pretrained,
)
from fmnist_sk.__main__ import main
from fmnist_sk.datasets import _rows

QUICK = ["--param", "architecture=compact", "--param", "epochs=3"]
QUIET = ["--param", "verbose=0"]
CLASSES = ("T-shirt top", "ankle_boot", "bag")
LABELS = (0, 9, 8)


def run(*arguments):
    return main([str(argument) for argument in arguments])


def fill(folder, sample, first, n_images):
    """Write photographs of each class to a folder, in formats that differ."""
    rng = np.random.default_rng(first)
    for name, label in zip(CLASSES, LABELS, strict=True):
        found = np.flatnonzero(sample.y_train == label)[first : first + n_images]
        (folder / name / "more").mkdir(parents=True)
        for i in found:
            image = sample.X_train[i].reshape(28, 28)
            path = folder / name / ("more" if i % 2 else "") / f"{i}.jpg"
            photograph(image, rng, scale=4, coloured=True).save(path)
    return folder


@pytest.fixture(scope="module")
def photos(sample, tmp_path_factory):
    """Folder of 45 photographs of three classes."""
    return fill(tmp_path_factory.mktemp("folders") / "photos", sample, 0, 15)


@pytest.fixture(scope="module")
def divided(sample, tmp_path_factory):
    """Folder that is divided into train (30), val (6) and test (9 photographs)."""
    folder = tmp_path_factory.mktemp("folders") / "divided"
    for first, (part, n_images) in enumerate([("train", 10), ("val", 2), ("test", 3)]):
        fill(folder / part, sample, 30 * first, n_images)
    return folder


@pytest.fixture
def broken(photos, tmp_path):
    folder = shutil.copytree(photos, tmp_path / "broken")
    (folder / "bag" / "broken.jpg").write_text("no picture", encoding="utf-8")
    return folder


def accuracy_in(out):
    return float(re.search(r"Accuracy: +(\d\.\d+)\n", out)[1])


@pytest.mark.parametrize("suffix", ["joblib", "skops"])
def test_train_evaluate_and_predict(suffix, photos, tmp_path, capsys):
    path = tmp_path / f"model.{suffix}"
    options = ["--mode", "fashion-mnist", "--image-size", "14x20"]
    options += ["--param", "epochs=15", "--param", "architecture=compact"]
    arguments = ["--data", photos, "--model", path, *options, *QUIET]
    assert run("train", *arguments) == 0
    out = capsys.readouterr().out
    assert "Training on 36 images" in out
    assert re.search(r"Images: +9\n", out)
    assert all(name in out for name in CLASSES)
    model = (joblib.load if suffix == "joblib" else load_model)(path)
    assert model.classes_.tolist() == list(CLASSES)
    assert model[0].get_params() == {
        "image_shape": (14, 20),
        "mode": "fashion-mnist",
        "color_mode": "grayscale",
        "n_jobs": None,
    }
    files = load_image_folder(photos, image_shape=(14, 20), mode="fashion-mnist")
    y = files.target_names[files.target]
    assert (model.predict(files.filenames) == model[1].predict(files.images)).all()
    assert run("evaluate", "--model", path, "--data", photos) == 0
    accuracy = accuracy_in(capsys.readouterr().out)
    assert accuracy == pytest.approx(model.score(files.filenames, y), abs=1e-3)
    assert accuracy > 0.8
    assert run("predict", "--model", path, photos / "bag") == 0
    _, *lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 15
    assert sum(line.split()[-2] == "bag" for line in lines) > 12


def test_default_is_the_whole_picture_in_grey(photos, tmp_path):
    path = tmp_path / "model"
    arguments = ["--data", photos, "--model", path, "--test-size", 0]
    assert run("train", *arguments, *QUICK, *QUIET) == 0
    converter, classifier = (step for _, step in joblib.load(path).steps)
    assert (converter.mode, converter.color_mode) == ("resize", "grayscale")
    assert classifier.image_shape_ == (28, 28, 1)


def test_colour(tmp_path, capsys):
    """Colour alone tells two classes apart, if it is kept."""
    rng = np.random.default_rng(0)
    for name, channel in (("red", 0), ("green", 1)):
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(20):
            pixels = rng.integers(0, 80, (30, 40, 3), dtype=np.uint8)
            pixels[..., channel] += 150
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{i}.png")
    path = tmp_path / "model.skops"
    arguments = ["--data", tmp_path / "data", "--model", path, "--color"]
    assert run("train", *arguments, "--image-size", 12, *QUICK, *QUIET) == 0
    capsys.readouterr()
    assert load_model(path)[1].image_shape_ == (12, 12, 3)
    assert run("evaluate", "--data", tmp_path / "data", "--model", path) == 0
    assert accuracy_in(capsys.readouterr().out) == 1


def test_divided_folder(divided, tmp_path, capsys):
    path = tmp_path / "model"
    assert run("train", "--data", divided, "--model", path, *QUICK, *QUIET) == 0
    out = capsys.readouterr().out
    assert "Training on 30 images" in out
    assert re.search(r"Images: +9\n", out)
    assert len(joblib.load(path)[1].history_["val_accuracy"]) == 3
    assert run("evaluate", "--data", divided, "--model", path) == 0
    assert re.search(r"Images: +9\n", capsys.readouterr().out)


def test_validation_pictures_are_the_test_if_there_are_no_others(
    divided, tmp_path, capsys
):
    folder = shutil.copytree(divided, tmp_path / "data")
    shutil.rmtree(folder / "test")
    path = tmp_path / "model"
    assert run("train", "--data", folder, "--model", path, *QUICK, *QUIET) == 0
    assert re.search(r"Images: +6\n", capsys.readouterr().out)
    assert "val_accuracy" not in joblib.load(path)[1].history_


def test_classes_may_be_called_train_and_test(photos, tmp_path, capsys):
    """The folders train and test divide the data if they contain class folders."""
    for name, source in (("test", "bag"), ("train", "ankle_boot")):
        shutil.copytree(photos / source, tmp_path / "data" / name)
        shutil.rmtree(tmp_path / "data" / name / "more")
    path = tmp_path / "model"
    arguments = ["--data", tmp_path / "data", "--model", path]
    assert run("train", *arguments, *QUICK, *QUIET) == 0
    assert joblib.load(path).classes_.tolist() == ["test", "train"]


def test_pretrained_model_on_a_folder(photos, capsys):
    """Names of folders match names of classes up to case and punctuation."""
    arguments = ["--data", photos, "--model", "fashion-mnist-compact"]
    assert run("evaluate", *arguments) == 0
    out = capsys.readouterr().out
    files = load_image_folder(photos, mode="fashion-mnist")
    expected = load_pretrained("fashion-mnist-compact").score(
        files.images, np.array(LABELS)[files.target]
    )
    assert accuracy_in(out) == pytest.approx(expected, abs=1e-3)
    assert expected > 0.9
    assert run("evaluate", *arguments, "--mode", "resize") == 0
    assert accuracy_in(capsys.readouterr().out) < 0.9


def test_folder_of_images_of_the_models_size(sample, tmp_path, capsys):
    """Fashion-MNIST as files: folders are labels, and images are taken as they are."""
    X, y = sample.X_test[:100].reshape(-1, 28, 28), sample.y_test[:100]
    for label in range(10):
        (tmp_path / str(label)).mkdir()
    for i, (image, label) in enumerate(zip(X, y, strict=True)):
        Image.fromarray(image).save(tmp_path / str(label) / f"{i}.png")
    arguments = ["--data", tmp_path, "--model", "fashion-mnist-compact"]
    assert run("evaluate", *arguments, "--no-convert") == 0
    expected = load_pretrained("fashion-mnist-compact").score(X, y)
    assert accuracy_in(capsys.readouterr().out) == pytest.approx(expected)


def test_broken_file(broken, tmp_path, capsys):
    path = tmp_path / "model"
    name = broken / "bag" / "broken.jpg"
    arguments = ["--data", broken, "--model", path]
    assert run("train", *arguments, *QUICK, *QUIET) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{name} cannot be read" in line
    assert line.endswith("Set --skip-broken to leave out such files.")
    assert not path.exists()
    assert run("train", *arguments, "--skip-broken", *QUICK, *QUIET) == 0
    out, err = capsys.readouterr()
    assert err.startswith("fmnist-sk: note: 1 of 46 files cannot be read")
    assert str(name) in err
    assert "Training on 36 images" in out
    assert run("evaluate", *arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{name}: cannot be read" in line
    assert line.endswith("Set --skip-broken to leave out such files.")
    assert run("evaluate", *arguments, "--skip-broken") == 0
    out, err = capsys.readouterr()
    assert str(name) in err
    assert re.search(r"Images: +45\n", out)


def test_memory_map_is_divided_without_reading_it(
    photos, tmp_path, monkeypatch, capsys
):
    """More images than fit in memory give the same model as images in memory."""
    arguments = ["train", "--data", photos, *QUICK, *QUIET, "--model"]
    assert run(*arguments, tmp_path / "memory") == 0
    monkeypatch.setattr(_rows, "TEMPORARY_FILE_ABOVE", 100)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    types, fit = [], FashionCNNClassifier.fit

    def recording_fit(self, X, y):
        types.append(type(X))
        return fit(self, X, y)

    monkeypatch.setattr(FashionCNNClassifier, "fit", recording_fit)
    assert run(*arguments, tmp_path / "map") == 0
    assert types == [np.memmap]
    models = [joblib.load(tmp_path / name)[1] for name in ("memory", "map")]
    assert models[0].history_ == models[1].history_


@pytest.mark.parametrize(
    ("status", "message", "arguments"),
    [
        (2, "--color is for folders", "train --data sample --model x --color"),
        (2, "--image-size is for", "train --data sample --model x --image-size 28"),
        (2, "--mode is for", "train --data sample --model x --mode resize"),
        (2, "--skip-broken is for", "evaluate --data sample --skip-broken --model {m}"),
        (2, "--no-convert is for", "evaluate --data sample --no-convert --model {m}"),
        (2, "--white is for folders", "evaluate --data sample --white 1 --model {m}"),
        (
            2,
            "--color requires --mode resize",
            "train --data {d} --model x --color --mode fashion-mnist",
        ),
        (2, "a folder of pictures", "train --data {d}/none --model x"),
        (1, "contains no folders", "train --data {d}/empty --model x"),
        (1, "Fill them, or remove them.", "train --data {d} --model x"),
        (1, "image files but no folders", "train --data {p}/bag/more --model x"),
        (1, "contain no image files: 'empty'", "evaluate --data {d} --model {m}"),
        (
            1,
            "folders: cat. The classes of the model are T-shirt/top",
            "evaluate --data {c} --model {m}",
        ),
        (1, "100 pixels wide", "evaluate --data {c} --class-names {n} --model {m}"),
    ],
)
def test_mistakes(status, message, arguments, photos, tmp_path, monkeypatch, capsys):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    data = tmp_path / "data"
    (data / "empty").mkdir(parents=True)
    (tmp_path / "cats" / "cat").mkdir(parents=True)
    Image.new("L", (100, 120)).save(tmp_path / "cats" / "cat" / "1.png")
    names = "cat,b,c,d,e,f,g,h,i,j --no-convert"
    words = arguments.format(
        d=data, p=photos, c=tmp_path / "cats", m="fashion-mnist-compact", n=names
    )
    assert main(words.split()) == status
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("fmnist-sk: error: ")
    assert message in line
    assert not os.listdir()


@pytest.mark.parametrize("size", ["0", "28x", "28x40x3", "x", "28.5"])
def test_size_that_is_none(size, capsys):
    with pytest.raises(SystemExit) as end:
        run("train", "--data", "x", "--model", "x", "--image-size", size)
    assert end.value.code == 2
    assert "28x40 for a height of 28" in capsys.readouterr().err


def test_names_of_fashion_mnist_are_found_in_any_spelling():
    from fmnist_sk._cli._folders import _labels_of

    model = load_pretrained("fashion-mnist-compact")
    folders = ["ankle boot", "T-shirt_top", "tshirttop", "8", "Bag"]
    labels = _labels_of(folders, model, list(CLASS_NAMES), "folder")
    assert labels.tolist() == [9, 0, 0, 8, 8]
