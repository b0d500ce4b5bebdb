"""The command evaluate."""

from . import CommandError
from . import _figures as figures
from . import _files as files
from . import _models as models
from ._folders import PictureFolder
from ._reading import PictureReader
from ._report import print_evaluation


def evaluate(args):
    """Evaluate a saved model on labelled images."""
    model = models.load(args.model)
    names = models.class_names(model, args.class_names)
    if args.confusion_matrix:
        files.check_figure_path(args.confusion_matrix)
    if files.is_picture_folder(args.data):
        reader = PictureReader(
            model, names, mode=args.mode, convert=args.convert, white=args.white
        )
        folder = PictureFolder(args.data)
        data = folder.read(reader, model, names, skip_broken=args.skip_broken)
        reader.print_note()
        # The reader has done the work of a converter at the beginning of the model.
        model = reader.estimator
    else:
        files.check_folder_options(args)
        train, test = files.load_parts(args.data, args.target)
        data = train if test is None else test
    try:
        y_pred = print_evaluation(model, data, names, args.data)
    except ValueError as error:
        raise CommandError(f"{args.data}: {error}") from error
    if args.confusion_matrix:
        figures.save_confusion_matrix(
            args.confusion_matrix, model, data.y, y_pred, names
        )
        print("Confusion matrix:", args.confusion_matrix)
