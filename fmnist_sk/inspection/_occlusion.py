"""Occlusion: change of a prediction when a part of the image is covered."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .._pipelines import after_reading, final_estimator, image_stack
from .._validation import encode_labels
from ..augmentation import frame_like, library_of
from ._classes import target_codes


def occlusion_sensitivity(
    estimator: BaseEstimator,
    X: ArrayLike,
    *,
    target: Any = None,
    patch_size: int | Sequence[int] = 4,
    stride: int | Sequence[int] = 2,
    fill_value: float | None = None,
    image_shape: Sequence[int] | None = None,
) -> NDArray[np.float64]:
    """Compute how much each region of an image contributes to a class's probability.

    A patch is moved over the image. The value of a pixel is the mean decrease of the
    probability over all patches that cover the pixel [1]_. The method only needs
    `predict_proba`, so it explains any classifier or pipeline.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier with `predict_proba`.

    X : array-like of shape (n, pixels), (n, height, width) or \
            (n, height, width, channels)
        Images, as `estimator` takes them. The covered images have the same form: a
        DataFrame remains a DataFrame.

    target : label or array-like of shape (n,), default=None
        Class whose probability is measured: one label for all images, or one for each
        image. None stands for the predicted class of each image.

    patch_size : int or (height, width), default=4
        Size of the patch in pixels. A single integer is limited to the size of the
        image.

    stride : int or (down, right), default=2
        Distance between patches in pixels, at most the size of the patch. A single
        integer is limited to that size. All images are predicted once for each patch.

    fill_value : float, default=None
        Value of the covered pixels. None stands for the mean of each channel of `X`.

    image_shape : (height, width) or (height, width, channels), default=None
        Shape of one image, for rows that do not form a square and an `estimator` that
        does not know the shape.

    Returns
    -------
    sensitivity : ndarray of shape (n, height, width), dtype float64
        Decrease of the probability, from -1 to 1. It is negative where covering the
        image makes the class more likely.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.
    TypeError
        If `estimator` has no `predict_proba`.
    ValueError
        If `X` holds no images, `target` is not a class, or a size does not fit.

    See Also
    --------
    grad_cam : Explain a network by its gradients, in one pass.

    References
    ----------
    .. [1] M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional
       networks", ECCV 2014, arXiv:1311.2901, section 4.2.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from fmnist_sk import load_fashion_mnist_sample
    >>> from fmnist_sk.inspection import occlusion_sensitivity
    >>> X, y = load_fashion_mnist_sample(return_X_y=True)
    >>> clf = LogisticRegression(max_iter=5000).fit(X[:100] / 255, y[:100])
    >>> occlusion_sensitivity(clf, X[:2] / 255, patch_size=7, stride=7).shape
    (2, 28, 28)
    """
    check_is_fitted(estimator)
    if not hasattr(estimator, "predict_proba"):
        raise TypeError(
            f"{type(estimator).__name__} has no predict_proba, and occlusion measures "
            "changes of probabilities."
        )
    estimator, X = after_reading(estimator, X)
    if image_shape is None and np.ndim(X) == 2:
        image_shape = getattr(final_estimator(estimator), "image_shape_", None)
    images = image_stack(X, image_shape)
    n_images, height, width, _ = images.shape
    if n_images == 0:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={np.shape(X)}) while a minimum of 1 "
            "is required."
        )
    size = _pair(patch_size, "patch_size", (height, width))
    steps = _pair(stride, "stride", size)
    fill = _fill(images, fill_value)
    whole = estimator.predict_proba(X)
    classes = estimator.classes_
    codes = target_codes(
        classes,
        target,
        lambda: encode_labels(estimator.predict(X), classes, name="The prediction"),
        n_images,
    )
    every = np.arange(n_images)
    fall, times = np.zeros((n_images, height, width)), np.zeros((height, width))
    for top in _positions(height, size[0], steps[0]):
        for left in _positions(width, size[1], steps[1]):
            place = slice(top, top + size[0]), slice(left, left + size[1])
            covered = images.copy()
            covered[:, *place] = fill
            rest = estimator.predict_proba(_in_container_of(X, covered))
            change = whole[every, codes] - rest[every, codes]
            fall[:, *place] += change[:, None, None]
            times[place] += 1
    return fall / times


def _fill(images, fill_value):
    """Return the value of covered pixels, in the dtype of the images."""
    if fill_value is None:
        # In the precision of float16 and float32 images, the sum may overflow.
        mean = images.reshape(-1, images.shape[-1]).mean(axis=0, dtype=np.float64)
        fill = np.rint(mean) if images.dtype.kind in "biu" else mean
        return fill.astype(images.dtype)
    with np.errstate(invalid="ignore"):
        fill = np.asarray(fill_value, dtype=float).astype(images.dtype)
    if images.dtype.kind in "biu" and fill != fill_value:
        raise ValueError(
            f"fill_value={fill_value!r} cannot be stored in images of dtype "
            f"{images.dtype}."
        )
    return fill


def _pair(value, name, largest):
    sizes = (value, value) if np.ndim(value) == 0 else tuple(value)
    if isinstance(value, Integral):  # the images may be strips, 1 pixel high
        sizes = tuple(min(s, most) for s, most in zip(sizes, largest, strict=True))
    fits = len(sizes) == 2 and all(
        isinstance(s, Integral) and 1 <= s <= most
        for s, most in zip(sizes, largest, strict=True)
    )
    if not fits:
        raise ValueError(
            f"{name} must be one or two integers, each at least 1 and at most "
            f"{largest}. Got {value!r} instead."
        )
    return sizes


def _positions(length, size, step):
    """Return the first pixel of each patch. The last patch ends with the image."""
    return sorted({*range(0, length - size, step), length - size})


def _in_container_of(X, images):
    """Return images in the shape and the container of `X`."""
    images = images.reshape(np.shape(X))
    if library_of(X):
        return frame_like(images, X, index=getattr(X, "index", None))
    return images
