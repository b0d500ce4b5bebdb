"""How many images a call of a network takes."""

import math

#: Enough images to keep the cores busy. The activations of more images would only
#: leave the processor's cache.
MAX_ROWS = 512
# The largest activations of 512 images of 28 × 28 pixels take 60 to 380 MB in the
# named architectures, so that only larger images get smaller batches.
_MAX_BYTES = 384 * 2**20


def rows_per_call(bytes_per_image):
    """Return how many images a call takes, so that their activations fit in memory.

    Parameters
    ----------
    bytes_per_image : int
        Bytes of the activations that are alive at the same time, per image.

    Returns
    -------
    n_rows : int
        Number of images, from 1 to `MAX_ROWS`.
    """
    return max(1, min(MAX_ROWS, _MAX_BYTES // max(1, bytes_per_image)))


def activation_bytes(function):
    """Estimate the bytes of activations that a traced function needs per image.

    TensorFlow frees an activation once nothing reads it any more. The largest three
    are about what is alive at the same time: a convolution's input, its output and a
    shortcut or a copy in another layout.

    Parameters
    ----------
    function : tf.types.experimental.ConcreteFunction
        Function of batches, whose first axis has no fixed length.

    Returns
    -------
    n_bytes : int
        Estimate, per image.
    """
    sizes = [0]
    for operation in function.graph.get_operations():
        for output in operation.outputs:
            shape = output.shape
            if shape.rank and shape[0] is None and None not in shape[1:]:
                sizes.append(math.prod(shape[1:]) * output.dtype.size)
    return sum(sorted(sizes)[-3:])
