"""The command train."""

import time

import numpy as np
from sklearn.model_selection import train_test_split

from ..classifier import FashionCNNClassifier
from . import CommandError
from . import _files as files
from . import _models as models
from ._console import announce, start_engine
from ._report import print_evaluation


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
    models.check_model_path(args.model)
    train, test = files.load_parts(args.data, args.target)
    if train is None:
        raise CommandError(f"{args.data}: contains test images but no training images")
    X, y, names = train
    if test is None and args.test_size:
        X, X_test, y, y_test = train_test_split(
            X, y, test_size=args.test_size, stratify=y, random_state=args.seed
        )
        test = files.LabelledImages(X_test, y_test)
    if args.class_names:
        names = models.given_names(args.class_names, len(np.unique(y)))
    model = FashionCNNClassifier(**parameters)
    start_engine(announced=True)
    announce(f"Training on {len(y):,} images ...")
    start = time.perf_counter()
    model.fit(X, y)
    print(f"Trained in {time.perf_counter() - start:.0f} s")
    if names:
        model.class_names_ = list(names)
    models.save(model, args.model)
    if test is not None:
        print_evaluation(
            model, test, models.class_names(model, args.class_names), args.data
        )
    print("Model:", args.model)
