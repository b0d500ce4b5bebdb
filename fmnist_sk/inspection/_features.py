"""Filters and feature maps of the layers of a network."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from .._pipelines import final_estimator
from ._layer_outputs import check_is_network, layer_outputs, network_and_images


def first_layer_filters(estimator: BaseEstimator) -> NDArray[np.float32]:
    """Return the kernels of the first convolution as small images.

    The first layer reads pixels, so its kernels can be viewed as images. They show
    edges in some direction, spots and differences of colours. Deeper kernels combine
    the maps of the layers before them. To see what deeper layers find, use
    :func:`feature_maps`.

    Parameters
    ----------
    estimator : estimator
        A fitted :class:`~fmnist_sk.FashionCNNClassifier`, a Pipeline that ends in one,
        or a search over either.

    Returns
    -------
    filters : ndarray of shape (n_filters, height, width, channels), dtype float32
        Kernels of the first convolution.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.
    TypeError
        If `estimator` is not a network of this package, or its network is not a graph
        of layers.
    ValueError
        If the network has no convolution.

    See Also
    --------
    feature_maps : Outputs of the layers for an image.

    Examples
    --------
    >>> from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample
    >>> from fmnist_sk.inspection import first_layer_filters
    >>> X, y = load_fashion_mnist_sample(return_X_y=True)
    >>> clf = FashionCNNClassifier(architecture="compact", epochs=1, random_state=0)
    >>> first_layer_filters(clf.fit(X[:300], y[:300])).shape
    (16, 3, 3, 1)
    """
    classifier = final_estimator(estimator)
    check_is_network(classifier)
    kernel = layer_outputs(classifier._fitted).first_kernel()
    if kernel is None:
        raise ValueError("The network has no convolution.")
    return np.ascontiguousarray(np.moveaxis(kernel, 3, 0))


def feature_maps(estimator: BaseEstimator, X: ArrayLike) -> list[NDArray[np.float32]]:
    """Compute the feature maps of images in the layers of a network.

    From layer to layer the maps become coarser and more abstract. They show edges
    first, then textures and parts, and finally the features that distinguish the
    classes.

    Parameters
    ----------
    estimator : estimator
        A fitted :class:`~fmnist_sk.FashionCNNClassifier`, a Pipeline that ends in one,
        or a search over either.

    X : array-like of shape (n, pixels), (n, height, width) or \
            (n, height, width, channels)
        Images, as `estimator` takes them.

    Returns
    -------
    maps : list of ndarray of shape (n, height, width, n_maps), dtype float32
        One array for each convolution, from the image on. A map is taken after the
        layers that follow the convolution: pooling, normalisation, activation, and the
        sum that ends a residual unit.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.
    TypeError
        If `estimator` is not a network of this package, or its network is not a graph
        of layers.
    ValueError
        If `X` is invalid, or a value is so large that a map overflows.

    See Also
    --------
    first_layer_filters : Kernels of the first layer.
    fmnist_sk.plotting.ImageGridDisplay : Show maps side by side.

    Examples
    --------
    >>> from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample
    >>> from fmnist_sk.inspection import feature_maps
    >>> X, y = load_fashion_mnist_sample(return_X_y=True)
    >>> clf = FashionCNNClassifier(epochs=1, random_state=0).fit(X[:300], y[:300])
    >>> [maps.shape for maps in feature_maps(clf, X[:1])]
    [(1, 14, 14, 32), (1, 7, 7, 64)]
    """
    classifier, rows = network_and_images(estimator, X)
    return layer_outputs(classifier._fitted).maps(rows)
