"""Printed evaluation of a model."""

from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    classification_report,
    log_loss,
)

from ..metrics import expected_calibration_error
from . import CommandError
from ._models import prepare


def check_labels(y, classes, source):
    """Check that labels are known.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels of test images.
    classes : ndarray of shape (n_classes,)
        Labels of the training images.
    source : str
        Name of the data.
    """
    unknown = sorted(set(y.tolist()) - set(classes.tolist()), key=str)
    if unknown:
        raise CommandError(
            f"{source}: contains labels that were not in the training data: "
            f"{', '.join(map(repr, unknown[:5]))}. The classes of the model are "
            f"{', '.join(map(repr, classes.tolist()))}."
        )


def print_evaluation(model, data, names, source):
    """Print the evaluation of a model on images and return its predictions."""
    check_labels(data.y, model.classes_, source)
    model = prepare(model, announced=True)
    y_pred = model.predict(data.X)
    print_report(model, data.y, y_pred, names)
    print(f"Images:                     {len(data.y):,}")
    print(f"Accuracy:                   {accuracy_score(data.y, y_pred):.4f}")
    given = {"y_proba": model.predict_proba(data.X), "labels": model.classes_}
    loss = log_loss(data.y, given["y_proba"], labels=model.classes_)
    print(f"Log loss:                   {loss:.4f}")
    print(f"Brier score:                {brier_score_loss(data.y, **given):.4f}")
    error = expected_calibration_error(data.y, **given)
    print(f"Expected calibration error: {error:.4f} (15 bins)")
    return y_pred


def print_report(model, y, y_pred, names):
    report = classification_report(
        y,
        y_pred,
        labels=model.classes_,
        target_names=names,
        digits=3,
        zero_division=0,
    )
    print(f"\n{report}")
