"""Training graphs at rest, to be borrowed by the next fit of the same network."""

import threading
from collections import OrderedDict
from contextlib import contextmanager

# What may rest, beside the graph that was used last. TensorFlow does not give back all
# the memory of a graph that is thrown away: one that is made anew for each fit leaks.
_MAX_IDLE = 16
_MAX_IDLE_PARAMETERS = 8_000_000

_LOCK = threading.Lock()
_idle: OrderedDict = OrderedDict()


@contextmanager
def borrow(key, build):
    """Lend a graph to one fit at a time; two threads get two graphs.

    Parameters
    ----------
    key : hashable
        Everything the compiled graph depends on.
    build : callable
        Makes a new graph if none of that key is at rest.

    Yields
    ------
    graph : TrainingGraph
        Graph for the caller alone, in an unknown state.
    """
    with _LOCK:
        resting = _idle.get(key)
        graph = resting.pop() if resting else None
    if graph is None:
        graph = build()
    try:
        yield graph
    finally:
        # A fit sets the whole state of its graph, so that one whose fit failed is as
        # good as any other.
        if graph.reusable:
            _put_back(key, graph)


def _put_back(key, graph):
    with _LOCK:
        _idle.setdefault(key, []).append(graph)
        _idle.move_to_end(key)
        while _too_many():
            oldest = next(iter(_idle))
            if _idle[oldest]:
                _idle[oldest].pop(0)
            if not _idle[oldest]:
                del _idle[oldest]


def _too_many():
    sizes = [graph.model.count_params() for rest in _idle.values() for graph in rest]
    return len(sizes) > 1 and (
        len(sizes) > _MAX_IDLE or sum(sizes) > _MAX_IDLE_PARAMETERS
    )
