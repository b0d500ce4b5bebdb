"""The command evaluate."""

from . import _figures as figures
from . import _files as files
from . import _models as models
from ._report import print_evaluation


def evaluate(args):
    """Evaluate a saved model on labelled images."""
    model = models.load(args.model)
    names = models.class_names(model, args.class_names)
    if args.confusion_matrix:
        files.check_folder(args.confusion_matrix)
    train, test = files.load_parts(args.data, args.target)
    data = train if test is None else test
    y_pred = print_evaluation(model, data, names, args.data)
    if args.confusion_matrix:
        figures.save_confusion_matrix(
            args.confusion_matrix, model, data.y, y_pred, names
        )
        print("Confusion matrix:", args.confusion_matrix)
