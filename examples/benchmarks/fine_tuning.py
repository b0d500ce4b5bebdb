"""Fine-tuning of a pretrained classifier on images that differ from Fashion-MNIST.

For each shift and number of labelled images, it prints the accuracy and the log loss on
shifted images, and the accuracy on images that are not shifted. All images are among
the 5,000 training images of Fashion-MNIST that the pretrained classifiers were not
trained on: 2,000 are drawn from for fine-tuning, and up to 3,000 are for evaluation.
The test images are not used.

Run with ``python examples/benchmarks/fine_tuning.py [NAME]``, where NAME is that of a
pretrained classifier. A complete run takes more than an hour. Use ``--shifts``,
``--numbers`` and ``--methods`` to select a part of it.
"""

import argparse
import json
import sys
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from common import summary
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from fmnist_sk import (
    FashionCNNClassifier,
    ImageAugmenter,
    ImageEncoder,
    PhotoConverter,
    load_pretrained,
)
from fmnist_sk.pretrained import PRETRAINED

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "examples"), str(ROOT / "tests")]

from _photographs import photograph
from train_pretrained import split

N_FOR_TUNING = 2000
TEXTURES = "noise", "gradient", "stripes", "checks", "grain"


def photographed(images, mode):
    """Return images of photographs with coloured and textured backgrounds."""
    rng = np.random.default_rng(0)
    pictures = [
        photograph(
            image,
            rng,
            light=bool(rng.integers(2)),
            coloured=True,
            texture=TEXTURES[rng.integers(5)],
            margin=0.4,
            quality=60,
        )
        for image in images
    ]
    return PhotoConverter(mode=mode, n_jobs=-1).fit_transform(pictures)


def noisy(images):
    """Return images with noise."""
    noise = np.random.default_rng(0).normal(0, 60, images.shape)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


def tilted(images):
    """Return images turned by up to 60 degrees to either side."""
    camera = ImageAugmenter(
        horizontal_flip=0, zoom=0, shift=0, rotation=60, random_state=0
    )
    return camera.fit_transform(images)


SHIFTS = {
    "turned by 90°": partial(np.rot90, axes=(1, 2)),
    "tilted": tilted,
    "noisy": noisy,
    "photographs, mode fashion-mnist": partial(photographed, mode="fashion-mnist"),
    "photographs, mode resize": partial(photographed, mode="resize"),
}


def tuned(name, X, y, seed, **parameters):
    """Fine-tune a pretrained classifier."""
    classifier = load_pretrained(name).set_params(random_state=seed, **parameters)
    return classifier.fit(X, y)


def on_features(name, X, y, seed):
    """Train a linear classifier on pretrained features."""
    linear = LogisticRegression(max_iter=1000)
    return make_pipeline(ImageEncoder(name), linear).fit(X, y)


def new(name, X, y, seed):
    """Train a new classifier with its default settings."""
    return FashionCNNClassifier(random_state=seed).fit(X, y)


METHODS = {
    "as it is": lambda name, X, y, seed: load_pretrained(name),
    "linear model on its features": on_features,
    "new classifier": new,
}
for rate in 0.0001, 0.0003, 0.001, 0.003, None:
    METHODS[f"rate {rate}"] = partial(tuned, learning_rate=rate)
COMPARED = list(METHODS)
for title, parameters in {
    "5 epochs": {"epochs": 5},
    "20 epochs": {"epochs": 20},
    "cosine": {"lr_schedule": "cosine"},
    "constant": {"lr_schedule": "constant"},
    "temperature 1": {"temperature": 1},
    "no label smoothing": {"label_smoothing": 0, "temperature": 1},
    "no augmentation": {"augmentation": None},
}.items():
    for rate in 0.0001, 0.0003, 0.001:
        METHODS[f"rate {rate}, {title}"] = partial(
            tuned, learning_rate=rate, **parameters
        )


def measure(classifier, X, y, X_plain):
    """Return the accuracy, the log loss, and the accuracy on images as they are."""
    probabilities = classifier.predict_proba(X)
    accuracy = float((probabilities.argmax(axis=1) == y).mean())
    return accuracy, log_loss(y, probabilities), classifier.score(X_plain, y)


def compare(shifts, numbers, methods, name, seeds, n_evaluation):
    """Yield the results of each shift, number of labelled images and method."""
    _, X, _, y = split()
    X = X.reshape(-1, 28, 28)
    new = slice(N_FOR_TUNING, N_FOR_TUNING + n_evaluation)
    for shift in shifts:
        shifted = SHIFTS[shift](X)
        for number, method in product(numbers, methods):
            results = []
            for seed in range(seeds):
                rows, _ = train_test_split(
                    np.arange(N_FOR_TUNING),
                    train_size=number,
                    stratify=y[:N_FOR_TUNING],
                    random_state=seed,
                )
                classifier = METHODS[method](name, shifted[rows], y[rows], seed)
                results.append(measure(classifier, shifted[new], y[new], X[new]))
            yield shift, number, method, results


def main():
    """Print a row for each shift, number of images and method."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "name", nargs="?", default="fashion-mnist", choices=sorted(PRETRAINED)
    )
    parser.add_argument("--shifts", nargs="+", choices=SHIFTS, default=list(SHIFTS))
    parser.add_argument("--numbers", nargs="+", type=int, default=[50, 200, 1000])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=COMPARED)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--n-evaluation", type=int, default=3000)
    parser.add_argument("--json", help="file for all single values")
    arguments = vars(parser.parse_args())
    path, values = arguments.pop("json"), []
    print("| images | labelled | method | accuracy | log loss | accuracy, unshifted |")
    print("|---|---|---|---|---|---|")
    for shift, number, method, results in compare(**arguments):
        values.append([shift, number, method, results])
        accuracies, losses, plain = zip(*results, strict=True)
        print(
            f"| {shift} | {number:,} | {method} "
            f"| {summary([100 * accuracy for accuracy in accuracies])} % "
            f"| {np.mean(losses):.2f} | {np.mean(plain):.1%} |",
            flush=True,
        )
    if path:
        Path(path).write_text(json.dumps(values), encoding="utf-8")


if __name__ == "__main__":
    main()
