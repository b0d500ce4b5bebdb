"""Pool of idle training graphs, which the next fit of the same network reuses."""

import threading
from collections import OrderedDict
from contextlib import contextmanager

# Limits of the pool, apart from the graph that was used last. TensorFlow does not free
# all memory of a deleted graph, so a new graph for each fit would leak memory.
_MAX_IDLE = 16
_MAX_IDLE_PARAMETERS = 8_000_000

_LOCK = threading.Lock()
_idle: OrderedDict = OrderedDict()


@contextmanager
def borrow(key, build):
    """Lend a graph to one fit at a time. Two threads get two graphs.

    Parameters
    ----------
    key : hashable
        Everything that the compiled graph depends on.
    build : callable
        Function that makes a new graph if the pool has none for the key.

    Yields
    ------
    graph : TrainingGraph
        Graph for this caller only, in an unknown state.
    """
    with _LOCK:
        resting = _idle.get(key)
        graph = resting.pop() if resting else None
    if graph is None:
        graph = build()
    try:
        yield graph
    finally:
        # A fit sets the whole state of its graph, so the graph of a failed fit can be
        # reused, too.
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
