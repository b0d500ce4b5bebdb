"""Adapter to SciKeras, and the only module that imports SciKeras.

SciKeras creates the Keras optimizer from its name and parameters, checks the callbacks,
and runs `fit`. It does not process the data. Its validation would copy, cast and encode
them again, after the classifier has validated them.
"""

from scikeras.wrappers import BaseWrapper

from .. import _engine
from ._fused_optimizers import FUSED
from ._losses import cross_entropy
from ._optimizers import OPTIMIZERS


class _Adapter(BaseWrapper):
    """SciKeras wrapper of a training graph."""

    def _validate_data(self, X=None, y=None, reset=False, y_numeric=False):
        return X, y

    @property
    def feature_encoder(self):
        """Return X unchanged."""
        return _Identity()

    target_encoder = feature_encoder

    def _ensure_compiled_model(self):
        with _engine.building():  # Keras's optimizers depend on its global settings
            super()._ensure_compiled_model()


class _Identity:
    def fit(self, X):
        return self

    def transform(self, X):
        return X


class _AsKerasModel:
    """Training graph with the methods of a Keras model that SciKeras calls.

    Parameters
    ----------
    graph : TrainingGraph
        Graph to train.
    fit : callable
        Function with the keyword arguments of a Keras model's `fit`.
    """

    def __init__(self, graph, fit):
        self.graph, self.fit = graph, fit

    def __getattr__(self, name):
        return getattr(self.graph, name)


def drive(graph, training, optimizer, callbacks, fit):
    """Compile a graph, unless it is compiled, and train it by SciKeras.

    Parameters
    ----------
    graph : TrainingGraph
        Graph to train.
    training : LabelledImages
        Images to train on.
    optimizer : str
        Key of `OPTIMIZERS`.
    callbacks : list of keras.callbacks.Callback
        Callbacks of the run.
    fit : callable
        Function that trains the graph, with the keyword arguments of a Keras model's
        `fit`, of which it uses the callbacks only.
    """
    how = OPTIMIZERS[optimizer]
    # The graph sets the weight decay of each run.
    settings = {
        f"optimizer__{key}": value
        for key, value in how.items()
        if key not in ("name", "weight_decay")
    }
    adapter = _Adapter(
        model=lambda: _AsKerasModel(graph, fit),
        optimizer=FUSED.get(how["name"], how["name"]),
        loss=cross_entropy,
        callbacks=callbacks,
        **settings,
    )
    adapter.fit(training.images, training.codes)
