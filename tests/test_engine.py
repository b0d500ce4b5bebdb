"""Starting TensorFlow."""

from _processes import run_python

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


def test_a_forked_process_gets_an_error_and_does_not_hang():
    assert run_python(FORKED)


THREADS = """
import os
os.environ.pop("TF_NUM_INTRAOP_THREADS", None)
os.environ["OMP_NUM_THREADS"] = "1"  # as joblib tells its workers
from fmnist_sk import _engine
tensorflow = _engine.start()
assert os.environ["TF_NUM_INTRAOP_THREADS"] == "1"
print("true")
"""


def test_workers_take_their_share_of_the_cores():
    assert run_python(THREADS)


BACKEND = """
import os
os.environ["KERAS_BACKEND"] = "numpy"
from fmnist_sk import _engine
try:
    _engine.start()
except RuntimeError as error:
    assert "KERAS_BACKEND" in str(error)
else:
    raise AssertionError
print("true")
"""


def test_other_backends_of_keras_are_refused():
    assert run_python(BACKEND)
