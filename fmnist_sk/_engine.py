"""TensorFlow and Keras, started once, as late as possible and unmodified.

Keras has three global settings: `floatx` and the image data format, which belong to the
process, and the dtype policy, which belongs to a thread. The networks of this package
do not depend on these settings. A function as architecture is also called with Keras's
defaults. Worker processes of a search do not inherit the settings of the process that
starts them, so results would otherwise depend on `n_jobs`. While a network is built,
other threads that read `floatx` or the image data format see the defaults.
"""

import json
import os
import platform
import sys
import threading
from contextlib import contextmanager
from functools import lru_cache
from importlib import metadata
from pathlib import Path

_LOCK = threading.RLock()
_BUILDING = threading.RLock()
_started_in = None


def start():
    """Start TensorFlow, or check that it can be used here.

    Returns
    -------
    tensorflow : module
        TensorFlow itself.

    Raises
    ------
    RuntimeError
        If Keras runs on another backend, or if this process was forked from one in
        which TensorFlow was already running, because TensorFlow would hang. Also where
        TensorFlow does not run operations at once: in a `tf.Graph`, in a function that
        `tf.function` traces, and in the scope of a distribution strategy.
    """
    global _started_in
    with _LOCK:
        if _started_in is None:
            # Before TensorFlow is imported, which takes seconds.
            _check_backend(_expected_backend())
            _limit_threads()
            _quiet_import()
        import tensorflow

        if _started_in is None:
            import keras

            _check_backend(keras.backend.backend())
            _started_in = os.getpid()
        if _started_in != os.getpid():
            raise RuntimeError(
                "TensorFlow was started before this process was forked, and would hang "
                "in it. Use joblib's default backend 'loky' instead of "
                "'multiprocessing', or the start method 'spawn'."
            )
    _check_context(tensorflow)
    return tensorflow


def _check_backend(backend):
    if backend != "tensorflow":
        raise RuntimeError(
            "fmnist_sk requires the TensorFlow backend of Keras, but the backend is "
            f"{backend!r}. Set the environment variable KERAS_BACKEND=tensorflow "
            "before Keras is imported."
        )


def _expected_backend():
    """Return the backend that Keras uses, or will use once it is imported."""
    if "keras" in sys.modules:
        import keras

        return keras.backend.backend()
    named = os.environ.get("KERAS_BACKEND")
    if named:
        return named
    try:
        home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
        return json.loads(Path(home, "keras.json").read_text(encoding="utf-8"))[
            "backend"
        ]
    except (OSError, RuntimeError, ValueError, LookupError, TypeError):
        return "tensorflow"  # no home, no file, or no backend in the file


def _check_context(tensorflow):
    if not tensorflow.executing_eagerly():
        raise RuntimeError(
            "fmnist_sk cannot fit or predict inside a tf.Graph, inside a tf.function, "
            "or with eager execution disabled. Call fmnist_sk outside of the graph, "
            "and pass NumPy arrays."
        )
    if tensorflow.distribute.has_strategy():
        raise RuntimeError(
            "fmnist_sk cannot fit or predict inside the scope of a tf.distribute "
            "strategy, because it trains on one device. Call fmnist_sk outside of the "
            "scope."
        )


def _limit_threads():
    """Set the numbers of threads, which TensorFlow reads when it starts.

    Each operation gets one thread, unless the user has set another number. A sum that
    several threads compute is rounded differently with each number of threads.
    Independent operations run side by side instead, so the bits of a result do not
    depend on the number of cores.
    """
    if _context_exists():
        return  # the variables would not name the numbers in use
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    # joblib sets OMP_NUM_THREADS to a worker's share of the cores, but TensorFlow does
    # not read this variable.
    threads = _positive_integer("OMP_NUM_THREADS")
    if threads:
        os.environ.setdefault("TF_NUM_INTEROP_THREADS", str(threads))


def _quiet_import():
    """Hide the log lines of TensorFlow's C++ code, unless the user has set a level.

    TensorFlow reads the level once, at import. Level 3 also hides lines marked as
    errors: without a GPU, "failed call to cuInit" is one. Operations that fail raise
    Python exceptions, so their errors stay visible, and so do fatal errors. The
    variable stays set for worker processes, which may import Keras before they call
    `start`, to unpickle a callback for example.

    In TensorFlow 2.21 on Linux, six information lines remain in each process: "All log
    messages before absl::InitializeLog()", "oneDNN custom operations are on" and "Could
    not find cuda drivers", twice each. Two of TensorFlow's libraries,
    `libtensorflow_framework` and `_pywrap_profiler_plugin`, write these lines from
    static initialisers, before they read the level and before Python can call them.
    Only redirecting the user's stderr, or changing numerics and devices, would hide the
    lines. TensorFlow 2.19 writes seven lines.
    https://github.com/tensorflow/tensorflow/issues/100442
    """
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@contextmanager
def building():
    """Provide the default settings of Keras to one thread that builds models.

    Building models, creating optimizers and tracing graphs are not thread-safe, so one
    thread does it at a time. The same thread can enter again.

    Yields
    ------
    None
        No value. Inside the context, `floatx`, the dtype policy and the image data
        format have their defaults. They are restored afterwards.
    """
    import keras

    with _BUILDING:
        floatx = keras.config.floatx()
        data_format = keras.config.image_data_format()
        policy = _exchange_policy(None)
        keras.config.set_floatx("float32")
        keras.config.set_image_data_format("channels_last")
        try:
            yield
        finally:
            keras.config.set_floatx(floatx)
            keras.config.set_image_data_format(data_format)
            _exchange_policy(policy)


def _exchange_policy(policy):
    """Set the thread's dtype policy and return the previous one. None is the default.

    If a thread has no policy yet, Keras's public function would set its policy to the
    present `floatx` for good.
    """
    from keras.src.backend.common import global_state

    previous = global_state.get_global_attribute("dtype_policy")
    global_state.set_global_attribute("dtype_policy", policy)
    return previous


def training_environment():
    """Return the settings that change the bits of a training run, beside its arguments.

    This does not start TensorFlow.

    Returns
    -------
    environment : dict
        Versions of TensorFlow, Keras and NumPy, the number of threads of an operation,
        whether `tf.config.experimental.enable_op_determinism` was called, the
        processor's kind and instruction sets, and the environment variables that
        choose among them.
    """
    if _started_in is None:
        _limit_threads()
    return {
        "versions": {name: _version(name) for name in ("tensorflow", "keras", "numpy")},
        "threads": _threads("intra"),
        "op_determinism": _op_determinism(),
        "machine": platform.machine(),
        "instruction_sets": _instruction_sets(),
        "variables": {
            name: os.environ.get(name)
            for name in ("ONEDNN_MAX_CPU_ISA", "TF_ENABLE_ONEDNN_OPTS")
        },
    }


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        # TensorFlow has several distributions, such as tensorflow-cpu.
        return __import__(package).__version__


def _context_exists():
    """Return whether TensorFlow has run an operation, which fixes its threads."""
    if "tensorflow" not in sys.modules:
        return False
    try:  # TensorFlow has no public function for this
        from tensorflow.python.eager import context

        return bool(context.context()._initialized)
    except (ImportError, AttributeError):
        return False


def n_threads():
    """Return the number of operations that TensorFlow runs at the same time."""
    return _threads("inter")


def _threads(kind):
    """Return the number of "intra" or "inter" threads, found as TensorFlow finds it."""
    if "tensorflow" in sys.modules:
        from tensorflow.config import threading as of_tensorflow

        configured = getattr(of_tensorflow, f"get_{kind}_op_parallelism_threads")()
        if configured:
            return configured
    threads = _positive_integer(f"TF_NUM_{kind.upper()}OP_THREADS")
    if threads:
        return threads
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _op_determinism():
    if "tensorflow" not in sys.modules:
        return False
    try:  # TensorFlow has no public function for this
        from tensorflow.python.framework import config

        return bool(config.is_op_determinism_enabled())
    except (ImportError, AttributeError):
        return False


def _positive_integer(variable):
    value = os.environ.get(variable, "")
    return int(value) if value.isdigit() and int(value) > 0 else None


@lru_cache
def _instruction_sets():
    """Return the vector and matrix instruction sets of the CPU, if Linux lists them."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            flags = next((line for line in file if line.startswith("flags")), "")
    except OSError:
        return ()
    return tuple(
        sorted(flag for flag in flags.split() if flag.startswith(("avx", "amx", "fma")))
    )


def has_fast_bfloat16():
    """Return whether this machine multiplies bfloat16 matrices in hardware."""
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(_instruction_sets())
