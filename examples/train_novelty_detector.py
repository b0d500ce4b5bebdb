"""Fit the detector that `load_novelty_detector` returns, and write its file.

The detector is fitted to the 55,000 images that the network was trained on. The other
5,000 training images are held out. They set the threshold, and 2,500 of them are
compared with negatives, which are made from the rest. The features and the method were
chosen on these negatives. The benchmark `novelty.py` measures other negatives, which
were not used here.

Run with ``python examples/train_novelty_detector.py``, which takes about two minutes.
With ``--compare``, it also prints the figures of other methods on the same features.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from sklearn.datasets import load_digits, load_sample_images
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

import fmnist_sk
from fmnist_sk import NoveltyDetector, fetch_fashion_mnist
from fmnist_sk.novelty import pack, unpack

FALSE_POSITIVE_RATE = 0.05
N_NEGATIVES = 1000


# Negatives for the development ----------------------------------------------------


def digits(X, rng):
    """Return scikit-learn's digits of 8 × 8 pixels, scaled to 18 to 27 pixels."""
    images = np.zeros((N_NEGATIVES, 28, 28), dtype=np.uint8)
    for image, digit in zip(images, load_digits().images, strict=False):
        size = int(rng.integers(18, 28))
        first = (28 - size) // 2
        image[first : first + size, first : first + size] = Image.fromarray(
            (digit / 16 * 255).astype(np.uint8)
        ).resize((size, size), Image.Resampling.BICUBIC)
    return images


def shapes(X, rng):
    """Return grey ellipses, polygons, rings and lines on black."""
    images = []
    for kind in rng.integers(4, size=N_NEGATIVES):
        image = Image.new("L", (112, 112))
        draw, grey = ImageDraw.Draw(image), int(rng.integers(60, 256))
        centre, radius = rng.uniform(40, 72, 2), rng.uniform(20, 45)
        width = int(rng.integers(4, 16))
        if kind == 0:
            other = radius * rng.uniform(0.5, 1)
            draw.ellipse([*(centre - radius), *(centre + other)], fill=grey)
        elif kind == 1:
            angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 7)))
            corners = np.column_stack([np.cos(angles), np.sin(angles)]) * radius
            draw.polygon([tuple(corner) for corner in centre + corners], fill=grey)
        elif kind == 2:
            box = [*(centre - radius), *(centre + radius)]
            draw.ellipse(box, outline=grey, width=width)
        else:
            for ends in rng.uniform(5, 107, (rng.integers(1, 5), 4)):
                draw.line(list(ends), fill=grey, width=width)
        images.append(np.asarray(image.resize((28, 28), Image.Resampling.BOX)))
    return np.stack(images)


def _transformed(X, rng, matrices):
    centre = np.full(2, 13.5)
    return np.stack(
        [
            ndimage.affine_transform(image, matrix, centre - matrix @ centre, order=1)
            for image, matrix in zip(_some(X, rng), matrices, strict=True)
        ]
    )


def _some(X, rng):
    return X[rng.choice(len(X), N_NEGATIVES, replace=False)]


def _signs(rng):
    return rng.choice([-1, 1], N_NEGATIVES)


def turned(X, rng):
    """Return images turned by 30 to 60 degrees."""
    angles = np.deg2rad(rng.uniform(30, 60, N_NEGATIVES)) * _signs(rng)
    cos, sin = np.cos(angles), np.sin(angles)
    matrices = np.array([[cos, -sin], [sin, cos]]).transpose(2, 0, 1)
    return _transformed(X, rng, matrices)


def sheared(X, rng):
    """Return images sheared along one axis by 0.5 to 1 pixels per pixel."""
    matrices = np.tile(np.eye(2), (N_NEGATIVES, 1, 1))
    axis = rng.integers(2, size=N_NEGATIVES)
    shear = rng.uniform(0.5, 1, N_NEGATIVES) * _signs(rng)
    matrices[np.arange(N_NEGATIVES), axis, 1 - axis] = shear
    return _transformed(X, rng, matrices)


def small(X, rng):
    """Return images shrunk to 0.35 to 0.6 of their size."""
    return _transformed(X, rng, np.eye(2) / rng.uniform(0.35, 0.6, (N_NEGATIVES, 1, 1)))


def large(X, rng):
    """Return the middle of images, 1.6 to 2.5 times as large."""
    return _transformed(X, rng, np.eye(2) / rng.uniform(1.6, 2.5, (N_NEGATIVES, 1, 1)))


def tiles(X, rng):
    """Return images cut into 3 × 3 tiles in random order."""
    images = _some(X, rng)[:, :27, :27].reshape(-1, 3, 9, 3, 9).swapaxes(2, 3)
    shuffled = np.stack(
        [image[rng.permutation(9)] for image in images.reshape(-1, 9, 9, 9)]
    )
    images = shuffled.reshape(-1, 3, 3, 9, 9).swapaxes(2, 3).reshape(-1, 27, 27)
    return np.pad(images, [(0, 0), (0, 1), (0, 1)])


def pink_noise(X, rng):
    """Return noise whose power falls with the frequency."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(28), np.fft.fftfreq(28)))
    frequency[0, 0] = 1 / 28
    exponents = rng.uniform(0.5, 2, (N_NEGATIVES, 1, 1))
    white = rng.normal(size=(N_NEGATIVES, 28, 28))
    noise = np.fft.ifft2(np.fft.fft2(white) / frequency**exponents).real
    noise -= noise.min(axis=(1, 2), keepdims=True)
    return (noise / noise.max(axis=(1, 2), keepdims=True) * 255).astype(np.uint8)


def binary_noise(X, rng):
    """Return noise of black and white pixels."""
    white = rng.random((N_NEGATIVES, 28, 28))
    return ((white < rng.uniform(0.05, 0.95, (N_NEGATIVES, 1, 1))) * 255).astype("u1")


def speckled(X, rng):
    """Return images in which 30 % of the pixels are black or white."""
    speckles = rng.choice(np.array([0, 255], dtype=np.uint8), (N_NEGATIVES, 28, 28))
    return np.where(rng.random(speckles.shape) < 0.3, speckles, _some(X, rng))


def photographs(X, rng):
    """Return pieces of two photographs, as they are and at a quarter of their size."""
    pieces = []
    for photograph in load_sample_images().images:
        grey = Image.fromarray(photograph).convert("L")
        for shrink in 1, 4:
            pixels = np.asarray(grey.reduce(shrink))
            for _ in range(N_NEGATIVES // 4):
                row, column = (rng.integers(size - 28) for size in pixels.shape)
                pieces.append(pixels[row : row + 28, column : column + 28])
    return np.stack(pieces)


def ramps(X, rng):
    """Return images whose brightness increases along a random direction."""
    angle, middle, slope = rng.uniform(
        [0, 60, 50], [6.28, 200, 300], (N_NEGATIVES, 3)
    ).T
    position = np.linspace(-0.5, 0.5, 28)
    ramp = np.multiply.outer(np.cos(angle), position)[:, :, None]
    ramp = ramp + np.multiply.outer(np.sin(angle), position)[:, None]
    ramp = middle[:, None, None] + ramp * slope[:, None, None]
    return np.clip(ramp, 0, 255).astype(np.uint8)


def blends(X, rng):
    """Return averages of two images."""
    return (_some(X, rng) // 2 + _some(X, rng) // 2).astype(np.uint8)


def pixels_shuffled(X, rng):
    """Return images whose pixels are in random order."""
    images = _some(X, rng).reshape(N_NEGATIVES, -1)
    return rng.permuted(images, axis=1).reshape(-1, 28, 28)


def blurred(X, rng):
    """Return images blurred by a Gaussian of 2.5 to 5 pixels."""
    widths = rng.uniform(2.5, 5, N_NEGATIVES)
    images = zip(_some(X, rng), widths, strict=True)
    return np.stack([ndimage.gaussian_filter(image, width) for image, width in images])


def swirled(X, rng):
    """Return images swirled around their centre."""
    rows, columns = np.mgrid[:28, :28] - 13.5
    radius, angle = np.hypot(rows, columns), np.arctan2(rows, columns)
    images = []
    for image, swirl in zip(
        _some(X, rng), rng.uniform(1.5, 3.5, N_NEGATIVES) * _signs(rng), strict=True
    ):
        turned_by = angle + swirl * np.exp(-radius / 12)
        places = radius * np.sin(turned_by), radius * np.cos(turned_by)
        images.append(ndimage.map_coordinates(image, np.add(places, 13.5), order=1))
    return np.stack(images)


NEGATIVES = (
    *(digits, shapes, turned, sheared, small, large, tiles, pink_noise, binary_noise),
    *(speckled, photographs, ramps, blends, pixels_shuffled, blurred, swirled),
)


# Methods --------------------------------------------------------------------------


def other_methods(features, codes, rng):
    """Return the scores of other methods as functions of features.

    Neighbours are searched among 10,000 images, because a file with more images would
    be too large to ship.
    """
    centre, scale = features.mean(axis=0), features.std(axis=0)

    def standardised(features):
        return (features - centre) / scale

    some = rng.choice(len(features), 10_000, replace=False)
    references = standardised(features[some])
    neighbours = NearestNeighbors(n_neighbors=5).fit(references)
    outliers = LocalOutlierFactor(novelty=True).fit(references)
    means = np.stack([features[codes == code].mean(axis=0) for code in range(10)])
    within = features - means[codes]
    factor = np.linalg.cholesky(np.linalg.inv(within.T @ within / len(within)))

    def mahalanobis(features):
        offsets = (features[:, None] - means) @ factor
        return -(offsets**2).sum(axis=2).min(axis=1)

    return {
        "Mahalanobis distance, one covariance": mahalanobis,
        "distance of the fifth neighbour": lambda features: (
            -neighbours.kneighbors(standardised(features))[0][:, -1]
        ),
        "LocalOutlierFactor": lambda features: outliers.score_samples(
            standardised(features)
        ),
    }


def main():
    """Run the script from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--compare", action="store_true", help="compare other methods")
    arguments = parser.parse_args()
    X, y = fetch_fashion_mnist(subset="train", return_X_y=True)
    # The split of `train_pretrained.py`.
    X, X_held_out = train_test_split(X, test_size=5000, stratify=y, random_state=0)
    sources, inliers = np.split(X_held_out, 2)
    detector = NoveltyDetector(false_positive_rate=FALSE_POSITIVE_RATE).fit(X)
    print(f"threshold of the training images: {detector.offset_:.3f}")
    # The file has half precision, so its own scores set the threshold. The network
    # knows the training images, so that held-out images set the threshold.
    detector = unpack(pack(detector))
    scores = detector.score_samples(X_held_out)
    detector.offset_ = round(float(np.quantile(scores, FALSE_POSITIVE_RATE)), 3)
    content = pack(detector)
    path = Path(fmnist_sk.__file__).parent / "_data" / "novelty-detector.npz"
    path.write_bytes(content)
    print(f"{len(content):,} bytes, SHA-256", hashlib.sha256(content).hexdigest())
    print(f"threshold of held-out images: {detector.offset_:.3f}")

    rng = np.random.default_rng(0)
    images = {
        each.__name__: each(sources.reshape(-1, 28, 28), rng) for each in NEGATIVES
    }
    images = {"inliers": inliers} | images
    scores = {name: detector.score_samples(each) for name, each in images.items()}
    methods = {"NoveltyDetector": scores}
    if arguments.compare:
        codes, features = detector._features(X)
        of_images = {name: detector._features(each)[1] for name, each in images.items()}
        for method, score in other_methods(features, codes, rng).items():
            methods[method] = {name: score(each) for name, each in of_images.items()}
    print(
        "\n| negatives |",
        " | ".join(methods),
        "|\n" + "|---" * (len(methods) + 1) + "|",
    )
    areas = np.array(
        [
            [
                roc_auc_score(
                    np.repeat([1, 0], [len(inliers), N_NEGATIVES]),
                    np.concatenate([scores["inliers"], scores[negative.__name__]]),
                )
                for scores in methods.values()
            ]
            for negative in NEGATIVES
        ]
    )
    names = [negative.__name__.replace("_", " ") for negative in NEGATIVES]
    for name, row in zip([*names, "mean"], [*areas, areas.mean(axis=0)], strict=True):
        print(f"| {name} |", " | ".join(f"{area:.3f}" for area in row), "|")


if __name__ == "__main__":
    main()
