"""The adapter to SciKeras, and the only place that imports it.

SciKeras turns the optimizer's name and parameters into a compiled Keras optimizer,
checks the callbacks, and drives `fit`. It does not touch the data: its validation
copies, casts and encodes, and the classifier has already done what is needed.
"""

import keras
from scikeras.wrappers import BaseWrapper

from .. import _engine
from ._optimizers import FUSED


class Trainer(BaseWrapper):
    """SciKeras's wrapper around a `TrainingGraph`."""

    def _validate_data(self, X=None, y=None, reset=False, y_numeric=False):
        return X, y

    @property
    def feature_encoder(self):
        """Leave X alone."""
        return _Identity()

    target_encoder = feature_encoder

    def _get_compile_kwargs(self):
        # This creates the optimizer.
        with _engine.building():
            return super()._get_compile_kwargs()


class _Identity:
    def fit(self, X):
        return self

    def transform(self, X):
        return X


def train(graph, X, y, *, run, optimizer, loss, watchers, **fit_parameters):
    """Train a graph through SciKeras.

    Parameters
    ----------
    graph : TrainingGraph
        Compiled or not.
    X : ndarray of shape (n_samples, n_features)
        Images as rows.
    y : ndarray of shape (n_samples,), dtype int32
        Index of the class.
    run : Run
        The rest of what the graph needs.
    optimizer : dict
        Name of a Keras optimizer in `"name"`, and its parameters.
    loss : callable
        Loss of each image.
    watchers : list of keras.callbacks.Callback
        Called after the user's.
    **fit_parameters : dict
        `epochs`, `batch_size`, `callbacks`, `verbose` and `initial_epoch`.

    Returns
    -------
    history : dict of list
        One value an epoch.
    """
    fit_parameters["callbacks"] = _as_list(fit_parameters["callbacks"]) + watchers
    # The graph sets the weight decay of each run.
    settings = {
        f"optimizer__{key}": value
        for key, value in optimizer.items()
        if key not in ("name", "weight_decay")
    }
    initial_epoch = fit_parameters.pop("initial_epoch", 0)
    # SciKeras counts the epochs from the first one on.
    fit_parameters["epochs"] -= initial_epoch
    trainer = Trainer(
        model=lambda: graph,
        optimizer=FUSED.get(optimizer["name"], optimizer["name"]),
        loss=loss,
        **settings,
        **fit_parameters,
    )
    trainer.fit(X, y, run=run, initial_epoch=initial_epoch)
    return dict(trainer.history_)


def _as_list(callbacks):
    if callbacks is None:
        return []
    if isinstance(callbacks, keras.callbacks.Callback):
        return [callbacks]
    if not isinstance(callbacks, (list, tuple)) or not all(
        isinstance(callback, keras.callbacks.Callback) for callback in callbacks
    ):
        raise TypeError(
            "callbacks must be a keras.callbacks.Callback or a list of them. Got "
            f"{callbacks!r} instead."
        )
    return list(callbacks)
