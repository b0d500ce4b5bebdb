"""Command line: predict."""

import csv
import io
import json
import os
import re
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from _photographs import photograph
from _small import quick
from matplotlib.image import imread
from PIL import Image
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from fmnist_sk import (
    CLASS_NAMES,
    ImageEncoder,
    ImageReshaper,
    PhotoConverter,
    export_onnx,
    load_pretrained,
    save_model,
)
from fmnist_sk.__main__ import main

BROKEN = "cannot be read: it is not a picture that Pillow can read, or it is damaged."


@pytest.fixture(scope="module")
def images(sample):
    return sample.X_train[:200].reshape(-1, 28, 28)


@pytest.fixture(scope="module")
def data(images, sample, tmp_path_factory):
    """Folder with the first images in all file formats, and photographs of others."""
    folder = tmp_path_factory.mktemp("data")
    X = images.reshape(200, 784)
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(1, 785)])
    frame.to_csv(folder / "unlabelled.csv", index=False)
    frame.insert(0, "label", sample.y_train[:200])
    frame.to_csv(folder / "images.csv", index=False)
    np.save(folder / "images.npy", X[:5])
    picture = Image.fromarray(images[0])
    for name, mode in (("image", "RGB"), ("grey", "L"), ("opaque", "RGBA")):
        picture.convert(mode).save(folder / f"{name}.png")
    see_through = np.dstack([*[np.full_like(images[0], 255)] * 3, images[0]])
    Image.fromarray(see_through).save(folder / "see_through.png")
    picture.save(folder / "image.jpg", quality=100)
    photographs = folder / "photographs"
    (photographs / "b" / "c").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for i, name in enumerate(["z.jpg", "b/2.PNG", "b/10.png", "b/c/1.webp"]):
        photograph(images[i], rng, coloured=True).save(photographs / name)
    (photographs / "b" / "broken.jpg").write_text("no picture", encoding="utf-8")
    (photographs / "b" / "._2.png").write_text("by macOS", encoding="utf-8")
    (photographs / "notes.txt").write_text("no picture", encoding="utf-8")
    return folder


# Photographs in the order in which the command shows them, with their positions in
# `images`.
SHOWN = [("b/10.png", 2), ("b/2.PNG", 1), ("b/broken.jpg", None), ("b/c/1.webp", 3)]
SHOWN.append(("z.jpg", 0))


@pytest.fixture(scope="module")
def model(sample):
    """Quick classifier whose classes are called n0 to n9."""
    model = quick().fit(sample.X_train[:300], sample.y_train[:300])
    model.class_names_ = [f"n{i}" for i in range(10)]
    return model


@pytest.fixture(scope="module")
def model_path(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.joblib"
    joblib.dump(model, path)
    return path


@pytest.fixture(scope="module")
def colour_path(tmp_path_factory):
    """Classifier of red and blue pictures, 12 pixels wide and 10 high."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 60, (64, 10, 12, 3), dtype=np.uint8)
    y = np.arange(64) % 2
    X[np.arange(64), ..., 2 * y] += 180
    path = tmp_path_factory.mktemp("colour") / "colour.joblib"
    joblib.dump(quick().fit(X, np.array(["red", "blue"])[y]), path)
    return path


def predict(*arguments):
    return main(["predict", *map(str, arguments)])


def cells(out):
    """Return the cells of a table, without its header."""
    header, *lines = out.splitlines()
    assert header.split()[:3] == ["image", "prediction", "probability"]
    return [re.split(r"  +", line) for line in lines]


# Pictures of the model's size, and arrays


@pytest.mark.parametrize(
    "name", ["image.png", "grey.png", "opaque.png", "see_through.png"]
)
@pytest.mark.parametrize("options", [(), ("--no-convert",)])
def test_picture_counts_as_its_pixels(
    name, options, data, model, model_path, images, tmp_path
):
    table = tmp_path / "proba.csv"
    arguments = ["--model", model_path, data / name, "--csv", table, *options]
    assert predict(*arguments) == 0
    with table.open(newline="", encoding="utf-8") as stream:
        header, row = csv.reader(stream)
    assert header == ["image", "prediction", *model.class_names_]
    (proba,) = model.predict_proba(images[:1])
    assert row[:2] == [str(data / name), model.class_names_[proba.argmax()]]
    np.testing.assert_allclose(np.array(row[2:], float), proba, rtol=1e-5)


def test_one_line_per_image(data, model, model_path, images, capsys):
    paths = [data / name for name in ("image.jpg", "images.npy", "unlabelled.csv")]
    assert predict("--model", model_path, *paths) == 0
    lines = cells(capsys.readouterr().out)
    assert len(lines) == 1 + 5 + 200
    assert lines[0][0] == str(paths[0])
    assert lines[1][0] == f"{paths[1]}[0]"
    proba = model.predict_proba(images[:5])
    for (_, name, probability), expected in zip(lines[1:6], proba, strict=True):
        assert name == model.class_names_[expected.argmax()]
        assert probability == f"{expected.max():.3f}"


def test_labels_in_a_csv_are_ignored(data, model_path, capsys):
    outs = []
    for name in ("images.csv", "unlabelled.csv"):
        assert predict("--model", model_path, data / name) == 0
        outs.append(capsys.readouterr().out.replace(str(data / name), "file"))
    assert cells(outs[0]) == cells(outs[1])


def test_all_probabilities(data, model_path, capsys):
    arguments = ["--model", model_path, data / "image.png", "--proba"]
    names = [f"class{i}" for i in range(10)]
    assert predict(*arguments, "--class-names", ",".join(names)) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["image", "prediction", "probability", *names]
    # Each number starts below the first letter of its name.
    assert [line[header.index(name) + 1] for name in names] == ["."] * 10
    proba = [float(word) for word in line.split()[3:]]
    assert sum(proba) == pytest.approx(1, abs=0.01)
    assert float(line.split()[2]) == max(proba)


@pytest.mark.parametrize("name", ["image.png", "photographs/z.jpg"])
def test_white_is_what_the_model_was_trained_on(
    name, data, images, sample, tmp_path, capsys
):
    path = tmp_path / "unit.joblib"
    model = quick().fit(images / 255, sample.y_train[:200])
    joblib.dump(model, path)
    expected = images[0]
    if name != "image.png":
        (expected,) = PhotoConverter(mode="resize").transform([data / name])
    proba = model.predict_proba(expected[np.newaxis] / 255).max()
    assert predict("--model", path, "--white", 1, data / name) == 0
    ((*_, probability),) = cells(capsys.readouterr().out)
    assert float(probability) == pytest.approx(proba, abs=2e-3)


@pytest.mark.filterwarnings("default")
def test_a_warning_is_one_line(data, model_path, capsys):
    assert predict("--model", model_path, "--white", 1, data / "image.png") == 0
    out, err = capsys.readouterr()
    assert len(cells(out)) == 1
    (line,) = err.splitlines()
    assert line.startswith("fmnist-sk: warning: X contains values from 0 to 1, but")


# Photographs


@pytest.mark.parametrize("model", ["fashion-mnist", "fashion-mnist-compact"])
def test_folder_of_photographs_with_a_model_by_name(model, data, sample, capsys):
    folder = data / "photographs"
    assert predict(folder, "--model", model) == 1
    out, err = capsys.readouterr()
    broken = folder / "b" / "broken.jpg"
    assert err == f"fmnist-sk: error: {broken}: {BROKEN}\n"
    lines = cells(out)
    assert [line[0] for line in lines] == [str(folder / name) for name, _ in SHOWN]
    for (name, i), (_, prediction, *_) in zip(SHOWN, lines, strict=True):
        expected = f"error: {BROKEN}" if i is None else CLASS_NAMES[sample.y_train[i]]
        assert prediction == expected, name


def test_json_is_one_document(data, images, capsys, tmp_path):
    table, figure = tmp_path / "proba.csv", tmp_path / "explanation.png"
    arguments = [data / "photographs", "none.png", "--model", "fashion-mnist-compact"]
    assert predict(*arguments, "--json", "--csv", table, "--explain", figure) == 1
    out, err = capsys.readouterr()
    (results,) = json.loads(out).values()
    names = [str(data / "photographs" / name) for name, _ in SHOWN]
    assert [result["filename"] for result in results] == [*names, "none.png"]
    assert [result["filename"] for result in results if "error" in result] == [
        names[2],
        "none.png",
    ]
    assert results[2]["error"] == BROKEN
    assert results[-1]["error"] == "no such file"
    assert err.count("fmnist-sk: error: ") == 2
    rows = pd.read_csv(table, index_col="image")
    assert rows.index.tolist() == [*names, "none.png"]
    model = load_pretrained("fashion-mnist-compact")
    for name, i in SHOWN:
        path = str(data / "photographs" / name)
        if i is None:
            assert rows.loc[path].isna().all()
            continue
        (proba,) = model.predict_proba(PhotoConverter().transform([path]))
        (result,) = (each for each in results if each["filename"] == path)
        order = np.argsort(-proba)
        assert [each["label"] for each in result["predictions"]] == order.tolist()
        assert [each["name"] for each in result["predictions"]] == [
            CLASS_NAMES[code] for code in order
        ]
        found = [each["probability"] for each in result["predictions"]]
        np.testing.assert_allclose(found, proba[order], rtol=1e-4)
        np.testing.assert_allclose(rows.loc[path, CLASS_NAMES[0]], proba[0], rtol=1e-4)


def test_all_good_is_status_0(data, capsys):
    photographs = [data / "photographs" / name for name, i in SHOWN if i is not None]
    assert predict(*photographs, "--model", "fashion-mnist-compact", "--json") == 0
    out, err = capsys.readouterr()
    assert len(json.loads(out)["results"]) == 4
    assert err == ""


@pytest.mark.parametrize(
    ("options", "mode", "note"),
    [
        ((), "resize", True),
        (("--mode", "resize"), "resize", False),
        (("--mode", "fashion-mnist"), "fashion-mnist", False),
        (("--class-names", "fashion-mnist"), "fashion-mnist", False),
    ],
)
def test_mode_of_a_model_without_a_converter(
    options, mode, note, data, model, model_path, capsys
):
    path = data / "photographs" / "z.jpg"
    assert predict(path, "--model", model_path, "--json", *options) == 0
    out, err = capsys.readouterr()
    ((result,),) = json.loads(out).values()
    (proba,) = model.predict_proba(PhotoConverter(mode=mode).transform([path]))
    best = result["predictions"][0]
    assert best["label"] == proba.argmax()
    assert best["probability"] == pytest.approx(proba.max(), rel=1e-5)
    assert ("set --mode" in err) == note


@pytest.mark.parametrize("suffix", ["joblib", "skops"])
@pytest.mark.parametrize("options", [(), ("--mode", "resize")])
def test_model_with_a_converter(suffix, options, data, model, images, tmp_path, capsys):
    pipeline = make_pipeline(
        PhotoConverter().fit([images[0]]), ImageReshaper().fit(images), model
    )
    path = tmp_path / f"model.{suffix}"
    (joblib.dump if suffix == "joblib" else save_model)(pipeline, path)
    paths = [data / "photographs" / name for name, _ in SHOWN]
    assert predict(*paths, "--model", path, "--json", *options) == 1
    (results,) = json.loads(capsys.readouterr().out).values()
    assert results.pop(2) == {"filename": str(paths.pop(2)), "error": BROKEN}
    if options:
        pipeline = make_pipeline(PhotoConverter(mode="resize"), *pipeline[1:])
    for each, result in zip(pipeline.predict_proba(paths), results, strict=True):
        assert result["predictions"][0]["label"] == each.argmax()
        assert result["predictions"][0]["probability"] == pytest.approx(each.max())
    # Arrays pass through the converter, as they do in Python.
    assert predict(data / "images.npy", "--model", path, "--json") == 0
    (results,) = json.loads(capsys.readouterr().out).values()
    expected = make_pipeline(PhotoConverter(), *pipeline[1:]).predict(images[:5])
    assert [each["predictions"][0]["label"] for each in results] == expected.tolist()
    assert predict(*paths, "--model", path, "--no-convert") == 1
    assert "leave out --no-convert" in capsys.readouterr().err


def test_features_of_photographs(data, images, sample, tmp_path, capsys):
    encoder = ImageEncoder(FrozenEstimator(load_pretrained("fashion-mnist-compact")))
    model = make_pipeline(PhotoConverter(), encoder, LogisticRegression(max_iter=200))
    joblib.dump(model.fit(images, sample.y_train[:200]), tmp_path / "m.joblib")
    path = data / "photographs" / "z.jpg"
    assert predict(path, "--model", tmp_path / "m.joblib") == 0
    ((_, label, _),) = cells(capsys.readouterr().out)
    assert label == str(sample.y_train[0])
    figure = ["--explain", tmp_path / "figure.png"]
    assert predict(path, "--model", tmp_path / "m.joblib", *figure) == 1
    assert "--explain requires a FashionCNNClassifier" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["image.png", "photographs/z.jpg"])
def test_pipeline_without_a_converter(name, data, model, images, tmp_path, capsys):
    pipeline = make_pipeline(ImageReshaper().fit(images), model)
    pipeline.class_names_ = list(CLASS_NAMES)
    joblib.dump(pipeline, tmp_path / "m.joblib")
    assert predict(data / name, "--model", tmp_path / "m.joblib") == 0
    ((_, prediction, _),) = cells(capsys.readouterr().out)
    image = images[:1]
    if name != "image.png":
        image = PhotoConverter().transform([data / name])
    assert prediction == CLASS_NAMES[pipeline.predict(image)[0]]


def test_model_whose_images_are_not_known(data, images, sample, tmp_path, capsys):
    model = make_pipeline(
        PhotoConverter(), FunctionTransformer(flat), DummyClassifier()
    )
    voting = VotingClassifier([("a", model)], voting="soft")
    joblib.dump(voting.fit(images, sample.y_train[:200]), tmp_path / "m.joblib")
    assert predict(data / "image.png", "--model", tmp_path / "m.joblib") == 1
    assert "size of the model's images is not known" in capsys.readouterr().err


def flat(images):
    return images.reshape(len(images), -1)


def test_model_of_images_in_colour(colour_path, tmp_path, capsys):
    for name, colour in (("1.png", (200, 30, 30)), ("2.jpg", (20, 20, 230))):
        Image.new("RGB", (300, 250), colour).save(tmp_path / name)
    Image.new("RGB", (12, 10), (200, 30, 30)).save(tmp_path / "3.png")
    assert predict(tmp_path, "--model", colour_path) == 0
    out, err = capsys.readouterr()
    assert [line[1] for line in cells(out)] == ["red", "blue", "red"]
    assert "resized to 12 × 10 pixels" in err
    arguments = [tmp_path, "--model", colour_path, "--mode", "fashion-mnist"]
    assert predict(*arguments) == 2
    assert "requires a model of grey images" in capsys.readouterr().err


def test_photograph_that_lies_on_its_side(colour_path, tmp_path, capsys):
    """The size of a picture is that of the upright picture."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (10, 12), (200, 30, 30)).save(tmp_path / "1.png", exif=exif)
    assert predict(tmp_path, "--model", colour_path, "--no-convert") == 0
    assert cells(capsys.readouterr().out)[0][1] == "red"


# Names of files


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text")
def test_names_that_are_no_text(data, model_path, tmp_path, monkeypatch):
    picture = (data / "image.png").read_bytes()
    for name in (b"a\xff.png", "größe.png".encode(), b"line\nbreak.png"):
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as stream:
            stream.write(picture)
    with open(os.path.join(os.fsencode(tmp_path), b"b\xfe.png"), "wb"):
        pass
    table = tmp_path / "proba.csv"
    for options in ((), ("--json",)):
        ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        monkeypatch.setattr(sys, "stdout", ascii_only)
        arguments = [tmp_path, "--model", model_path, "--csv", table, *options]
        assert predict(*arguments) == 1
        ascii_only.flush()
        out = ascii_only.buffer.getvalue().decode("ascii")
        if options:
            names = [each["filename"] for each in json.loads(out)["results"]]
            assert f"{tmp_path}/größe.png" in names
        else:
            assert len(out.splitlines()) == 1 + 4 + 1
            names = [line.split()[0] for line in out.splitlines()]
            assert f"{tmp_path}/line\\nbreak.png" in names
        assert f"{tmp_path}/a\\xff.png" in names
    assert len(pd.read_csv(table)) == 4


def test_long_names_are_shortened_on_a_terminal(data, model_path, capsys, monkeypatch):
    path = data / "photographs" / "z.jpg"
    assert predict(path, "--model", model_path) == 0
    assert str(path) in capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert predict(path, "--model", model_path) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert max(len(header), len(line)) <= 50
    assert line.startswith(str(path)[:5])
    assert "…" in line
    assert "/z.jpg  " in line


# Explanations


@pytest.mark.parametrize("n_images", [1, 3, 14])
def test_explanation(n_images, data, tmp_path, capsys):
    path = data / "photographs" / "z.jpg"
    figure = tmp_path / "explanation.png"
    arguments = [*[path] * n_images, data / "photographs/b/broken.jpg"]
    options = ["--model", "fashion-mnist-compact", "--explain", figure]
    assert predict(*arguments, *options) == 1
    out = capsys.readouterr().out
    assert f"Explanation: {figure}" in out
    assert ("(the first 12 of 14 images)" in out) == (n_images == 14)
    picture = imread(figure)
    assert picture.shape[1] == 1350
    assert picture.shape[0] > 250 * min(n_images, 12)
    # Nothing is cut off at the edges, so the outermost pixels are white.
    for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
        assert edge.min() == 1


def test_explanation_of_arrays_and_of_colour(
    data, model_path, colour_path, tmp_path, capsys
):
    Image.new("RGB", (300, 250), (200, 30, 30)).save(tmp_path / "red.png")
    for number, arguments in enumerate(
        [
            (data / "images.npy", "--model", model_path),
            (tmp_path / "red.png", "--model", colour_path),
        ]
    ):
        figure = tmp_path / f"{number}.png"
        assert predict(*arguments, "--explain", figure) == 0
        assert imread(figure).shape[1] == 1350
        assert "Explanation: " in capsys.readouterr().out


def test_network_that_cannot_be_explained(data, sample, tmp_path, capsys):
    X = sample.X_train[:64, 350:366].reshape(64, 1, 16)  # images one pixel high
    model = quick(architecture=dense_only).fit(X, sample.y_train[:64])
    joblib.dump(model, tmp_path / "m.joblib")
    Image.fromarray(X[0]).save(tmp_path / "row.png")
    figure = tmp_path / "explanation.png"
    arguments = [tmp_path / "row.png", "--explain", figure]
    assert predict(*arguments, "--model", tmp_path / "m.joblib") == 1
    out, err = capsys.readouterr()
    assert len(cells(out)) == 1
    assert err.startswith("fmnist-sk: error: --explain: ")
    assert not figure.exists()


def dense_only(image_shape, n_classes):
    import keras

    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(n_classes, activation="softmax"),
        ]
    )


def test_nothing_to_explain(data, tmp_path, capsys):
    figure = tmp_path / "explanation.png"
    arguments = [data / "photographs/b/broken.jpg", "--explain", figure]
    assert predict(*arguments, "--model", "fashion-mnist-compact") == 1
    assert not figure.exists()
    assert BROKEN in capsys.readouterr().err


def test_an_onnx_file_is_a_model(data, model, model_path, tmp_path, capsys):
    path = tmp_path / "model.onnx"
    export_onnx(model, path)
    arguments = data / "image.png", "--proba"
    assert predict("--model", path, *arguments) == 0
    found = capsys.readouterr().out
    assert predict("--model", model_path, *arguments) == 0
    assert capsys.readouterr().out == found
    path.write_bytes(path.read_bytes()[:1000])
    assert predict("--model", path, *arguments) == 1
    assert "is damaged" in capsys.readouterr().err


def test_pictures_are_predicted_without_tensorflow(data):
    code = (
        "import sys\n"
        "from fmnist_sk.__main__ import main\n"
        "status = main(sys.argv[1:])\n"
        "heavy = {'tensorflow', 'keras', 'scikeras', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(status or sorted(heavy) or 0)\n"
    )
    arguments = "predict", "--model", "fashion-mnist-compact", data / "image.png"
    subprocess.run([sys.executable, "-c", code, *arguments], check=True)
