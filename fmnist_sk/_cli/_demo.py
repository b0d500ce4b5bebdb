"""The command demo."""

import time
import warnings
from pathlib import Path

from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline

from ..classifier import FashionCNNClassifier
from ..datasets import CLASS_NAMES
from ..preprocessing import ImageReshaper
from . import _figures as figures
from . import _files as files
from . import _models as models
from ._console import announce, start_engine
from ._report import print_report


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
    start_engine(announced=True)
    announce(f"Training on {len(y):,} images, validating on {len(y_val):,} images ...")
    start = time.perf_counter()
    model.fit(X, y, cnn__X_val=X_val, cnn__y_val=y_val)
    seconds = time.perf_counter() - start
    y_pred = model.predict(test.X)
    model.class_names_ = list(CLASS_NAMES)
    print_report(model, test.y, y_pred, model.class_names_)
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
    models.save(model, stored)
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
        announce(
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
    announce(f"Data: {name}")
    announce(f"      {len(train.y):,} training images, {len(test.y):,} test images")
    return train, test
