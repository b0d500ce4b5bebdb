"""The tasks of a fit, as scikit-learn's callbacks see them."""

from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples


class Task:
    """A fit or a part of one.

    Parameters
    ----------
    estimator : estimator
        What is fitted.
    context : sklearn.callback.CallbackContext or None
        The task for scikit-learn; None if nobody watches, and then nothing happens.
    data : tuple of X, y and sample_weight or None
        As the user gave them, which is how the estimator predicts them best.
    rows : ndarray of int or None
        Those of the data that the task trains on; None for all.
    """

    def __init__(self, estimator, context, data, rows=None):
        self.estimator, self.context, self.data = estimator, context, data
        self.rows = rows

    @property
    def watched(self):
        """Whether there are callbacks."""
        return self.context is not None

    def begin_part(self, name, rows, *, n_parts=0, fitted=None):
        """Begin a task within this one.

        Parameters
        ----------
        name : str
            What it is called.
        rows : ndarray of int
            Those of the data that it trains on.
        n_parts : int, default=0
            How many parts it has itself, at most.
        fitted : callable, default=None
            Gives the attributes of an estimator whose fit would have stopped here;
            called only if a callback asks for it.

        Returns
        -------
        task : Task
            The part.
        """
        if not self.watched:
            return self
        context = self.context.subcontext(task_name=name, max_subtasks=n_parts)
        part = Task(self.estimator, context, self.data, rows)
        part._begin(fitted)
        return part

    def end(self, fitted=dict):
        """End the task.

        Parameters
        ----------
        fitted : callable, default=dict
            See `begin_part`; by default the estimator has all attributes already.

        Returns
        -------
        stop : bool
            Whether a callback wants that what this task is a part of ends with it.
        """
        return self.watched and self.context.call_on_fit_task_end(**self._seen(fitted))

    def _begin(self, fitted=None):
        self.context.call_on_fit_task_begin(**self._seen(fitted))

    def _seen(self, fitted):
        # Functions are called only if a callback asks for what they give.
        return {
            "estimator": self.estimator,
            "X": lambda: self._rows_of(self.data[0]),
            "y": lambda: self._rows_of(self.data[1]),
            "metadata": self._metadata,
            "reconstruction_attributes": fitted,
        }

    def _metadata(self):
        sample_weight = self.data[2]
        if sample_weight is None:
            return None
        return {"sample_weight": self._rows_of(sample_weight)}

    def _rows_of(self, data):
        if self.rows is None or len(self.rows) == _num_samples(data):
            return data
        return _safe_indexing(data, self.rows)


def begin_task(estimator, name, data, *, n_parts):
    """Begin a fit for the callbacks that are set on an estimator, if any.

    Parameters
    ----------
    estimator : estimator
        What is fitted, in a method under `_fit_context`, which ends what begins here.
    name : str
        What the task is called.
    data : tuple of X, y and sample_weight or None
        As the user gave them.
    n_parts : int
        How many parts it has, at most.

    Returns
    -------
    task : Task
        One that does nothing if there are no callbacks.
    """
    # So do scikit-learn's own estimators tell whether anybody watches.
    if not hasattr(estimator, "_skl_callbacks"):
        return Task(estimator, None, data)
    context = estimator._init_callback_context(task_name=name, max_subtasks=n_parts)
    task = Task(estimator, context, data)
    task._begin()
    return task
