"""
Make the sample that ships with the package
===========================================

`load_fashion_mnist_sample` reads a file of 4,000 images inside the package. This script
creates the file from the whole data set. The arrays are the same byte for byte on every
machine:

    python examples/make_sample.py [PATH]
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.utils import check_random_state

import fmnist_sk
from fmnist_sk import fetch_fashion_mnist

# %%
# The sample has the same number of images of each class. It is drawn with a
# `RandomState`, because NumPy guarantees that a `RandomState` returns the same numbers
# in every version. There is no such guarantee for the newer generators.
N_PER_CLASS = {"train": 300, "test": 100}


def draw(labels, n_per_class, rng):
    """Choose `n_per_class` images of each class, in random order."""
    chosen = [
        rng.choice(np.flatnonzero(labels == label), n_per_class, replace=False)
        for label in np.unique(labels)
    ]
    return rng.permutation(np.concatenate(chosen)).astype(np.int32)


# %%
# The file also contains the positions of the images in the original files. Use them to
# select the rest of the data set without the sample.
def make_sample():
    """Draw the sample.

    Returns
    -------
    arrays : dict
        Arrays of each part, "train" and "test": `{part}_images` of shape (n, 28, 28)
        and `{part}_labels` of shape (n,), both uint8, and `{part}_index` of shape (n,)
        and dtype int32, the positions in the original files.
    """
    rng = check_random_state(0)
    arrays = {}
    for part, n_per_class in N_PER_CLASS.items():
        fashion = fetch_fashion_mnist(subset=part)
        index = draw(fashion.target, n_per_class, rng)
        arrays[f"{part}_images"] = fashion.images[index]
        arrays[f"{part}_labels"] = fashion.target[index].astype(np.uint8)
        arrays[f"{part}_index"] = index
    return arrays


# %%
if __name__ == "__main__":
    default = Path(fmnist_sk.__file__).parent / "_data" / "fashion_mnist_sample.npz"
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    np.savez_compressed(path, **make_sample())
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")
