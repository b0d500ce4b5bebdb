"""Detector that ships with the package: `load_novelty_detector`."""

from __future__ import annotations

import io

import numpy as np

from .._validation import (
    IGNORES_NAMES,
)
from ..pretrained import load_pretrained, shipped
from ._detector import NoveltyDetector

_NAME = "novelty-detector"
# SHA-256 of the file in `_data`. `examples/train_novelty_detector.py` writes the file
# and prints this hash.
_SHA256 = "43fa1f62b7f8bd808d204651b7803283300180bcd01d555995414d98844992c8"


def load_novelty_detector() -> NoveltyDetector:
    """Load a detector of images that are unlike Fashion-MNIST.

    The detector expects what the pretrained classifiers expect: grey images of 28 × 28
    pixels with values from 0 to 255, which show one light garment on a black
    background. It flags about 5 % of such images. The file ships with the package, so
    nothing is downloaded. No pickle is loaded, and TensorFlow does not start.

    Returns
    -------
    detector : NoveltyDetector
        Fitted detector, a new object at each call.

    Raises
    ------
    OSError
        If a file in the package is missing or damaged.

    See Also
    --------
    load_pretrained : Load a pretrained classifier.
    NoveltyDetector : Fit a detector to your own images.

    Notes
    -----
    The network is `load_pretrained("fashion-mnist-compact")`. The model card in the
    documentation describes how the detector was fitted and which images it detects.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from fmnist_sk import load_fashion_mnist_sample, load_novelty_detector
    >>> detector = load_novelty_detector()
    >>> X_test = load_fashion_mnist_sample(subset="test").data
    >>> bool((detector.predict(X_test) == 1).mean() > 0.9)
    True
    >>> digits = load_digits().images.repeat(3, axis=1).repeat(3, axis=2)  # 24 × 24
    >>> digits = np.pad(digits * 15, [(0, 0), (2, 2), (2, 2)])
    >>> bool((detector.predict(digits) == -1).mean() > 0.9)
    True
    """
    detector = unpack(shipped(_NAME, _SHA256))
    setattr(detector, IGNORES_NAMES, True)
    return detector


def pack(detector: NoveltyDetector) -> bytes:
    """Convert a fitted detector to the content of the file that is shipped.

    Parameters
    ----------
    detector : NoveltyDetector
        Fitted detector with a pretrained network.

    Returns
    -------
    content : bytes
        Archive of arrays: matrices in half precision, everything else in single
        precision, and the name of the network.
    """
    gaussians = detector._gaussians
    lower = np.tril_indices(gaussians["means"].shape[1])
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        estimator=np.array(detector.estimator),
        false_positive_rate=detector.false_positive_rate,
        offset=detector.offset_,
        factors=gaussians["factors"][:, *lower].astype(np.float16),
        **{
            name: gaussians[name].astype(np.float32)
            for name in ("centre", "scale", "means")
        },
    )
    return buffer.getvalue()


def unpack(content: bytes) -> NoveltyDetector:
    """Restore the detector that `pack` converted.

    Parameters
    ----------
    content : bytes
        Content of the file, as `pack` returns it.

    Returns
    -------
    detector : NoveltyDetector
        Fitted detector.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    detector = NoveltyDetector(
        arrays["estimator"].item(),
        false_positive_rate=arrays["false_positive_rate"].item(),
    )
    detector.estimator_ = load_pretrained(detector.estimator)
    detector.offset_ = arrays["offset"].item()
    detector.image_shape_ = detector.estimator_.image_shape_
    detector.n_features_in_ = detector.estimator_.n_features_in_
    n_gaussians, n_features = arrays["means"].shape
    factors = np.zeros((n_gaussians, n_features, n_features))
    factors[:, *np.tril_indices(n_features)] = arrays["factors"]
    detector._gaussians = {
        "factors": factors,
        **{
            name: arrays[name].astype(np.float64)
            for name in ("centre", "scale", "means")
        },
    }
    return detector
