"""Batches of images for the calls of a network, and calls side by side."""

import threading
import time

import numpy as np
import pytest

from fmnist_sk import _engine
from fmnist_sk._batches import MAX_ROWS, activation_bytes, rows_per_call, side_by_side


def test_rows_fit_into_memory():
    assert rows_per_call(0) == rows_per_call(1000) == MAX_ROWS == 512
    assert rows_per_call(10**12) == 1
    for n_bytes in 10**6, 10**7, 10**8:
        assert rows_per_call(n_bytes) * n_bytes < 500 * 2**20
    assert rows_per_call(10**7) > rows_per_call(2 * 10**7) > 1


@pytest.mark.parametrize(
    ("n_threads", "bytes_per_image", "at_once"),
    [(1, 1000, 1), (3, 1000, 3), (40, 1000, 8), (40, 2**19, 4), (40, 2**40, 1)],
)
def test_calls_side_by_side(n_threads, bytes_per_image, at_once, monkeypatch):
    """As many calls at once as there are threads, memory and parts."""
    monkeypatch.setattr(_engine, "n_threads", lambda: n_threads)
    n_rows = min(7.5 * MAX_ROWS, 8 * rows_per_call(bytes_per_image))
    changed, running, most = threading.Condition(), 0, 0

    def call(part):
        nonlocal running, most
        with changed:
            running += 1
            most = max(most, running)
            changed.notify_all()
            # A busy machine may start the threads one after the other.
            assert changed.wait_for(lambda: most >= at_once, timeout=30)
        time.sleep(0.02)  # time for one call too many
        with changed:
            running -= 1
        return part

    found = list(side_by_side(call, int(n_rows), bytes_per_image))
    assert most == at_once
    rows = np.concatenate([np.arange(n_rows)[part] for part, _ in found])
    np.testing.assert_array_equal(rows, np.arange(n_rows))
    assert all(part == result for part, result in found)


def test_an_error_in_one_of_several_calls(monkeypatch):
    monkeypatch.setattr(_engine, "n_threads", lambda: 2)

    def fail(part):
        raise MemoryError(part.start)

    with pytest.raises(MemoryError, match="0"):
        list(side_by_side(fail, 5000, 1))


def traced(function, *shape):
    import tensorflow as tf

    return tf.function(function, autograph=False).get_concrete_function(
        tf.TensorSpec([None, *shape], tf.float32)
    )


def test_activations_are_freed_after_their_last_use():
    import tensorflow as tf

    def chain(x):
        for _ in range(10):
            x = tf.sin(x)
        return x

    # The input and the output of an operation.
    assert activation_bytes(traced(chain, 5, 5)) == 2 * 25 * 4

    def shortcut(x):
        return x + chain(x)

    assert activation_bytes(traced(shortcut, 5, 5)) == 3 * 25 * 4

    def unread(x):
        tf.sin(tf.repeat(x, 100, axis=1))
        return x + 1

    assert activation_bytes(traced(unread, 5)) == 2 * 5 * 4


def test_gradients_hold_all_activations():
    import tensorflow as tf

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            for _ in range(10):
                y = tf.sin(y)
        return tape.gradient(y, x)

    assert 10 <= activation_bytes(traced(gradient, 25)) / (25 * 4) <= 14


def test_weights_are_no_activations():
    import tensorflow as tf

    weights = tf.constant(np.ones((10, 3), np.float32))
    assert activation_bytes(traced(lambda x: x @ weights, 10)) == (10 + 3) * 4


@pytest.mark.parametrize("shape", [(None,), ()])
def test_unknown_sizes_count_little(shape):
    assert activation_bytes(traced(lambda x: x + 1, *shape)) <= 8
