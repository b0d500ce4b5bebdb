"""Tasks of a fit for scikit-learn's callbacks."""

from contextlib import contextmanager

from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples


class FitTask:
    """Fit, or part of a fit, as a task of scikit-learn's callbacks.

    Parameters
    ----------
    estimator : estimator
        Estimator that is fitted.
    context : sklearn.callback.CallbackContext or None
        Task of scikit-learn. None stands for no callbacks: nothing happens.
    data : tuple of X, y and sample_weight or None
        Data as the user passed them, so that callbacks can predict with the estimator.
    attributes : callable or None
        Function from a `TrainingResult` to the fitted attributes of the estimator.
    rows : ndarray of int or None
        Rows of the data that the task trains on. None stands for all rows.
    """

    def __init__(self, estimator, context, data, attributes, rows=None):
        self.estimator, self.context, self.data = estimator, context, data
        self.attributes, self.rows = attributes, rows

    @property
    def watched(self):
        """Whether the estimator has callbacks."""
        return self.context is not None

    def begin_part(self, name, data, plan=None, *, result=None, attributes=None):
        """Begin a subtask.

        Parameters
        ----------
        name : str
            Name of the subtask.
        data : LabelledImages
            Training images of the subtask.
        plan : Plan, default=None
            Plan of the subtask, if its epochs are subtasks in turn.
        result : callable, default=None
            Function that returns the result of a fit that stops here. It is called
            only if a callback requests the result.
        attributes : callable, default=None
            Function from a result to fitted attributes. By default, the function of
            this task.

        Returns
        -------
        task : FitTask
            Subtask.
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
            Function that returns the result. It is called only if a callback requests
            the result. By default, the estimator already has its fitted attributes.

        Returns
        -------
        stop : bool
            Whether a callback requests to stop the parent task.
        """
        return self.watched and self.context.call_on_fit_task_end(
            **self._seen(dict if result is None else lambda: self.attributes(result()))
        )

    def _begin(self, result=None):
        self.context.call_on_fit_task_begin(
            **self._seen(result and (lambda: self.attributes(result())))
        )

    def _seen(self, attributes):
        # The functions are called only if a callback requests their value.
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
    """Begin and end the task of a fit, for the callbacks of an estimator.

    Parameters
    ----------
    estimator : estimator
        Estimator that is fitted, in a method decorated by `_fit_context`, which tears
        down the callbacks.
    name : str
        Name of the task.
    data : tuple of X, y and sample_weight or None
        Data as the user passed them.
    attributes : callable
        Function from a `TrainingResult` to the fitted attributes of the estimator.
    n_parts : int
        Largest number of subtasks.

    Yields
    ------
    task : FitTask
        Task, which does nothing if there are no callbacks.
    """
    # scikit-learn's own estimators check for callbacks in the same way.
    if hasattr(estimator, "_skl_callbacks"):
        context = estimator._init_callback_context(task_name=name, max_subtasks=n_parts)
        task = FitTask(estimator, context, data, attributes)
        task._begin()
    else:
        task = FitTask(estimator, None, data, attributes)
    yield task
    task.end()
