"""Class activation maps: the regions of an image that contribute to a class."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from .._validation import check_computed
from ._classes import target_codes
from ._layer_outputs import layer_outputs, network_and_images


def grad_cam(
    estimator: BaseEstimator,
    X: ArrayLike,
    *,
    target: Any = None,
    method: Literal["hirescam", "gradcam"] = "hirescam",
    layer: int | None = None,
    normalize: bool = True,
) -> NDArray[np.float32]:
    """Compute which regions of images contribute to a class, by HiResCAM or Grad-CAM.

    Both methods add up the maps of a convolutional layer, and use the gradients of the
    class's logit with respect to the maps. Negative sums are set to 0, and the result
    is enlarged to the size of the image.

    `method="hirescam"` multiplies each map with its gradients, pixel by pixel [1]_. The
    value of a pixel is the contribution of the features at that place to the logit, to
    first order. `method="gradcam"` multiplies each map with the mean of its gradients
    [2]_. Its heat maps are smoother but less faithful: they can mark regions that do
    not contribute to the class, and they are often 0 everywhere.

    Parameters
    ----------
    estimator : estimator
        A fitted :class:`~fmnist_sk.FashionCNNClassifier` of any architecture, a
        Pipeline that ends in one, or a search over either.

    X : array-like of shape (n, pixels), (n, height, width) or \
            (n, height, width, channels)
        Images, as `estimator` takes them. With a pipeline, the heat maps belong to the
        images that its last step gets.

    target : label or array-like of shape (n,), default=None
        Class to explain: one label for all images, or one for each image. None stands
        for the predicted class of each image.

    method : {"hirescam", "gradcam"}, default="hirescam"
        Method by which maps and gradients are combined.

    layer : int, default=None
        Position of the maps in the list that :func:`feature_maps` returns. None stands
        for the last layer, as in the papers. For an
        :class:`~fmnist_sk.architectures.Ensemble`, None stands for the last layers of
        all members, whose contributions are added. Deeper layers are more
        class-specific but locate less precisely.

    normalize : bool, default=True
        Whether to divide each map by its maximum. Maps that are 0 everywhere are not
        divided.

    Returns
    -------
    heatmaps : ndarray of shape (n, height, width), dtype float32
        Contribution of each pixel, at least 0, and at most 1 if `normalize`. A map is 0
        everywhere if the method finds no place with a positive contribution.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.
    TypeError
        If `estimator` is not a network of this package, or its network is not a graph
        of layers, such as a subclass of `keras.Model` or a model with nested models.
    ValueError
        If `X` is invalid or so large that a map overflows, `target` is not a class, or
        there is no such method or layer.

    See Also
    --------
    occlusion_sensitivity : Explanation of any classifier of images.
    fmnist_sk.plotting.GradCAMDisplay : Show the maps over the images.

    Notes
    -----
    If the layers behind the maps are linear, possibly with pooling by means, then the
    contributions by HiResCAM add up to the logit of the class, up to the bias of the
    last layer. This holds for the pixels of the layer, before negative contributions
    are set to 0 and the map is enlarged. Among the architectures of this package it
    holds for the last layer of `"compact"`, `"vgg"` and `"resnet"` with
    `dense_units=()`, the default, and for ensembles of them. It does not hold for
    earlier layers or for networks with hidden dense layers, because of the biases and
    activation functions behind the maps. It does not hold for Grad-CAM, except with
    global average pooling behind the maps, as in `"resnet"`: both methods then compute
    the same maps.

    The gradient is that of the logit before it is divided by the temperature. A network
    of your own that ends in a softmax has no logits, so the logarithm of the
    probability takes their place. A region that contributes to one class then counts
    against the others. Test-time augmentation is not applied.

    References
    ----------
    .. [1] R. L. Draelos and L. Carin, "Use HiResCAM instead of Grad-CAM for faithful
       explanations of convolutional neural networks", 2020, arXiv:2011.08891.

    .. [2] R. R. Selvaraju et al., "Grad-CAM: visual explanations from deep networks via
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
    if method not in _COMBINE:
        raise ValueError(
            f"method must be one of {', '.join(map(repr, _COMBINE))}. Got {method!r} "
            "instead."
        )
    classifier, rows = network_and_images(estimator, X)
    outputs = layer_outputs(classifier._fitted)
    codes = target_codes(
        classifier.classes_,
        target,
        lambda: classifier._logits_of_rows(rows).argmax(axis=1),
        len(rows),
    )
    heat = _add(
        [
            _contributions(outputs, rows, codes, block.output, method)
            for block in _choose(outputs.graphs, layer)
        ]
    )
    heatmaps = _enlarge(np.maximum(heat, 0), *classifier.image_shape_[:2])
    if normalize:
        largest = heatmaps.max(axis=(1, 2), keepdims=True)
        np.divide(heatmaps, largest, out=heatmaps, where=largest > 0)
    return heatmaps


def _hirescam(maps, gradients):
    return (gradients * maps).sum(axis=3)


def _gradcam(maps, gradients):
    weights = gradients.mean(axis=(1, 2), keepdims=True)
    return (weights * maps).sum(axis=3)


_COMBINE = {"hirescam": _hirescam, "gradcam": _gradcam}


def _contributions(outputs, rows, codes, maps_of_layer, method):
    """Return the contribution of each pixel of a layer, of any sign."""
    contributions = np.empty((len(rows), *maps_of_layer.shape[1:3]), np.float32)
    for part, maps, gradients in outputs.gradients(rows, codes, maps_of_layer):
        with np.errstate(over="ignore", invalid="ignore"):
            contributions[part] = _COMBINE[method](maps, gradients)
    return check_computed(contributions)


def _add(contributions):
    """Add the contributions of layers, on the pixels of the finest layer."""
    finest = max((layer.shape[1:] for layer in contributions), key=np.prod)
    # A pixel that is divided has its contribution divided.
    with np.errstate(over="ignore", invalid="ignore"):
        total = sum(
            _enlarge(layer, *finest)
            * np.float32(np.prod(layer.shape[1:]) / np.prod(finest))
            for layer in contributions
        )
    return check_computed(total)


def _choose(graphs, layer):
    """Return the blocks to explain."""
    blocks = graphs.blocks
    if not blocks:
        raise ValueError(
            "No convolution of the network has maps of more than one pixel, so that "
            "there is nothing to locate."
        )
    if layer is None:
        return graphs.last_blocks()
    if not isinstance(layer, Integral) or not -len(blocks) <= layer < len(blocks):
        raise ValueError(
            f"layer must be None or an integer from {-len(blocks)} to "
            f"{len(blocks) - 1}, as {len(blocks)} layers have maps. Got {layer!r} "
            "instead."
        )
    return [blocks[layer]]


def _enlarge(heat, height, width):
    """Enlarge maps, some of them at a time to save memory."""
    import tensorflow as tf

    if heat.shape[1:] == (height, width):
        return heat
    enlarged = np.empty((len(heat), height, width), np.float32)
    for first in range(0, len(heat), 256):
        part = slice(first, first + 256)
        enlarged[part] = tf.image.resize(heat[part, ..., None], (height, width))[..., 0]
    return enlarged
