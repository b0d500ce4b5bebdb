"""Batches of images for the calls of a network, and calls side by side."""

import math
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from . import _engine

#: Enough images to keep the cores busy. With more images the activations would only
#: outgrow the processor's cache.
MAX_ROWS = 512
# The activations of 512 images of 28 × 28 pixels take 30 to 242 MiB in the named
# architectures, so that only larger images get smaller batches. With 224 × 224 colour
# pixels they would take 5.5 GB in `resnet`.
_MAX_BYTES = 256 * 2**20
# The activations of all calls that run at the same time.
_MAX_BYTES_AT_ONCE = 2**30


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


def side_by_side(function, n_rows, bytes_per_image, max_rows=MAX_ROWS):
    """Call a function for consecutive parts of some rows, several parts at a time.

    The parts do not depend on the number of threads, and neither do the results.

    Parameters
    ----------
    function : callable
        Function of a slice of rows.
    n_rows : int
        Number of rows.
    bytes_per_image : int
        Bytes of the activations that are alive at the same time, per image.
    max_rows : int, default=MAX_ROWS
        Largest number of rows in a part.

    Yields
    ------
    part : slice
        Consecutive rows, in order.
    result : object
        Result of the function for these rows.
    """
    size = min(max_rows, rows_per_call(bytes_per_image))
    parts = [
        slice(first, min(n_rows, first + size)) for first in range(0, n_rows, size)
    ]
    at_once = min(
        len(parts),
        _engine.n_threads(),
        max(1, _MAX_BYTES_AT_ONCE // max(1, size * bytes_per_image)),
    )
    if at_once < 2:
        yield from ((part, function(part)) for part in parts)
        return
    with ThreadPoolExecutor(at_once) as pool:
        running = deque()
        for part in parts:
            if len(running) == at_once:
                first, result = running.popleft()
                yield first, result.result()
            running.append((part, pool.submit(function, part)))
        yield from ((first, result.result()) for first, result in running)


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
