"""Small networks that train on a few hundred images in a fraction of a second."""

from fmnist_sk import FashionCNNClassifier


def small_cnn(**parameters):
    """Return a small, seeded classifier with parameters of FashionCNNClassifier."""
    return FashionCNNClassifier(
        **{"architecture": "compact", "epochs": 3, "random_state": 0, **parameters}
    )


def quick(**parameters):
    """Return a classifier that takes twenty steps for three hundred images."""
    return small_cnn(**{"epochs": 2, "batch_size": 32, **parameters})
