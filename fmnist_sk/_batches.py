"""Number of images per call of a network."""

import math

#: Enough images to keep the cores busy. With more images the activations would only
#: outgrow the processor's cache.
MAX_ROWS = 512
# The activations of 512 images of 28 × 28 pixels take 30 to 242 MiB in the named
# architectures, so that only larger images get smaller batches. With 224 × 224 colour
# pixels they would take 5.5 GB in `resnet`.
_MAX_BYTES = 256 * 2**20


def rows_per_call(bytes_per_image):
    """Compute how many images a call may take so that their activations fit in memory.

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
    """Estimate the bytes of activations per image in a traced function.

    An activation occupies memory from the operation that computes it to the last
    operation that reads it, which for a gradient may be long after. The estimate is the
    peak of their sum, if operations run in the order of their creation. The scratch
    memory of convolutions, up to as much again, is not included.

    Parameters
    ----------
    function : tf.types.experimental.ConcreteFunction
        Function of batches, whose first axis has no fixed length.

    Returns
    -------
    n_bytes : int
        Estimated number of bytes per image.
    """
    operations = function.graph.get_operations()
    last_use = {tensor.name: len(operations) for tensor in function.outputs}
    steps = []
    for time, operation in reversed(list(enumerate(operations))):
        # TensorFlow drops operations whose results are not read.
        if any(tensor.name in last_use for tensor in operation.outputs):
            steps.append((time, operation))
            for tensor in operation.inputs:
                last_use.setdefault(tensor.name, time)
    freed = [0] * (len(operations) + 1)
    alive = peak = 0
    for time, operation in reversed(steps):
        for tensor in operation.outputs:
            size = _bytes_per_image(tensor)
            alive += size
            freed[last_use.get(tensor.name, time)] += size
        peak = max(peak, alive)
        alive -= freed[time]
    return peak


def _bytes_per_image(tensor):
    shape = tensor.shape
    if not shape.rank or shape[0] is not None:  # weights and constants
        return 0
    return math.prod(size or 1 for size in shape[1:]) * tensor.dtype.size
