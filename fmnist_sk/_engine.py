"""Starting TensorFlow: once, late, and with a sensible number of threads."""

import os
import threading

_LOCK = threading.RLock()
_started_in = None

#: Held while a Keras model is built or a graph traced: neither is thread-safe.
BUILDING = threading.RLock()


def start():
    """Start TensorFlow, or make sure that this process may use it.

    Returns
    -------
    tensorflow : module
        TensorFlow itself.

    Raises
    ------
    RuntimeError
        In a process forked from one where TensorFlow was already running, where it
        would hang, and where Keras runs on another backend.
    """
    global _started_in
    with _LOCK:
        if _started_in is None:
            _set_environment()
        import tensorflow

        if _started_in is None:
            backend = _keras_backend()
            if backend != "tensorflow":
                raise RuntimeError(
                    "fmnist_sk trains with TensorFlow, but Keras is told to use "
                    f"{backend!r}: start Python with KERAS_BACKEND=tensorflow."
                )
            _started_in = os.getpid()
        if _started_in != os.getpid():
            raise RuntimeError(
                "This process was forked from one in which TensorFlow was already "
                "running; TensorFlow would hang in it. Use joblib's default backend "
                "'loky' instead of 'multiprocessing'."
            )
    return tensorflow


def _keras_backend():
    named = os.environ.get("KERAS_BACKEND", "tensorflow")
    if named != "tensorflow":
        return named  # importing Keras would fail where that is not installed
    import keras

    return keras.backend.backend()


def _set_environment():
    """Defaults that have to stand before TensorFlow is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # joblib's workers are told their share of the cores in OMP_NUM_THREADS, which
    # TensorFlow does not read.
    threads = os.environ.get("OMP_NUM_THREADS", "")
    if threads.isdigit() and int(threads) > 0:
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", threads)


def has_fast_bfloat16():
    """Tell whether this machine multiplies bfloat16 matrices in hardware."""
    try:
        with open("/proc/cpuinfo") as file:
            flags = next(
                (line for line in file if line.startswith("flags")), ""
            ).split()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def building():
    return BUILDING


def environment():
    return {}
