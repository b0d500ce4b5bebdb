"""Commands: demo, train, evaluate and predict."""

import csv
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    classification_report,
    log_loss,
)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline

from .. import _engine
from ..classifier import FashionCNNClassifier
from ..datasets import CLASS_NAMES
from ..metrics import expected_calibration_error
from ..preprocessing import ImageReshaper
from . import CommandError
from . import _figures as figures
from . import _files as files


def demo(args):
    """Train on Fashion-MNIST, print the evaluation, and save all results."""
    folder = Path(args.output)
    folder.mkdir(parents=True, exist_ok=True)
    train, test = _demo_data(args.sample)
    # The validation images of the curves come from the training set, because the test
    # images are only for the report.
    X, X_val, y, y_val = train_test_split(
        train.X,
        train.y,
        test_size=min(3000, len(train.y) // 10),
        stratify=train.y,
        random_state=args.seed,
    )
    model = Pipeline(
        [
            ("reshape", ImageReshaper()),
            (
                "cnn",
                FashionCNNClassifier(
                    architecture=args.architecture,
                    epochs=args.epochs,
                    random_state=args.seed,
                    verbose=1,
                ),
            ),
        ]
    )
    _start_engine(announce=True)
    _announce(f"Training on {len(y):,} images, validating on {len(y_val):,} images ...")
    start = time.perf_counter()
    model.fit(X, y, cnn__X_val=X_val, cnn__y_val=y_val)
    seconds = time.perf_counter() - start
    y_pred = model.predict(test.X)
    model.class_names_ = list(CLASS_NAMES)
    _print_report(model, test.y, y_pred, model.class_names_)
    accuracy = accuracy_score(test.y, y_pred)
    print(f"Test accuracy: {accuracy:.2%} (trained in {seconds:.0f} s)\n")
    written = {
        name: folder / name
        for name in (
            "confusion_matrix.png",
            "training_curves.png",
            "mistakes.png",
            "model.joblib",
        )
    }
    matrix, curves, mistakes, stored = written.values()
    figures.save_confusion_matrix(matrix, model, test.y, y_pred, model.class_names_)
    figures.save_training_curves(curves, model)
    figures.save_mistakes(mistakes, model, test, model.class_names_)
    files.save(model, stored)
    print("Confusion matrix:    ", matrix)
    print("Training curves:     ", curves)
    print("Misclassified images:", mistakes)
    print("Fitted pipeline:     ", stored)
    print("\nTo use the pipeline in Python:")
    print(f"  import joblib; model = joblib.load({str(stored)!r})")
    print("  model.predict(X)  # uint8 images of shape (n, 28, 28) -> labels 0 to 9")


def _demo_data(sample):
    """Load Fashion-MNIST or the sample, and print which one and why."""
    if sample:
        train, test = files.load_parts("sample", None)
        name = "the sample of Fashion-MNIST that ships with the package"
    else:
        _announce(
            "Loading Fashion-MNIST (a download of 30 MB if it is not on this machine) "
            "..."
        )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                train, test = files.load_parts("fashion-mnist", None, n_retries=0)
        except FileNotFoundError:
            print(
                "Fashion-MNIST is not on this machine and could not be downloaded. On "
                "Debian and\nUbuntu, `apt-get install dataset-fashion-mnist` installs "
                "it."
            )
            return _demo_data(sample=True)
        name = "Fashion-MNIST"
    _announce(f"Data: {name}")
    _announce(f"      {len(train.y):,} training images, {len(test.y):,} test images")
    return train, test


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
    files.check_model_path(args.model)
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
        names = _given_names(args.class_names, len(np.unique(y)))
    model = FashionCNNClassifier(**parameters)
    _start_engine(announce=True)
    _announce(f"Training on {len(y):,} images ...")
    start = time.perf_counter()
    model.fit(X, y)
    print(f"Trained in {time.perf_counter() - start:.0f} s")
    if names:
        model.class_names_ = list(names)
    files.save(model, args.model)
    if test is not None:
        _evaluate(model, test, _names(model, args.class_names), args.data)
    print("Model:", args.model)


def evaluate(args):
    """Evaluate a saved model on labelled images."""
    model = files.load(args.model)
    names = _names(model, args.class_names)
    if args.confusion_matrix:
        files.check_folder(args.confusion_matrix)
    train, test = files.load_parts(args.data, args.target)
    data = train if test is None else test
    y_pred = _evaluate(model, data, names, args.data)
    if args.confusion_matrix:
        figures.save_confusion_matrix(
            args.confusion_matrix, model, data.y, y_pred, names
        )
        print("Confusion matrix:", args.confusion_matrix)


def predict(args):
    """Predict the classes of images."""
    model = files.load(args.model)
    names = _names(model, args.class_names)
    image_shape = files.model_image_shape(model)
    if args.csv:
        files.check_folder(args.csv)
    sources = [
        (path, *files.load_images(path, image_shape, args.white, args.target))
        for path in args.images
    ]
    _start_engine()
    images, labels, proba = [], [], []
    for path, found, X in sources:
        images += found
        try:
            labels.append(model.predict(X))
            proba.append(model.predict_proba(X))
        except (TypeError, ValueError) as error:
            raise CommandError(f"{path}: {error}") from error
    predicted = np.searchsorted(model.classes_, np.concatenate(labels))
    rows = [
        (image, names[k], probabilities[k], probabilities)
        for image, k, probabilities in zip(
            images, predicted, np.concatenate(proba), strict=True
        )
    ]
    table = [
        (image, name, *(f"{p:.3f}" for p in ([own, *every] if args.proba else [own])))
        for image, name, own, every in rows
    ]
    if args.proba:
        table.insert(0, ("image", "prediction", "probability", *names))
    _print_table(table)
    if args.csv:
        with open(args.csv, "w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["image", "prediction", *names])
            for image, name, _, every in rows:
                writer.writerow([image, name, *every.tolist()])
        print("Probabilities:", args.csv)


def _announce(line):
    """Print a line before long work, also into a pipe without delay."""
    print(line, flush=True)


def _start_engine(*, announce=False):
    """Start TensorFlow without the log lines that its libraries write while loading.

    `_engine` says why no setting hides these lines. This program owns its process, so
    it can redirect stderr for that moment, which the package must not do. Errors of the
    import are Python exceptions, which are reported afterwards. A user who sets
    TF_CPP_MIN_LOG_LEVEL below 3 sees all lines, to find out why loading crashes.
    """
    if "tensorflow" in sys.modules:
        return
    if announce:
        _announce("Starting TensorFlow, which takes several seconds ...")
    # A process that has started TensorFlow passes level 3 on to this process.
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3") != "3":
        _engine.start()
        return
    sys.stderr.flush()
    stderr, silence = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silence, 2)
        _engine.start()
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(silence)


def _names(model, given):
    """Return the names of the classes: the user's, the model's own, or the labels."""
    if given:
        return _given_names(given, len(model.classes_))
    names = getattr(model, "class_names_", ())
    if len(names) != len(model.classes_):
        return list(map(str, model.classes_))
    return names


def _given_names(given, n_classes):
    """Read the option --class-names."""
    names = (
        CLASS_NAMES
        if given == "fashion-mnist"
        else [name.strip() for name in given.split(",")]
    )
    if len(names) != n_classes:
        raise CommandError(
            f"--class-names: got {len(names)} names, but there are {n_classes} classes",
            status=2,
        )
    return list(names)


def _evaluate(model, data, names, source):
    """Print the evaluation of a model on images and return its predictions."""
    unknown = sorted(set(data.y.tolist()) - set(model.classes_.tolist()), key=str)
    if unknown:
        raise CommandError(
            f"{source}: contains labels that were not in the training data: "
            f"{', '.join(map(repr, unknown[:5]))}. The classes of the model are "
            f"{', '.join(map(repr, model.classes_.tolist()))}."
        )
    _start_engine(announce=True)
    y_pred = model.predict(data.X)
    _print_report(model, data.y, y_pred, names)
    print(f"Images:                     {len(data.y):,}")
    print(f"Accuracy:                   {accuracy_score(data.y, y_pred):.4f}")
    given = {"y_proba": model.predict_proba(data.X), "labels": model.classes_}
    loss = log_loss(data.y, given["y_proba"], labels=model.classes_)
    print(f"Log loss:                   {loss:.4f}")
    print(f"Brier score:                {brier_score_loss(data.y, **given):.4f}")
    error = expected_calibration_error(data.y, **given)
    print(f"Expected calibration error: {error:.4f} (15 bins)")
    return y_pred


def _print_report(model, y, y_pred, names):
    report = classification_report(
        y,
        y_pred,
        labels=model.classes_,
        target_names=names,
        digits=3,
        zero_division=0,
    )
    print(f"\n{report}")


def _print_table(rows):
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
