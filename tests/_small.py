"""Networks that learn a few hundred images in a blink."""

from fmnist_sk import FashionCNNClassifier


def small_cnn(**parameters):
    """Give a small, seeded classifier; parameters as of FashionCNNClassifier."""
    return FashionCNNClassifier(
        **{"architecture": "compact", "epochs": 3, "random_state": 0, **parameters}
    )


def quick(**parameters):
    """Give one that takes twenty steps for three hundred images."""
    return small_cnn(**{"epochs": 2, "batch_size": 32, **parameters})
