"""What the layers of a network look for, and find."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from .._unwrap import final_estimator
from ._network import OpenNetwork, check_is_network, network_and_images


def first_layer_filters(estimator: BaseEstimator) -> NDArray[np.float32]:
    """Give the kernels of the first convolution as small images.

    Those of the first layer are looked at pixel for pixel, so they can be read: edges
    of some direction, spots, differences of colours. Deeper kernels combine what the
    layers before them found; look at :func:`feature_maps` instead.

    Parameters
    ----------
    estimator : estimator
        A fitted :class:`~fmnist_sk.FashionCNNClassifier`, a Pipeline that ends in one,
        or a search over either.

    Returns
    -------
    filters : ndarray of shape (n_filters, height, width, channels), dtype float32
        The kernels.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.
    TypeError
        If it is no network of this package.
    ValueError
        If the network has no convolution.

    See Also
    --------
    feature_maps : What the layers make of an image.

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
    opened = OpenNetwork(classifier)
    if not opened.convolutions:
        raise ValueError("The network has no convolution.")
    kernel = np.asarray(opened.convolutions[0].kernel)
    return np.ascontiguousarray(np.moveaxis(kernel, 3, 0))


def feature_maps(estimator: BaseEstimator, X: ArrayLike) -> list[NDArray[np.float32]]:
    """Give the maps that the layers of a network make of images.

    From layer to layer maps become coarser and stand for more: edges, then textures
    and parts, then what tells one class from another.

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
        One array for each convolution with what follows it (pooling, normalisation,
        activation, the sum that ends a residual unit), from the image on.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.
    TypeError
        If it is no network of this package, or one whose layers cannot be told apart.
    ValueError
        If X cannot be its images.

    See Also
    --------
    first_layer_filters : What the first layer looks for.
    fmnist_sk.plotting.ImageGridDisplay : Shows maps side by side.

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
    return OpenNetwork(classifier).maps(rows)
