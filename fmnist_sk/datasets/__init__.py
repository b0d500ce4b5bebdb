"""Fashion-MNIST, whole and as a small sample that needs no network."""

from ._fashion_mnist import (
    CLASS_NAMES,
    fetch_fashion_mnist,
    load_fashion_mnist_sample,
)

__all__ = ["CLASS_NAMES", "fetch_fashion_mnist", "load_fashion_mnist_sample"]
