"""Loss of each image."""

import tensorflow as tf


def cross_entropy(labels, logits, label_smoothing):
    """Compute the cross-entropy of labels and logits.

    Parameters
    ----------
    labels : tensor of shape (n,), int32
        Indices of the classes.
    logits : tensor of shape (n, n_classes), float32
        Logits.
    label_smoothing : scalar tensor, float32
        Share of the target that is spread evenly over all classes (Szegedy et al.,
        arXiv:1512.00567, sec. 7).

    Returns
    -------
    loss : tensor of shape (n,), float32
        Loss of each image.
    """
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    # Spreading a share of the target over all classes replaces the same share of the
    # label's logit by the mean of all logits.
    own = tf.gather(logits, labels, axis=1, batch_dims=1)
    return loss + label_smoothing * (own - tf.reduce_mean(logits, axis=1))
