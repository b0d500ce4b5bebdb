"""
Make the sample that comes with the package
===========================================

`load_fashion_mnist_sample` reads a file of 4,000 images that lies inside the
package. This script made it from the whole data set and makes it again, with the
same arrays byte for byte, wherever it runs:

    python examples/make_sample.py [PATH]
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.utils import check_random_state

import fmnist_sk
from fmnist_sk import fetch_fashion_mnist

# %%
# From either part of the data set each class gives equally many images. NumPy
# promises that a `RandomState` gives the same numbers in every version, which it
# does not of its newer generators.
N_PER_CLASS = {"train": 300, "test": 100}


def draw(labels, n_per_class, rng):
    """Choose `n_per_class` images of each class, and an order for all of them."""
    chosen = [
        rng.choice(np.flatnonzero(labels == label), n_per_class, replace=False)
        for label in np.unique(labels)
    ]
    return rng.permutation(np.concatenate(chosen)).astype(np.int32)


# %%
# Beside images and labels the file tells where each image stands in the original,
# for those who want the rest of the data set without the sample.
def make_sample():
    """Draw the sample.

    Returns
    -------
    arrays : dict
        For each part, "train" and "test": `{part}_images` of shape (n, 28, 28) and
        `{part}_labels` of shape (n,), both uint8, and `{part}_index` of shape (n,),
        int32, their positions in the original files.
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
