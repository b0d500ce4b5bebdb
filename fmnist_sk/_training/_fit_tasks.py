"""The tasks of a fit, as scikit-learn's callbacks see them."""

from contextlib import contextmanager

from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples


class FitTask:
    """A fit, or a part of one, for scikit-learn's callbacks.

    Parameters
    ----------
    estimator : estimator
        Estimator that is fitted.
    context : sklearn.callback.CallbackContext or None
        Task of scikit-learn; with None there are no callbacks, and nothing happens.
    data : tuple of X, y and sample_weight or None
        Data as the user passed them, which is how the estimator predicts them best.
    attributes : callable or None
        Function from a `TrainingResult` to the fitted attributes of the estimator.
    rows : ndarray of int or None
        Rows of the data that the task trains on; None for all.
    """

    def __init__(self, estimator, context, data, attributes, rows=None):
        self.estimator, self.context, self.data = estimator, context, data
        self.attributes, self.rows = attributes, rows

    @property
    def watched(self):
        """Whether there are callbacks."""
        return self.context is not None

    def begin_part(self, name, data, plan=None, *, result=None, attributes=None):
        """Begin a task within this one.

        Parameters
        ----------
        name : str
            Name of the task.
        data : LabelledImages
            Images that the task trains on.
        plan : Plan, default=None
            Plan of the task, if its epochs are tasks within it.
        result : callable, default=None
            Function that returns the result of a fit that would have stopped here;
            called only if a callback asks for it.
        attributes : callable, default=None
            Function from a result to fitted attributes, if not that of this task.

        Returns
        -------
        task : FitTask
            The part.
        """
        context = self.context
        if self.watched:
            n_parts = plan.epochs if plan else 0
            context = context.subcontext(task_name=name, max_subtasks=n_parts)
        attributes = attributes or self.attributes
        part = FitTask(self.estimator, context, self.data, attributes, data.rows)
        if self.watched:
            part._begin(result)
        return part

    def end(self, result=None):
        """End the task.

        Parameters
        ----------
        result : callable, default=None
            Function that returns the result, called only if a callback asks for it. By
            default the estimator has its fitted attributes.

        Returns
        -------
        stop : bool
            Whether a callback asked to stop the enclosing task.
        """
        return self.watched and self.context.call_on_fit_task_end(
            **self._seen(dict if result is None else lambda: self.attributes(result()))
        )

    def _begin(self, result=None):
        self.context.call_on_fit_task_begin(
            **self._seen(result and (lambda: self.attributes(result())))
        )

    def _seen(self, attributes):
        # Functions are called only if a callback asks for what they return.
        return {
            "estimator": self.estimator,
            "X": lambda: self._rows_of(self.data[0]),
            "y": lambda: self._rows_of(self.data[1]),
            "metadata": self._metadata,
            "reconstruction_attributes": attributes,
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


@contextmanager
def fit_task(estimator, name, data, attributes, n_parts):
    """Begin a fit for the callbacks that are set on an estimator, and end it.

    Parameters
    ----------
    estimator : estimator
        Estimator that is fitted, in a method under `_fit_context`, which tears down
        the callbacks.
    name : str
        Name of the task.
    data : tuple of X, y and sample_weight or None
        Data as the user passed them.
    attributes : callable
        Function from a `TrainingResult` to the fitted attributes of the estimator.
    n_parts : int
        Largest number of parts of the task.

    Yields
    ------
    task : FitTask
        Task that does nothing if there are no callbacks.
    """
    # scikit-learn's own estimators tell in this way whether there are callbacks.
    if hasattr(estimator, "_skl_callbacks"):
        context = estimator._init_callback_context(task_name=name, max_subtasks=n_parts)
        task = FitTask(estimator, context, data, attributes)
        task._begin()
    else:
        task = FitTask(estimator, None, data, attributes)
    yield task
    task.end()
