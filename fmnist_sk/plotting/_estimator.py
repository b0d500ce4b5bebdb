"""Finding the network in what people pass to a display."""

from sklearn.utils.validation import check_is_fitted


def final_estimator(estimator):
    """Give what a fitted search or pipeline predicts with.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator, a Pipeline, a search, or one in another.

    Returns
    -------
    estimator : estimator
        The search's best estimator, the pipeline's last step, or the estimator itself.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    """
    check_is_fitted(estimator)
    if hasattr(estimator, "best_estimator_"):
        return final_estimator(estimator.best_estimator_)
    if hasattr(estimator, "steps"):
        return final_estimator(estimator.steps[-1][1])
    return estimator
