"""A network that learns a few hundred images in half a second."""

from fmnist_sk import FashionCNNClassifier


def small_cnn(**parameters):
    """Give a small, seeded classifier; parameters as of FashionCNNClassifier."""
    return FashionCNNClassifier(
        **{"architecture": "compact", "epochs": 3, "random_state": 0, **parameters}
    )
