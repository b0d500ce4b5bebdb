"""Data sets: Fashion-MNIST, its sample, others in MNIST's format, image folders."""

from ._fashion_mnist import (
    CLASS_NAMES,
    fetch_fashion_mnist,
    load_fashion_mnist_sample,
)
from ._files import IdxFile
from ._idx_dataset import IdxDataset, fetch_idx_dataset
from ._image_folder import load_image_folder

__all__ = [
    "CLASS_NAMES",
    "IdxDataset",
    "IdxFile",
    "fetch_fashion_mnist",
    "fetch_idx_dataset",
    "load_fashion_mnist_sample",
    "load_image_folder",
]
