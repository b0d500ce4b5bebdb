"""Random images, and a function that augments them."""

import numpy as np

from fmnist_sk.augmentation import augment_images

# Every setting that works without labels.
EVERYTHING = {
    "horizontal_flip": 0.5,
    "rotation": 30,
    "zoom": 0.2,
    "shift": 0.2,
    "shear": 10,
    "brightness": 0.2,
    "contrast": 0.3,
    "alternating_flip": 1,
    "erasing": 0.5,
    "erasing_size": 0.4,
}


def make_images(shape=(7, 6, 6, 1), dtype=np.uint8, seed=0):
    """Return random images with values from 0 to 99."""
    return np.random.default_rng(seed).integers(0, 100, shape).astype(dtype)


def augment(images, spec, seed=0):
    """Augment images with a new random generator."""
    return augment_images(images, spec, np.random.default_rng(seed))
