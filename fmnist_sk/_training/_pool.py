"""Training graphs at rest, to be borrowed by the next fit of the same network."""

import threading
from collections import OrderedDict
from contextlib import contextmanager

# Graphs at rest keep their variables; large networks are not worth the memory.
_MAX_IDLE = 12
_MAX_IDLE_PARAMETERS = 4_000_000

_LOCK = threading.Lock()
_idle = OrderedDict()


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
        For the caller alone, in an unknown state.
    """
    with _LOCK:
        resting = _idle.get(key)
        graph = resting.pop() if resting else None
    if graph is None:
        graph = build()
    yield graph
    # Not reached when a fit fails: a graph that failed is not lent again.
    if graph.model.count_params() > _MAX_IDLE_PARAMETERS:
        return
    with _LOCK:
        _idle.setdefault(key, []).append(graph)
        _idle.move_to_end(key)
        while sum(map(len, _idle.values())) > _MAX_IDLE:
            oldest = next(iter(_idle))
            _idle[oldest].pop()
            if not _idle[oldest]:
                del _idle[oldest]
