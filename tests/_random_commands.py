"""Random command lines, with files of every content."""

import contextlib
import io
import os
import pickle
import shutil
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from _properties import fitted
from _random_inputs import images, labels
from hypothesis import strategies as st
from PIL import Image

from fmnist_sk import save_model
from fmnist_sk.__main__ import main

_QUICK = ("architecture=compact", "filters=(4, 4, 4)", "epochs=1", "verbose=0")
_PARAMETERS = (
    *("callbacks=5", "memory=5", "random_state=-1", "filters=100000000", "epochs=0"),
    *("kernel_size=100000", "architecture=5", "architecture=[1]", "filters=[]"),
    *("image_shape=(3,3)", "image_shape=(4, 16)", "class_weight={0: 1e-300}"),
    *("class_weight={'a': -1}", "augmentation={'a': 1}", "augmentation='light'"),
    *("batch_size=1000000000000000000000", "epochs=" + "9" * 30, "learning_rate=1e400"),
    *("temperature=auto", "temperature=1e-300", "tta=5", "verbose=-1", "optimizer=[1]"),
    *("early_stopping=True", "dropout={[]: 1}", "dropout=" + "(" * 300, "tol=nan"),
    *("x", "=", "a=b=c", "filters=(1, 2)", "precision=None", "n_iter_no_change=1.5"),
    *("weight_decay=1e300", "label_smoothing=1e-400", "warm_start=True", "refit=1"),
)
_OPTIONS = {
    "train": (
        *("--test-size=0", "--test-size=0.999", "--test-size=nan", "--seed=-1"),
        *("--image-size=8", "--image-size=0", "--image-size=8x9x9", "--color"),
        *("--mode=resize", "--mode=x", "--class-names=a,b", "--class-names=a,b,c"),
        *("--target=p0", "--target=", "--skip-broken", "--seed=" + "9" * 5000),
        *(f"--param={parameter}" for parameter in _PARAMETERS),
    ),
    "evaluate": (
        *("--target=p0", "--class-names=a", "--class-names=a,b,c", "--white=1"),
        *("--white=nan", "--no-convert", "--mode=fashion-mnist", "--skip-broken"),
        *("--confusion-matrix=/no/such/folder.png", "--confusion-matrix=x.y"),
    ),
    "predict": (
        *("--json", "--proba", "--csv=/no/such/folder.csv", "--no-convert"),
        *("--white=1", "--white=-1", "--mode=resize", "--class-names=a,b,c"),
        *("--explain=x.y", "--target=p0", "--class-names=\ud800,b,c"),
    ),
}
_NAMES = ("X", "y", "x_train", "y_train", "x_test", "y_test", "other")


@cache
def _model(folder):
    path = Path(folder) / "model.skops"
    save_model(fitted()["classifier"], path)
    return str(path)


def _npy(value):
    buffer = io.BytesIO()
    np.save(buffer, np.asanyarray(value), allow_pickle=True)
    return buffer.getvalue()


def _content(draw, suffix, rng):
    """Return the content of a file, which mostly is what its suffix promises."""
    n = draw(st.sampled_from([6, 12, 30]))
    kind = rng.choice(
        ["promised", "garbage", "empty", "truncated", "pickle", "other"],
        p=[0.75, 0.05, 0.03, 0.07, 0.05, 0.05],
    )
    if kind == "garbage":
        return rng.bytes(200)
    if kind == "empty":
        return b""
    if kind == "pickle":
        return pickle.dumps({"a": [1]})
    if kind == "other":
        suffix = rng.choice([".npy", ".npz", ".csv", ".png"])
    content = _promised(draw, suffix.lower(), n, rng)
    return content[: rng.integers(len(content))] if kind == "truncated" else content


def _array(draw, n):
    value = draw(images(n_images=(n,), fitting=0.85)).value
    try:
        return np.asarray(value)
    except ValueError:
        return np.array(None)


def _labels(draw, n):
    value = draw(labels(n, valid=draw(st.integers(0, 3)) > 0)).value
    try:
        return np.asarray(value)
    except ValueError:
        return np.array(None)


def _promised(draw, suffix, n, rng):
    if suffix == ".npy":
        return _npy(_array(draw, n))
    if suffix == ".npz":
        pairs = [("X", "y"), ("x_train", "y_train"), ("x_test", "y_test")]
        chosen = [pair for pair in pairs if rng.random() < 0.5] or pairs[:1]
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for X, y in chosen:
                archive.writestr(f"{X}.npy", _npy(_array(draw, n)))
                if rng.random() < 0.9:
                    archive.writestr(f"{y}.npy", _npy(_labels(draw, n)))
            if rng.random() < 0.05:
                archive.writestr(rng.choice(_NAMES), "no array")
        return buffer.getvalue()
    if suffix == ".csv":
        frame = pd.DataFrame(rng.integers(0, 17, (n, 64))).add_prefix("p")
        if rng.random() < 0.85:
            y = _labels(draw, n)
            frame["label"] = y if y.shape == (n,) else np.arange(n) % 3
        if rng.random() < 0.2:
            odd = ["text", None, np.inf, 1e300, -5, "", "1e999"][rng.integers(7)]
            frame.insert(3, "odd", [odd] * n)
        return frame.to_csv(index=rng.random() < 0.2).encode("utf-8", "replace")
    buffer = io.BytesIO()
    size = [(8, 8), (20, 9), (1, 1)][rng.integers(3)]
    pixels = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


@st.composite
def command_lines(draw, folder):
    """Draw a command line, and write its file into a folder."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    command = draw(st.sampled_from(["train", "evaluate", "predict", "predict"]))
    suffix = draw(
        st.sampled_from([".npy", ".npz", ".csv", ".NPZ", ".png", ".txt", "", "folder"])
    )
    if command != "predict" and rng.random() < 0.7:
        suffix = [".npz", ".csv"][rng.integers(2)]
    path = Path(folder) / f"data{suffix}"
    if path.is_dir():
        shutil.rmtree(path)
    if suffix == "folder":
        for name in "a", "b", "train":
            if rng.random() < 0.6:
                (path / name).mkdir(parents=True)
                for i in range(rng.integers(4)):
                    content = _content(draw, ".png", rng)
                    (path / name / f"{i}.png").write_bytes(content)
    else:
        path.write_bytes(_content(draw, suffix, rng))
    model, result = _model(folder), Path(folder) / "result.skops"
    model = str(path) if rng.random() < 0.05 else model
    options = list(rng.permutation(_OPTIONS[command])[: rng.integers(3)])
    if command == "train":
        quick = [f"--param={parameter}" for parameter in _QUICK]
        result.unlink(missing_ok=True)
        model = str(result)
        options = [*quick, *options]
    data = [str(path)] if command == "predict" else ["--data", str(path)]
    return [command, *data, "--model", model, *map(str, options)]


def run_command(arguments):
    """Run a command in this process.

    Parameters
    ----------
    arguments : list of str
        Arguments of the command line.

    Returns
    -------
    fault : str or None
        Description of a traceback, a wrong status or an error of several lines.
    refused : bool
        Whether the status is not 0.
    """
    out, err = io.StringIO(), io.StringIO()
    here = os.getcwd()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(arguments)
    except SystemExit as end:
        status = end.code
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:300]}", True
    finally:
        os.chdir(here)
    lines = [line for line in err.getvalue().splitlines() if "error: " in line[:18]]
    many = arguments[0] == "predict" or "--skip-broken" in arguments  # one a picture
    if status not in (0, 1, 2) or bool(lines) != bool(status):
        return f"status {status}, {len(lines)} errors: {err.getvalue()[:300]}", True
    if len(lines) > 1 and not many:
        return f"{len(lines)} errors: {err.getvalue()[:300]}", True
    if status and arguments[0] == "train" and "Trained in" in out.getvalue():
        return f"an error after training: {err.getvalue()[:300]}", True
    return None, bool(status)
