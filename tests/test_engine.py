"""Start of TensorFlow, and contexts in which it cannot be used."""

import json
import os
import sys
import timeit

import numpy as np
import pytest
from _processes import run_python
from _small import quick

from fmnist_sk import _engine


@pytest.fixture(scope="module")
def fitted():
    """Classifier fitted to eight tiny images."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(256, size=(8, 64), dtype=np.uint8), np.arange(8) % 2
    return quick(filters=2, epochs=1).fit(X, y)


FORKED = """
import os
import numpy as np
from fmnist_sk import FashionCNNClassifier

rng = np.random.default_rng(0)
X, y = rng.integers(256, size=(40, 64), dtype=np.uint8), np.arange(40) % 2
clf = FashionCNNClassifier(architecture="compact", epochs=1).fit(X, y)
child = os.fork()
if child == 0:
    try:
        clf.predict(X)
    except RuntimeError as error:
        os._exit(7 if "loky" in str(error) else 1)
    os._exit(1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
print("true")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_a_forked_process_gets_an_error_and_does_not_hang():
    assert run_python(FORKED)


BACKEND = """
import json, os, sys
from types import ModuleType, SimpleNamespace
from fmnist_sk import _engine

def refused():
    try:
        _engine.start()
    except RuntimeError as error:
        slow = {"tensorflow", "torch", "jax"} & set(sys.modules)
        return "KERAS_BACKEND" in str(error) and not slow
    return False

found = []
os.environ["KERAS_BACKEND"] = "torch"
found.append(refused())
del os.environ["KERAS_BACKEND"]
os.environ["KERAS_HOME"] = sys.argv[1]
found.append(refused())
del os.environ["KERAS_HOME"]
keras = sys.modules["keras"] = ModuleType("keras")
keras.backend = SimpleNamespace(backend=lambda: "jax")
found.append(refused())
print(json.dumps(found))
"""


def test_other_backends_of_keras_are_refused_before_anything_is_imported(tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "torch"}', encoding="utf-8")
    assert run_python(BACKEND, tmp_path) == [True, True, True]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"backend": "tensorflow"}'])
def test_a_configuration_without_backend_is_tensorflow(text, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "modules", {**sys.modules})
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "keras.json").write_text(text, encoding="utf-8")
    assert _engine._expected_backend() == "tensorflow"


@pytest.mark.parametrize("name", ["graph", "mirrored", "one device"])
def test_where_tensorflow_does_not_run_at_once_is_one_clear_error(name, fitted):
    tf = _engine.start()
    context = {
        "graph": lambda: tf.Graph().as_default(),
        "mirrored": lambda: tf.distribute.MirroredStrategy(["cpu:0"]).scope(),
        "one device": lambda: tf.distribute.OneDeviceStrategy("cpu:0").scope(),
    }[name]
    X, y = np.zeros((4, 64), np.uint8), np.arange(4) % 2
    with context():
        for use, *arguments in (
            (quick().fit, X, y),
            (fitted.predict, X),
            (fitted.to_keras,),
        ):
            with pytest.raises(RuntimeError, match="fmnist_sk cannot fit"):
                use(*arguments)


def test_inside_a_traced_function_is_the_same_error():
    tensorflow = _engine.start()

    def step(x):
        _engine.start()
        return x

    with pytest.raises(RuntimeError, match="fmnist_sk cannot fit"):
        tensorflow.function(step, autograph=False)(1.0)


def test_checking_takes_microseconds():
    _engine.start()
    seconds = min(timeit.repeat(_engine.start, number=1000, repeat=5)) / 1000
    assert seconds < 50e-6


ENVIRONMENT = """
import json, os, sys
for of in "TF_NUM_INTRAOP", "TF_NUM_INTEROP", "OMP_NUM":
    os.environ.pop(f"{of}_THREADS", None)
from fmnist_sk import _engine
found = [_engine.training_environment()["threads"], _engine.n_threads()]
os.environ["TF_NUM_INTRAOP_THREADS"] = "5"
found.append(_engine.training_environment()["threads"])
assert "tensorflow" not in sys.modules
# joblib sets this variable in its workers, but TensorFlow does not read it.
os.environ["OMP_NUM_THREADS"] = "3"
del os.environ["TF_NUM_INTRAOP_THREADS"]
before = _engine.training_environment()
tensorflow = _engine.start()
assert os.environ["TF_NUM_INTRAOP_THREADS"] == "1"
assert os.environ["TF_NUM_INTEROP_THREADS"] == "3"
found.append(_engine.n_threads())
assert _engine.training_environment() == before
assert before["versions"]["tensorflow"] == tensorflow.__version__
tensorflow.config.threading.set_intra_op_parallelism_threads(2)
found.append(_engine.training_environment()["threads"])
tensorflow.config.experimental.enable_op_determinism()
found.append(_engine.training_environment()["op_determinism"])
print(json.dumps(found))
"""


def test_what_the_bits_of_a_training_run_depend_on(monkeypatch):
    assert run_python(ENVIRONMENT) == [1, usable_cores(), 5, 3, 2, True]
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    environment = _engine.training_environment()
    assert environment["variables"]["ONEDNN_MAX_CPU_ISA"] == "AVX2"
    assert environment == json.loads(json.dumps(environment, default=list)) | {
        "instruction_sets": environment["instruction_sets"]
    }


ALREADY_STARTED = """
import json, os
for of in "TF_NUM_INTRAOP", "TF_NUM_INTEROP", "OMP_NUM":
    os.environ.pop(f"{of}_THREADS", None)
import numpy as np
import tensorflow as tf
tf.constant(1)  # fixes TensorFlow's threads
from fmnist_sk import FashionCNNClassifier, _engine
X, y = np.eye(9, 25), np.arange(9) % 3
clf = FashionCNNClassifier(architecture="compact", epochs=1, image_shape=(5, 5))
n_classes = len(clf.fit(X, y).classes_)
print(json.dumps([n_classes, _engine.training_environment()["threads"]]))
"""


def test_threads_of_a_tensorflow_that_runs_already():
    assert run_python(ALREADY_STARTED) == [3, usable_cores()]


def usable_cores():
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()
