"""Number of images that one call of a compiled graph processes."""

import math

# More images would not keep the cores busier: their activations would only leave the
# processor's cache. All networks for 28 × 28 images stay below the limit of memory.
_MAX_ROWS = 512
# Predictions repeat a single image anyway, see `Predictor`.
_MIN_ROWS = 2
# At most this much is allocated for the activations of a call. 512 colour images of
# 224 × 224 pixels would otherwise take 5.5 GB in `resnet`.
_BYTES_PER_CALL = 256 * 2**20


def rows_per_call(bytes_per_image):
    """Return how many images fit into one call.

    Parameters
    ----------
    bytes_per_image : int
        Memory that one image needs, for instance by `activation_bytes`.

    Returns
    -------
    n_rows : int
        Number of images, from 2 to 512.
    """
    fitting = _BYTES_PER_CALL // max(1, bytes_per_image)
    return max(_MIN_ROWS, min(_MAX_ROWS, fitting))


def activation_bytes(function):
    """Estimate the memory that one image needs while a graph runs.

    A tensor occupies memory from the operation that computes it to the last operation
    that reads it. The estimate is the largest sum of such tensors at any time, if
    operations run in the order of their creation. Scratch memory inside operations is
    not included.

    Parameters
    ----------
    function : tensorflow ConcreteFunction
        Traced function. Tensors whose first dimension is unknown hold one entry for
        each image.

    Returns
    -------
    n_bytes : int
        Peak of the activations of one image.
    """
    operations = function.graph.get_operations()
    last_use = {tensor.name: len(operations) for tensor in function.outputs}
    steps = []
    for time, operation in reversed(list(enumerate(operations))):
        # TensorFlow drops operations whose results nobody reads.
        if any(tensor.name in last_use for tensor in operation.outputs):
            steps.append((time, operation))
            for tensor in operation.inputs:
                last_use.setdefault(tensor.name, time)
    freed = [0] * (len(operations) + 1)
    now = peak = 0
    for time, operation in reversed(steps):
        for tensor in operation.outputs:
            size = _bytes_per_row(tensor)
            now += size
            freed[last_use.get(tensor.name, time)] += size
        peak = max(peak, now)
        now -= freed[time]
    return peak


def _bytes_per_row(tensor):
    """Return the bytes of a tensor for each image: none for weights and constants."""
    shape = tensor.shape
    if not shape.rank or shape[0] is not None:
        return 0
    return math.prod(size or 1 for size in shape[1:]) * tensor.dtype.size
