"""Grad-CAM: which places of an image speak for a class."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from ._classes import target_codes
from ._network import OpenNetwork, network_and_images


def grad_cam(
    estimator: BaseEstimator,
    X: ArrayLike,
    *,
    target: Any = None,
    layer: int = -1,
    normalize: bool = True,
) -> NDArray[np.float32]:
    """Show which places of images speak for a class, by Grad-CAM.

    The maps of a convolutional layer are added up, each with the mean gradient of the
    class's logit with respect to it as its weight; what is negative is cut off, and the
    sum is enlarged to the size of the image [1]_.

    Parameters
    ----------
    estimator : estimator
        A fitted :class:`~fmnist_sk.FashionCNNClassifier` of any architecture, a
        Pipeline that ends in one, or a search over either.

    X : array-like of shape (n, pixels), (n, height, width) or \
            (n, height, width, channels)
        Images, as `estimator` takes them. Of a pipeline, the images that its last step
        gets are explained.

    target : label or array-like of shape (n,), default=None
        The class that is explained, one for all images or one for each. By default it
        is the one predicted.

    layer : int, default=-1
        Which maps: a position in the list that :func:`feature_maps` gives. By default
        the last, as in the paper. A deeper layer knows more of the class and less of
        the place.

    normalize : bool, default=True
        Whether to divide each map by its maximum. Maps that are 0 everywhere stay so.

    Returns
    -------
    heatmaps : ndarray of shape (n, height, width), dtype float32
        The weight of each pixel; not negative, and at most 1 if `normalize`.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.
    TypeError
        If it is no network of this package, or one of your own whose layers cannot be
        told apart: no graph of layers, or with models for layers.
    ValueError
        If X cannot be its images, `target` is no class, or there is no such layer.

    See Also
    --------
    occlusion_sensitivity : An explanation of any classifier of images.
    fmnist_sk.plotting.GradCAMDisplay : Shows the maps over the images.

    Notes
    -----
    The gradient is that of the logit. A network of your own that ends in a softmax has
    no logits; the logarithm of the probability stands in for them, so that what speaks
    for one class speaks against the others. Test-time augmentation is left out.

    References
    ----------
    .. [1] R. R. Selvaraju et al., "Grad-CAM: visual explanations from deep networks via
       gradient-based localization", ICCV 2017, arXiv:1610.02391, section 3.

    Examples
    --------
    >>> from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample
    >>> from fmnist_sk.inspection import grad_cam
    >>> X, y = load_fashion_mnist_sample(return_X_y=True)
    >>> clf = FashionCNNClassifier(architecture="compact", epochs=2, random_state=0)
    >>> heatmaps = grad_cam(clf.fit(X[:300], y[:300]), X[:5], target=9)
    >>> heatmaps.shape
    (5, 28, 28)
    """
    classifier, rows = network_and_images(estimator, X)
    opened = OpenNetwork(classifier)
    codes = target_codes(
        classifier.classes_,
        target,
        lambda: classifier._logits_of_rows(rows).argmax(axis=1),
        len(rows),
    )
    chosen = _choose(opened.blocks, layer)
    height, width, _ = classifier.image_shape_
    heatmaps = []
    for maps, gradients in opened.maps_and_gradients(rows, codes, chosen):
        weights = gradients.mean(axis=(1, 2), keepdims=True)
        heat = np.maximum((weights * maps).sum(axis=3), 0)
        heatmaps.append(_enlarge(heat, height, width))
    joined = np.concatenate(heatmaps)
    if normalize:
        largest = joined.max(axis=(1, 2), keepdims=True)
        joined = np.divide(joined, largest, out=joined, where=largest > 0)
    return joined


def _choose(blocks, layer):
    if not blocks:
        raise ValueError(
            "No convolution of the network gives maps of more than one pixel: there is "
            "nothing to locate."
        )
    if not isinstance(layer, Integral) or not -len(blocks) <= layer < len(blocks):
        raise ValueError(
            f"layer must be an integer from {-len(blocks)} to {len(blocks) - 1}, as "
            f"{len(blocks)} layers give maps. Got {layer!r} instead."
        )
    return blocks[layer]


def _enlarge(heat, height, width):
    import tensorflow as tf

    resized = tf.image.resize(heat[..., None], (height, width), method="bilinear")
    return resized.numpy()[..., 0]
