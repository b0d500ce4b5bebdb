"""The command train."""

import time

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from .._validation import validate_images
from ..classifier import FashionCNNClassifier
from ..preprocessing import PhotoConverter
from . import CommandError
from . import _files as files
from . import _models as models
from ._console import announce, start_engine
from ._folders import PictureFolder, with_converter
from ._report import check_labels, print_evaluation


def train(args):
    """Train a classifier on the user's data and save it."""
    parameters = {"random_state": args.seed, "verbose": 1, **dict(args.param)}
    known = FashionCNNClassifier().get_params()
    unknown = [name for name in parameters if name not in known]
    if unknown:
        raise CommandError(
            f"--param: invalid parameter {unknown[0]!r} for FashionCNNClassifier. "
            f"Valid parameters are: {', '.join(sorted(known))}.",
            status=2,
        )
    model = FashionCNNClassifier(**parameters)
    model._validate_params()
    models.check_model_path(args.model)
    data, held_out, test, converter = _load(args, verbose=parameters["verbose"])
    X, y, names = data
    if test is None and args.test_size:
        rows, test_rows = train_test_split(
            np.arange(len(y)),
            test_size=args.test_size,
            stratify=y,
            random_state=args.seed,
        )
        test = files.LabelledImages(files.rows_of(X, test_rows), y[test_rows])
        X, y = files.rows_of(X, rows), y[rows]
    if args.class_names:
        names = models.given_names(args.class_names, len(np.unique(y)))
    for part in held_out, test:
        if part is not None:
            _check_part(part, X, y, model, args.data)
    start_engine(announced=True)
    announce(f"Training on {len(y):,} images ...")
    start = time.perf_counter()
    if held_out is None:
        model.fit(X, y)
    else:
        model.fit(X, y, X_val=held_out.X, y_val=held_out.y)
    print(f"Trained in {time.perf_counter() - start:.0f} s")
    saved = model if converter is None else with_converter(converter, model, X)
    if names:
        model.class_names_ = saved.class_names_ = list(names)
    models.save(saved, args.model)
    if test is not None:
        names = models.class_names(model, args.class_names)
        print_evaluation(model, test, names, args.data)
    print("Model:", args.model)


def _check_part(part, X, y, model, source):
    """Check, before a long training run, that held-out images fit the training images.

    Parameters
    ----------
    part : LabelledImages
        Held-out images.
    X, y : ndarray
        Training images and their labels.
    model : FashionCNNClassifier
        Classifier that will be trained.
    source : str
        Name of the data.
    """
    check_labels(part.y, np.unique(y), source)
    probe = clone(model)
    validate_images(
        probe, X, reset=True, image_shape=model.image_shape, warn_of_shape=False
    )
    try:
        validate_images(probe, part.X, reset=False)
    except ValueError as error:
        raise CommandError(f"{source}: the test images are invalid. {error}") from error


def _load(args, *, verbose):
    """Load the data, and return what converts pictures, or None for other data.

    Returns
    -------
    data, held_out, test : LabelledImages or None
        Images to train on, to measure the progress on, and to test on.
    converter : PhotoConverter or None
        Converter of the pictures in a folder.
    """
    if not files.is_picture_folder(args.data):
        files.check_folder_options(args)
        data, test = files.load_parts(args.data, args.target)
        if data is None:
            raise CommandError(
                f"{args.data}: contains test images but no training images"
            )
        return data, None, test, None
    if args.color and args.mode == "fashion-mnist":
        raise CommandError(
            "--color requires --mode resize, because the images of Fashion-MNIST are "
            "grey.",
            status=2,
        )
    converter = PhotoConverter(
        args.image_size or (28, 28),
        mode=args.mode or "resize",
        color_mode="rgb" if args.color else "grayscale",
    )
    folder = PictureFolder(args.data)
    announce(f"Reading pictures in {args.data} ...")
    data, held_out, test = (
        folder.load(
            part,
            converter,
            skip_broken=args.skip_broken,
            verbose=int(bool(verbose)),
        )
        for part in ("train", "validation", "test")
    )
    return data, held_out, test, converter
