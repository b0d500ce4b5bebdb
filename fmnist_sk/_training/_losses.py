"""The loss of each image."""

import tensorflow as tf


def cross_entropy(label_smoothing, n_classes):
    """Make the loss function: cross-entropy of labels and logits.

    Parameters
    ----------
    label_smoothing : float
        Share of the target given to all classes alike (Szegedy et al., arXiv
        1512.00567, sec. 7).
    n_classes : int
        Number of classes.

    Returns
    -------
    loss : callable
        Maps labels `(n,)` and logits `(n, n_classes)` to the losses `(n,)`.
    """
    if not label_smoothing:
        return tf.nn.sparse_softmax_cross_entropy_with_logits

    def smoothed(labels, logits):
        targets = tf.one_hot(
            labels,
            n_classes,
            on_value=1 - label_smoothing + label_smoothing / n_classes,
            off_value=label_smoothing / n_classes,
        )
        return tf.nn.softmax_cross_entropy_with_logits(targets, logits)

    return smoothed
