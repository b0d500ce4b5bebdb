"""PhotoConverter: what it takes, and what it makes of photographs."""

import io
import os
import pickle
import re
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from _photographs import STORED, photograph
from PIL import Image
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_sample_image
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from fmnist_sk import (
    FashionCNNClassifier,
    ImageEncoder,
    PhotoConverter,
    load_model,
    load_pretrained,
    save_model,
)
from fmnist_sk.inspection import grad_cam, occlusion_sensitivity
from fmnist_sk.plotting import (
    GradCAMDisplay,
    MisclassifiedImagesDisplay,
    PredictionDisplay,
)


@pytest.fixture(scope="module")
def pretrained():
    return load_pretrained()


@pytest.fixture(scope="module")
def garments(sample):
    """Images of shape (n, 28, 28) and their labels."""
    return sample.X_test[:160].reshape(-1, 28, 28), sample.y_test[:160]


@pytest.fixture(scope="module")
def folder(garments, tmp_path_factory):
    """Paths of 40 JPEG files and the labels of the garments."""
    images, labels = garments
    rng, home = np.random.default_rng(0), tmp_path_factory.mktemp("photographs")
    paths = [str(home / f"{k}.jpg") for k in range(40)]
    for path, image in zip(paths, images, strict=False):
        photograph(image, rng, scale=8).save(path, quality=90)
    return paths, labels[:40]


# Decrease in accuracy that is allowed, in percentage points.
PLAIN, TEXTURED = 2, 6
PHOTOGRAPHS = {
    "light": ({}, PLAIN),
    "dark": ({"light": False}, PLAIN),
    "coloured, JPEG": ({"coloured": True, "quality": 60}, PLAIN),
    "coloured on dark, small": (
        {"coloured": True, "light": False, "scale": 8, "margin": 1.0},
        PLAIN,
    ),
    "large, turned": ({"scale": 30, "quality": 60, "orientation": 6}, PLAIN),
    "no margin": ({"margin": 0.0}, PLAIN),
    "frame": ({"coloured": True, "frame": 12}, PLAIN),
    "frame on dark": ({"light": False, "frame": 30}, PLAIN),
    "noise": ({"coloured": True, "texture": "noise"}, TEXTURED),
    "gradient": ({"coloured": True, "texture": "gradient"}, TEXTURED),
    "stripes": ({"coloured": True, "texture": "stripes"}, TEXTURED),
    "checks": ({"coloured": True, "texture": "checks"}, TEXTURED),
    "grain on dark, turned": (
        {"light": False, "texture": "grain", "quality": 60, "orientation": 8},
        TEXTURED,
    ),
}


@pytest.mark.parametrize(
    ("how", "points"), PHOTOGRAPHS.values(), ids=PHOTOGRAPHS.keys()
)
def test_photographs_are_classified_like_the_images(how, points, garments, pretrained):
    images, labels = (part[:100] for part in garments)
    rng = np.random.default_rng(1)
    photographs = [photograph(image, rng, **how) for image in images]
    score = make_pipeline(PhotoConverter(), pretrained).score(photographs, labels)
    assert score > pretrained.score(images, labels) - points / 100


def test_images_of_fashion_mnist_stay_almost_the_same(garments, pretrained):
    images, labels = garments
    converted = PhotoConverter().fit_transform(images)
    assert pretrained.score(converted, labels) > pretrained.score(images, labels) - 0.02
    assert np.median(np.abs(converted.astype(int) - images).mean(axis=(1, 2))) < 3
    inverted = PhotoConverter().fit_transform(255 - images)
    assert np.median(np.abs(inverted.astype(int) - images).mean(axis=(1, 2))) < 3


def test_the_object_is_centred_and_fills_the_image(garments):
    picture = photograph(
        garments[0][0], np.random.default_rng(3), coloured=True, margin=2.0
    )
    image = PhotoConverter((40, 56)).fit_transform([picture])[0]
    assert image.shape == (40, 56)
    assert image.max() >= 250
    rows, columns = (np.flatnonzero((image > 40).any(axis=a)) for a in (1, 0))
    assert len(range(rows[0], rows[-1] + 1)) >= 39
    assert abs((columns[0] + columns[-1]) / 2 - 27.5) <= 1


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("mode", ["fashion-mnist", "resize"])
def test_every_exif_orientation(orientation, mode, garments):
    upright = photograph(garments[0][1], np.random.default_rng(0), coloured=True)
    stream, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    upright.transpose(STORED[orientation]).save(stream, "PNG", exif=exif)
    stream.seek(0)
    converter = PhotoConverter(mode=mode)
    turned, expected = (converter.fit_transform([p])[0] for p in (stream, upright))
    assert np.array_equal(turned, expected)


@pytest.mark.parametrize("light", [False, True])
def test_transparent_pixels_are_background(light, garments, pretrained):
    """Light or dark garments, cut out, with colours where they are transparent."""
    images, rng = garments[0], np.random.default_rng(0)
    images = images[[image[image > 0].mean() > 150 for image in images]]
    cut_out = []
    for image in images:
        shown = (image > 0)[..., np.newaxis]
        values = (image if light else 255 - image)[..., np.newaxis]
        hidden = rng.integers(256, size=(28, 28, 3))
        layers = np.dstack([np.where(shown, values, hidden), shown * 255])
        picture = Image.fromarray(layers.astype(np.uint8))
        cut_out.append(picture.resize((280, 280), Image.Resampling.NEAREST))
    found = pretrained.predict(PhotoConverter().fit_transform(cut_out))
    assert len(images) > 50
    assert (found == pretrained.predict(images)).mean() > 0.95


def test_resize_keeps_colour_and_aspect_ratio():
    china = load_sample_image("china.jpg")  # 427 × 640
    converter = PhotoConverter((32, 48), mode="resize", color_mode="rgb")
    image = converter.fit_transform([china])[0]
    assert image.shape == (32, 48, 3)
    expected = Image.fromarray(china).resize((48, 32), Image.Resampling.BOX)
    assert np.abs(image.astype(int) - np.asarray(expected)).mean() < 6
    square = PhotoConverter((32, 32), mode="resize", color_mode="rgb")
    padded = square.fit_transform([china])[0]
    assert (padded[:5] == padded[0, 0]).all()
    assert np.ptp(padded[6:26], axis=(0, 1)).min() > 100
    grey = PhotoConverter((32, 48), mode="resize").fit_transform([china])[0]
    luma = image.astype(float) @ [0.299, 0.587, 0.114]
    assert np.abs(grey - luma).mean() < 1


def as_frame(paths, **options):
    return pd.DataFrame({"path": paths}, **options)


CONTAINERS = {
    "tuple": tuple,
    "array": np.array,
    "objects": lambda paths: np.array(paths, dtype=object),
    "column": lambda paths: np.array(paths, dtype=object)[:, np.newaxis],
    "paths": lambda paths: [Path(path) for path in paths],
    "Series": lambda paths: pd.Series(paths, index=range(9, 9 + len(paths))),
    "DataFrame": as_frame,
    "open images": lambda paths: list(map(Image.open, paths)),
    "arrays": lambda paths: [np.asarray(Image.open(path)) for path in paths],
    "files": lambda paths: [io.BytesIO(Path(path).read_bytes()) for path in paths],
}


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS.keys())
def test_every_container(container, folder):
    paths = folder[0][:3]
    expected = PhotoConverter().fit_transform(paths)
    found = PhotoConverter().fit_transform(container(paths))
    # A file is decoded at a fraction of its size where an image in memory is whole.
    assert np.abs(found.astype(int) - expected).mean() < 3


def test_polars(folder):
    pl = pytest.importorskip("polars")
    paths = folder[0][:3]
    expected = PhotoConverter().fit_transform(paths)
    for X in (pl.Series(paths), pl.DataFrame({"path": paths})):
        assert np.array_equal(PhotoConverter().fit_transform(X), expected)


SCALES = {
    "bool": lambda image: image > 127,
    "int64": lambda image: image.astype(np.int64),
    "uint16": lambda image: image.astype(np.uint16) * 257,
    "float32 from 0 to 1": lambda image: (image / 255).astype(np.float32),
    "float64 from 0 to 255": lambda image: image.astype(float),
    "one channel": lambda image: image[..., np.newaxis],
    "grey and alpha": lambda image: np.dstack([image, np.full_like(image, 255)]),
    "colour": lambda image: np.dstack([image] * 3),
    "colour and alpha": lambda image: np.dstack([*[image] * 3, image * 0 + 255]),
    "read-only, reversed": lambda image: image[::-1][::-1],
    "nested lists": lambda image: image.tolist(),
}


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES.keys())
@pytest.mark.parametrize("mode", ["fashion-mnist", "resize"])
def test_every_kind_of_array(scale, mode, garments):
    image = np.asarray(
        photograph(garments[0][4], np.random.default_rng(0)).convert("L")
    )
    image = np.where(image > 127, np.uint8(255), np.uint8(0))
    converter = PhotoConverter(mode=mode)
    expected = converter.fit_transform([image])
    assert np.array_equal(converter.fit_transform([scale(image)]), expected)


def sixteen_bits(path):
    Image.fromarray(np.arange(65536, dtype=np.uint16).reshape(256, 256)).save(path)


def palette(path, **options):
    image = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).resize(
        (256, 256)
    )
    image.convert("P").save(path, **options)


def cmyk(path):
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[:, np.newaxis].repeat(256, 1))
    ramp.convert("CMYK").save(path, quality=95)


def animated(path):
    frames = [Image.new("L", (50, 50), value) for value in (200, 10)]
    frames[0].save(path, save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    ("name", "write", "grey"),
    [
        ("deep.png", sixteen_bits, np.repeat(np.arange(4, 256, 9.14), 28)),
        ("deep.tif", sixteen_bits, np.repeat(np.arange(4, 256, 9.14), 28)),
        ("ink.jpg", cmyk, np.repeat(np.arange(4, 256, 9.14), 28)),
        ("moving.gif", animated, np.full(784, 200)),
        ("moving.png", animated, np.full(784, 200)),
        ("one.bmp", lambda p: Image.new("1", (9, 9), 1).save(p), np.full(784, 255)),
        ("pixel.png", lambda p: Image.new("L", (1, 1), 77).save(p), np.full(784, 77)),
        (
            "long.png",
            lambda p: Image.new("RGB", (20_000, 1), (9, 9, 9)).save(p),
            np.full(784, 9),
        ),
        (
            "clear.png",
            lambda p: Image.new("RGBA", (9, 9), (0, 0, 0, 0)).save(p),
            np.full(784, 255),
        ),
    ],
)
def test_unusual_files(name, write, grey, tmp_path):
    path = tmp_path / name
    write(path)
    image = PhotoConverter(mode="resize").fit_transform([path])[0]
    assert np.abs(image.ravel() - np.asarray(grey)[:784]).max() <= 6
    assert PhotoConverter().fit_transform([path]).shape == (1, 28, 28)


@pytest.mark.parametrize("transparency", [None, 0])
def test_palettes(transparency, tmp_path):
    options = {} if transparency is None else {"transparency": transparency}
    palette(tmp_path / "few.png", **options)
    image = PhotoConverter((16, 16), mode="resize").fit_transform(
        [tmp_path / "few.png"]
    )
    difference = image[0] - np.arange(256).reshape(16, 16)
    if transparency is not None:
        assert difference[0, 0] > 100
        difference[:2, :4] = 0  # blurred
    assert np.abs(difference).max() <= 14


def truncated(folder, tmp_path):
    content = Path(folder[0][0]).read_bytes()
    (tmp_path / "broken.jpg").write_bytes(content[: len(content) // 2])
    return tmp_path / "broken.jpg"


def text(folder, tmp_path):
    (tmp_path / "text.jpg").write_text("This is no picture.")
    return tmp_path / "text.jpg"


def empty(folder, tmp_path):
    (tmp_path / "empty.jpg").touch()
    return tmp_path / "empty.jpg"


BAD = {
    "truncated": (truncated, ValueError, r"X\[1\]: .*broken\.jpg cannot be read"),
    "text": (text, ValueError, r"X\[1\]: .*text\.jpg cannot be read: it is not a pict"),
    "empty": (empty, ValueError, r"X\[1\]: .*empty\.jpg cannot be read"),
    "missing": (lambda *_: "no/such.jpg", FileNotFoundError, r"no/such\.jpg"),
    "folder": (lambda _, tmp_path: tmp_path, IsADirectoryError, "directory"),
    "None": (lambda *_: None, TypeError, r"X\[1\]: A picture must be a path, .*NoneT"),
    "NaN": (lambda *_: np.nan, TypeError, r"X\[1\]: .* type float"),
    "row": (lambda *_: np.zeros(784), ValueError, r"X\[1\]: .* shape \(784,\)"),
    "five channels": (lambda *_: np.zeros((9, 9, 5)), ValueError, r"\(9, 9, 5\)"),
    "no pixels": (lambda *_: np.zeros((0, 9)), ValueError, r"\(0, 9\)"),
    "negative": (lambda *_: np.full((9, 9), -1), ValueError, "from 0 to 255.* -1 to"),
    "too large": (lambda *_: np.full((9, 9), 256.0), ValueError, r"256\.0 instead"),
    "NaN pixels": (lambda *_: np.full((9, 9), np.nan), ValueError, "nan"),
    "strings": (lambda *_: np.full((9, 9), "a"), ValueError, "must contain numbers"),
}


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize(("make", "error", "message"), BAD.values(), ids=BAD.keys())
def test_bad_photographs_are_named(make, error, message, n_jobs, folder, tmp_path):
    X = [folder[0][0], make(folder, tmp_path), folder[0][1]]
    with pytest.raises(error, match=message):
        PhotoConverter(n_jobs=n_jobs).fit_transform(X)


def test_decompression_bomb(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(ValueError, match=r"0\.jpg cannot be read: it has too many pix"):
        PhotoConverter().fit_transform(folder[0])


def test_names_that_are_not_utf_8(folder, tmp_path):
    path = bytes(tmp_path) + b"/\xff.jpg"
    with open(path, "wb") as file:
        file.write(Path(folder[0][0]).read_bytes())
    name = os.fsdecode(path)
    found = PhotoConverter().fit_transform([name])
    assert np.array_equal(found, PhotoConverter().fit_transform(folder[0][:1]))
    with open(path, "wb") as file:
        file.write(b"nothing")
    with pytest.raises(ValueError, match=r"\\xff\.jpg cannot be read") as raised:
        PhotoConverter().fit_transform([name])
    str(raised.value).encode()  # can be printed


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("photo.jpg", ValueError, "got a single photograph instead"),
        (Image.new("L", (9, 9)), ValueError, "got a single photograph instead"),
        ([], ValueError, r"Found array with 0 sample\(s\)"),
        (np.zeros((0, 9, 9)), ValueError, r"Found array with 0 sample\(s\)"),
        (np.zeros((3, 784)), ValueError, r"shape \(3, 784\).*use ImageReshaper"),
        (7, TypeError, "got int instead"),
        (as_frame(["a", "b"]).assign(price=1), ValueError, "must have one column"),
    ],
)
def test_bad_sequences(X, error, message):
    for method in ("fit", "transform"):
        with pytest.raises(error, match=message):
            getattr(PhotoConverter(), method)(X)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"mode": "zoom"}, "The 'mode' parameter"),
        ({"color_mode": "bgr"}, "The 'color_mode' parameter"),
        ({"color_mode": "rgb"}, r"color_mode='rgb' requires mode='resize'"),
        ({"image_shape": 28}, "The 'image_shape' parameter"),
        ({"image_shape": (28, 0)}, "The 'image_shape' parameter"),
        ({"image_shape": (28, 28, 3)}, r"must be \(height, width\).*set color_mode"),
        ({"n_jobs": 1.5}, "The 'n_jobs' parameter"),
    ],
)
def test_bad_parameters(parameters, message):
    for method in ("fit", "transform"):
        with pytest.raises(ValueError, match=message):
            getattr(PhotoConverter(**parameters), method)([np.zeros((9, 9))])


def test_blank_photographs_become_black():
    blank = [np.full((50, 60), value, np.uint8) for value in (0, 128, 255)]
    assert not PhotoConverter().fit_transform(blank).any()


def test_bits_do_not_depend_on_threads_or_company(folder):
    paths = folder[0]
    expected = PhotoConverter().fit_transform(paths)
    assert np.array_equal(PhotoConverter(n_jobs=2).fit_transform(paths), expected)
    alone = [PhotoConverter().transform([path])[0] for path in paths[:5]]
    assert np.array_equal(alone, expected[:5])
    results = {}

    def convert(name):
        results[name] = PhotoConverter().transform(paths)

    threads = [threading.Thread(target=convert, args=(k,)) for k in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert all(np.array_equal(result, expected) for result in results.values())


def test_a_search_over_paths_has_the_scores_of_a_search_over_arrays(folder):
    paths, labels = folder
    network = FashionCNNClassifier(
        architecture="compact", filters=8, epochs=2, random_state=0
    )
    grid = {"fashioncnnclassifier__learning_rate": [0.001, 0.01]}
    scores = {}
    for name, step, X in (
        ("paths", PhotoConverter(), paths),
        ("arrays", FunctionTransformer(), PhotoConverter().fit_transform(paths)),
    ):
        pipeline = make_pipeline(step, network)
        search = GridSearchCV(
            pipeline, grid, cv=2, n_jobs=2, scoring="neg_log_loss", error_score="raise"
        )
        scores[name] = search.fit(X, labels > 4).cv_results_["mean_test_score"]
    assert np.array_equal(scores["paths"], scores["arrays"])


def test_paths_reach_the_displays(folder, pretrained):
    paths, labels = folder
    model = make_pipeline(PhotoConverter(), pretrained)
    frozen = FrozenEstimator(model)
    assert cross_val_score(frozen, paths, labels, cv=2).min() > 0.8
    for estimator in (model, frozen):
        ConfusionMatrixDisplay.from_estimator(estimator, paths, labels)
        MisclassifiedImagesDisplay.from_estimator(estimator, paths, labels)
        PredictionDisplay.from_estimator(estimator, paths[:3])
        GradCAMDisplay.from_estimator(estimator, paths[:3])
    images = PhotoConverter().fit_transform(paths[:3])
    assert np.array_equal(grad_cam(model, paths[:3]), grad_cam(pretrained, images))
    options = {"patch_size": 14, "stride": 14}
    assert np.array_equal(
        occlusion_sensitivity(model, paths[:3], **options),
        occlusion_sensitivity(pretrained, images, **options),
    )


def test_pictures_beside_columns(folder):
    paths, labels = folder
    X = as_frame(paths, index=range(100, 140)).assign(price=labels * 1.5)
    model = make_pipeline(
        ColumnTransformer(
            [
                (
                    "photo",
                    make_pipeline(
                        PhotoConverter(), ImageEncoder("fashion-mnist-compact")
                    ),
                    "path",
                ),
                ("rest", StandardScaler(), ["price"]),
            ]
        ),
        LogisticRegression(max_iter=500),
    )
    assert cross_val_score(model, X, labels > 4, cv=2).min() > 0.8


def test_output_as_a_data_frame(folder):
    X = as_frame(folder[0][:3], index=["a", "b", "c"])
    converter = PhotoConverter((20, 30)).set_output(transform="pandas")
    frame = converter.fit_transform(X)
    assert list(frame.index) == ["a", "b", "c"]
    assert frame.columns[0] == "pixel_0_0"
    assert frame.columns[-1] == "pixel_19_29"
    expected = PhotoConverter((20, 30)).fit_transform(X)
    assert np.array_equal(frame.to_numpy().reshape(-1, 20, 30), expected)
    assert frame.attrs["image_shape"] == (20, 30, 1)
    colours = PhotoConverter((2, 2), mode="resize", color_mode="rgb")
    assert colours.get_feature_names_out()[:4].tolist() == [
        "pixel_0_0_0",
        "pixel_0_0_1",
        "pixel_0_0_2",
        "pixel_0_1_0",
    ]


def test_clone_pickle_and_skops(folder, tmp_path):
    pytest.importorskip("skops")
    converter = PhotoConverter((20, 20), mode="resize", n_jobs=2).fit(folder[0])
    save_model(converter, tmp_path / "converter.skops")
    expected = converter.transform(folder[0][:2])
    for copied in (
        clone(converter),
        pickle.loads(pickle.dumps(converter)),
        load_model(tmp_path / "converter.skops"),
    ):
        assert np.array_equal(copied.transform(folder[0][:2]), expected)
    assert re.fullmatch(r"PhotoConverter\(.*\)", repr(converter), re.S)
