"""ONNX Runtime compared with the package's own predictions.

Three tables:

- agreement: the largest difference of a probability, and the number of labels that
  differ, on 10,000 images of every kind of network;
- speed: the time of one image, and of 10,000 images, with both;
- start: the time from the start of a process to the first label, compared with the
  imports that this needs at least.

The networks of the first table are trained for one epoch on a few images, because their
accuracy does not matter. For the speed, the default network is trained as by default,
because views cost time only for images that a network is unsure of.

Run with ``python examples/benchmarks/onnx_runtime.py``, which takes about four minutes.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from common import load, machine, median_ms
from PIL import Image

from fmnist_sk import (
    FashionCNNClassifier,
    OnnxClassifier,
    export_onnx,
    load_pretrained,
)
from fmnist_sk.architectures import ARCHITECTURES, Ensemble

N_REPEATS = 5


def own_network(image_shape, n_classes):
    """Build a network with layers that no named architecture has."""
    images = keras.Input(image_shape)
    x = keras.layers.SeparableConv2D(16, 3, strides=2, padding="same")(images)
    x = keras.layers.Activation("gelu")(keras.layers.LayerNormalization()(x))
    x = keras.layers.GlobalMaxPooling2D()(x)
    return keras.Model(images, keras.layers.Dense(n_classes, activation="softmax")(x))


def cases(X, y):
    """Yield names, classifiers, and images with their labels."""
    for name in sorted(ARCHITECTURES):
        yield name, {"architecture": name}, X, y
    ensemble = Ensemble("vgg", ("compact", {"filters": 8}), "standard")
    yield "ensemble of three", {"architecture": ensemble}, X, y
    for name in "vgg", "compact", "two_conv":
        parameters = {"architecture": name, "tta": "flip_shift", "temperature": 0.7}
        yield f"{name}, 6 views", parameters, X, y
    grey = X.reshape(-1, 28, 28)
    colour = np.stack([grey, 255 - grey, grey[:, ::-1]], axis=3)
    yield "colour", {}, colour, y
    yield "oblong", {}, grey[:, :, 5:23], y
    yield "strips", {"image_shape": (1, 784)}, X, y
    yield "two classes", {}, X, y < 5
    yield "strings as labels", {}, X, np.array([f"class {label}" for label in y])
    yield "own network", {"architecture": own_network}, X, y


def agreement(X, y, X_test):
    """Print and return the differences for every kind of network."""
    print("| network | largest difference of a probability | labels that differ |")
    print("|---|---|---|")
    found = {}
    n = len(X_test)
    everything = np.concatenate([X_test, X])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        labels = np.concatenate([np.zeros(n, y.dtype), y])
        for name, parameters, images, targets in cases(everything, labels):
            clf = FashionCNNClassifier(epochs=1, random_state=0, **parameters)
            clf.fit(images[n:], targets[n:])
            export_onnx(clf, path)
            exported = OnnxClassifier(path)
            test = images[:n]
            ours, theirs = clf.predict_proba(test), exported.predict_proba(test)
            difference = float(abs(ours - theirs).max())
            n_other = int((clf.predict(test) != exported.predict(test)).sum())
            print(f"| {name} | {difference:.1e} | {n_other} |", flush=True)
            found[name] = difference, n_other
    return found


def speed(X, y, X_test):
    """Print and return times of one image and of 10,000 images, in turns."""
    default = FashionCNNClassifier(random_state=0).fit(X, y)
    classifiers = {
        "default": default,
        "fashion-mnist-compact": load_pretrained("fashion-mnist-compact"),
        "fashion-mnist": load_pretrained(),
    }
    print("\n| network | with | one image | 10,000 images |")
    print("|---|---|---|---|")
    found = {}
    for name, clf in classifiers.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.onnx")
            export_onnx(clf, path)
            pair = {"fmnist_sk": clf, "ONNX Runtime": OnnxClassifier(path)}
            for each in pair.values():
                each.predict(X_test[:600])
            times = {who: ([], []) for who in pair}
            for _ in range(N_REPEATS):
                for who, each in pair.items():
                    one, many = times[who]
                    one.append(
                        median_ms(lambda i, e=each: e.predict_proba(X_test[[i]]), 200)
                    )
                    start = time.perf_counter()
                    each.predict_proba(X_test)
                    many.append(time.perf_counter() - start)
        for who, (one, many) in times.items():
            one, many = statistics.median(one), statistics.median(many)
            print(f"| {name} | {who} | {one:.2f} ms | {many:.2f} s |", flush=True)
            found[f"{name}, {who}"] = one, many
    return found


def first_labels(X_test):
    """Print and return the times of complete processes, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        model, photo = Path(folder, "model.onnx"), Path(folder, "photo.jpg")
        export_onnx(load_pretrained("fashion-mnist-compact"), model)
        image = Image.fromarray(255 - X_test[0].reshape(28, 28))
        image.resize((1000, 1000), Image.Resampling.BICUBIC).save(photo)
        predict = (
            "import numpy as np; from fmnist_sk import OnnxClassifier;"
            f"OnnxClassifier({str(model)!r}).predict(np.zeros((1, 784), np.uint8))"
        )
        python, name = [sys.executable], "fashion-mnist-compact"
        command = ["-m", "fmnist_sk", "predict", "--model", name, str(photo)]
        commands = {
            "imports of sklearn.pipeline and onnxruntime": [
                *("-c", "import sklearn.pipeline, onnxruntime")
            ],
            "first label of an OnnxClassifier": ["-c", predict],
            "`predict photo.jpg` of the command line": command,
        }
        times = {what: [] for what in commands}
        for _ in range(N_REPEATS):
            for what, arguments in commands.items():
                start = time.perf_counter()
                subprocess.run([*python, *arguments], check=True, capture_output=True)
                times[what].append(time.perf_counter() - start)
    print("\n| process | time |\n|---|---|")
    found = {what: statistics.median(each) for what, each in times.items()}
    for what, seconds in found.items():
        print(f"| {what} | {seconds:.2f} s |")
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=["agreement", "speed", "start"])
    parser.add_argument("--json", help="file for all values")
    args = parser.parse_args()
    X, y, X_test, _ = load()
    X, y = X[:2000], y[:2000]
    about = machine()
    print(about, "\n")
    found = {"machine": about}
    for name, measure in {
        "agreement": lambda: agreement(X, y, X_test),
        "speed": lambda: speed(X, y, X_test),
        "start": lambda: first_labels(X_test),
    }.items():
        if args.only in (None, name):
            found[name] = measure()
    if args.json:
        Path(args.json).write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
