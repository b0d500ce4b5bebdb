"""Command line: `python -m fmnist_sk`, also installed as `fmnist-sk`."""

import argparse
import ast
import os
import sys

from . import __version__
from ._cli import CommandError
from .architectures import ARCHITECTURES

_TRUST = (
    "Loading a joblib file can run any code that its author put into it, so\n"
    "load only files that you trust. Files that end in .skops are loaded\n"
    "without pickle."
)


class _Parser(argparse.ArgumentParser):
    """Parser whose error messages are one line."""

    def error(self, message):
        self.exit(2, f"fmnist-sk: error: {message} (see: {self.prog} --help)\n")


def _positive_int(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive integer")
    return int(text)


def _epochs(text):
    return text if text == "auto" else _positive_int(text)


def _seed(text):
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an integer from 0 to 4294967295"
        )
    return int(text)


def _fraction(text):
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of at least 0 and below 1"
        )
    return value


def _parameter(text):
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} does not have the form NAME=VALUE")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def _add_command(commands, name, summary, description, examples):
    return commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog="examples:\n" + "\n".join(f"  {example}" for example in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _add_demo(commands):
    parser = _add_command(
        commands,
        "demo",
        "train on Fashion-MNIST and show the results",
        """\
Train a scikit-learn pipeline with a CNN on Fashion-MNIST. The full data set is used if
it is on this machine or can be downloaded. Otherwise, the 4,000 images that ship with
the package are used. The command prints the classification report on the test images
and writes four files: confusion_matrix.png, training_curves.png, mistakes.png and the
fitted pipeline, model.joblib.""",
        [
            "python -m fmnist_sk demo",
            "python -m fmnist_sk demo --sample --epochs 5 --output /tmp/demo",
        ],
    )
    parser.add_argument(
        "--output",
        metavar="FOLDER",
        default="fmnist_sk_demo",
        help="folder for the results, created if necessary (default: ./%(default)s)",
    )
    parser.add_argument(
        "--epochs",
        metavar="N",
        type=_epochs,
        default="auto",
        help="number of passes over the training images (default: auto, which depends "
        "on the architecture and the size of the data)",
    )
    parser.add_argument(
        "--architecture",
        metavar="NAME",
        default="standard",
        help=f"network: {', '.join(ARCHITECTURES)} (default: %(default)s)",
    )
    _add_seed(parser)
    parser.add_argument(
        "--sample",
        action="store_true",
        help="train on the 4,000 images that ship with the package, which is faster",
    )


def _add_train(commands):
    parser = _add_command(
        commands,
        "train",
        "train a classifier on your images and save it",
        """\
Train a FashionCNNClassifier and save it. Accuracy is measured on held-out images: the
data set's own test images if it has any, otherwise a random part (see --test-size).""",
        [
            "python -m fmnist_sk train --data fashion-mnist --model model.joblib",
            "python -m fmnist_sk train --data fashion-mnist_train.csv --model m.joblib",
            "python -m fmnist_sk train --data images.npz --model small.skops \\",
            "    --param architecture=compact --param epochs=10 --param dropout=0.3",
        ],
    )
    _add_data(parser, "to train on")
    parser.add_argument(
        "--model",
        metavar="FILE",
        required=True,
        help="file to save the classifier to: a .skops file, which is loaded without "
        "pickle, or a joblib file, for any other name",
    )
    parser.add_argument(
        "--param",
        metavar="NAME=VALUE",
        type=_parameter,
        action="append",
        default=[],
        help="parameter of FashionCNNClassifier and its value, written as in Python; "
        "repeat the option to set several parameters (verbose=0 hides the progress)",
    )
    parser.add_argument(
        "--test-size",
        metavar="FRACTION",
        type=_fraction,
        default=0.2,
        help="fraction of the images to hold out for testing, if the data set has no "
        "test images of its own; 0 trains on all images (default: %(default)s)",
    )
    _add_seed(parser)
    _add_class_names(parser)


def _add_evaluate(commands):
    parser = _add_command(
        commands,
        "evaluate",
        "evaluate a saved classifier on labelled images",
        "Print the classification report, accuracy, log loss, Brier score and\n"
        "expected calibration error of a saved classifier on labelled images.\n\n"
        f"{_TRUST}",
        [
            "python -m fmnist_sk evaluate --model model.joblib --data fashion-mnist",
            "python -m fmnist_sk evaluate --model model.joblib --data test.csv \\",
            "    --confusion-matrix matrix.png",
        ],
    )
    _add_model(parser)
    _add_data(parser, "to evaluate on (only the test images, if there are any)")
    parser.add_argument(
        "--confusion-matrix",
        metavar="FILE",
        help="file to save a plot of the confusion matrix to (.png, .pdf or .svg)",
    )
    _add_class_names(parser)


def _add_predict(commands):
    parser = _add_command(
        commands,
        "predict",
        "predict the classes of images",
        f"""\
Print one line per image: its name, the predicted class and the probability of that
class. IMAGES are pictures (.png, .jpg, ...) of the size that the model expects, or
.npy, .npz or .csv files with many images. Pictures are converted to grey if the model
expects grey images. Models trained on Fashion-MNIST expect a light garment on a black
background. Invert photographs taken on white.

{_TRUST}""",
        [
            "python -m fmnist_sk predict --model model.joblib shoe.png shirt.png",
            "python -m fmnist_sk predict --model model.joblib new.npy --csv new.csv",
        ],
    )
    _add_model(parser)
    parser.add_argument("images", metavar="IMAGES", nargs="+", help="files with images")
    parser.add_argument(
        "--proba", action="store_true", help="print the probabilities of all classes"
    )
    parser.add_argument(
        "--csv", metavar="FILE", help="CSV file to write all probabilities to"
    )
    parser.add_argument(
        "--white",
        metavar="VALUE",
        type=float,
        default=255.0,
        help="value of a white pixel in the training images, such as 1 or 255; "
        "pictures are scaled to it (default: 255)",
    )
    parser.add_argument(
        "--target",
        metavar="NAME",
        default="label",
        help="column of labels in a CSV file, which is ignored (default: %(default)s)",
    )
    _add_class_names(parser)


def _add_data(parser, purpose):
    parser.add_argument(
        "--data",
        metavar="DATA",
        required=True,
        help=f"labelled images {purpose}: fashion-mnist, sample (the images that ship "
        "with the package), a .csv file with a column of labels and one column per "
        "pixel, row by row, or a .npz file with arrays X and y, or x_train, y_train, "
        "x_test and y_test",
    )
    parser.add_argument(
        "--target",
        metavar="NAME",
        default="label",
        help="column of labels in a CSV file (default: %(default)s)",
    )


def _add_model(parser):
    parser.add_argument(
        "--model",
        metavar="FILE",
        required=True,
        help="file with a fitted classifier, saved by the command train, by joblib or "
        "by save_model",
    )


def _add_class_names(parser):
    parser.add_argument(
        "--class-names",
        metavar="NAMES",
        help="names of the classes, separated by commas and in the order of the sorted "
        "labels, or fashion-mnist for its ten names (default: the names saved with the "
        "model, otherwise the labels)",
    )


def _add_seed(parser):
    parser.add_argument(
        "--seed",
        metavar="N",
        type=_seed,
        default=0,
        help="seed of the random generators (default: %(default)s)",
    )


def build_parser():
    """Build the parser of all commands.

    Returns
    -------
    parser : argparse.ArgumentParser
        Parser, built without importing anything but argparse.
    """
    parser = _Parser(
        prog="fmnist-sk",
        description="Convolutional networks for small images, as scikit-learn "
        "estimators.",
        epilog="`python -m fmnist_sk` and `fmnist-sk` are the same program. For help "
        "on a command,\nadd COMMAND --help.\n\n"
        "example:\n  python -m fmnist_sk demo",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {__version__}"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in (_add_demo, _add_train, _add_evaluate, _add_predict):
        add(commands)
    return parser


def main(argv=None):
    """Run a command.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments. None stands for those of the process.

    Returns
    -------
    status : int
        Exit status: 0 for success, 1 for an error, 2 for an invalid option, and 130
        for Ctrl-C.

    Raises
    ------
    SystemExit
        After `--help` and `--version`, and with status 2 if the arguments cannot be
        parsed.
    """
    args = build_parser().parse_args(argv)
    try:
        return _run(args)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader, for instance `head`, has closed the pipe. Without this the
        # interpreter would print an error when it flushes stdout for the last time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(args):
    """Run a command with parsed arguments and return its exit status."""
    if args.command == "demo":
        # The imports that follow take seconds.
        print("Demo: training a CNN on Fashion-MNIST", flush=True)
    from ._cli import _commands
    from ._compat import InvalidParameterError

    try:
        getattr(_commands, args.command)(args)
        sys.stdout.flush()
    except CommandError as error:
        status, message = error.status, error
    except BrokenPipeError:
        raise
    except InvalidParameterError as error:
        status, message = 2, error
    except (ImportError, OSError, ValueError) as error:
        status, message = 1, error
    else:
        return 0
    print(f"fmnist-sk: error: {' '.join(str(message).split())}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
