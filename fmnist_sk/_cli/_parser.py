"""Parser of the command line, built without importing anything heavy."""

import argparse

from .. import __version__
from ..architectures import ARCHITECTURES
from ._app_options import add_app_options
from ._options import (
    add_class_names,
    add_conversion,
    add_data,
    add_mode,
    add_model,
    add_seed,
    add_skip_broken,
    epochs,
    fraction,
    image_size,
    parameter,
)

_TRUST = (
    "Loading a joblib file can run any code that its author put into it, so\n"
    "load only files that you trust. Files that end in .skops are loaded\n"
    "without pickle."
)
_STATUS = """\
Exit status: 0 for success, 1 for an error, 2 for a wrong command line, and 130 for
Ctrl-C. Errors are printed to stderr."""


class _Parser(argparse.ArgumentParser):
    """Parser whose error messages are one line."""

    def error(self, message):
        self.exit(2, f"fmnist-sk: error: {message} (see: {self.prog} --help)\n")


def _add_command(commands, name, summary, description, examples):
    parser = commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog="examples:\n" + "\n".join(f"  {example}" for example in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(module=f"._cli._{name}", function=name)
    return parser


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
        type=epochs,
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
    add_seed(parser)
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
data set's own test images if it has any, otherwise a random part (see --test-size).

If the data are a folder of pictures, the names of its folders are the labels. All
pictures are converted to one size (see --image-size and --mode), and the conversion is
saved with the model. A folder may be divided: if it contains train/ and test/ or val/,
each with one folder per class, they are used for training and for testing. If it
contains all three, the accuracy on val/ is printed after each epoch.

"""
        + _STATUS,
        [
            "python -m fmnist_sk train --data fashion-mnist --model model.joblib",
            "python -m fmnist_sk train --data fashion-mnist_train.csv --model m.joblib",
            "python -m fmnist_sk train --data photos/ --model photos.joblib --color",
            "python -m fmnist_sk train --data images.npz --model small.skops \\",
            "    --param architecture=compact --param epochs=10 --param dropout=0.3",
        ],
    )
    add_data(parser, "to train on")
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
        type=parameter,
        action="append",
        default=[],
        help="parameter of FashionCNNClassifier and its value, written as in Python; "
        "repeat the option to set several parameters (verbose=0 hides the progress)",
    )
    parser.add_argument(
        "--test-size",
        metavar="FRACTION",
        type=fraction,
        default=0.2,
        help="fraction of the images to hold out for testing, if the data set has no "
        "test images of its own; 0 trains on all images (default: %(default)s)",
    )
    parser.add_argument(
        "--image-size",
        metavar="SIZE",
        type=image_size,
        help="size of the images that pictures are converted to, in pixels: 28, or "
        "28x40 for a height of 28 and a width of 40 (default: 28)",
    )
    parser.add_argument(
        "--color",
        action="store_true",
        help="keep the colours of pictures (default: convert them to grey)",
    )
    add_mode(parser, "resize")
    add_skip_broken(parser)
    add_seed(parser)
    add_class_names(parser)


def _add_evaluate(commands):
    parser = _add_command(
        commands,
        "evaluate",
        "evaluate a saved classifier on labelled images",
        "Print the classification report, accuracy, log loss, Brier score and\n"
        "expected calibration error of a saved classifier on labelled images. In a\n"
        "folder of pictures, each folder is named after a class of the model.\n"
        "Pictures are read and converted as by predict.\n\n"
        f"{_TRUST}\n\n{_STATUS}",
        [
            "python -m fmnist_sk evaluate --model model.joblib --data fashion-mnist",
            "python -m fmnist_sk evaluate --model model.joblib --data test.csv \\",
            "    --confusion-matrix matrix.png",
            "python -m fmnist_sk evaluate --model photos.joblib --data photos/",
        ],
    )
    add_model(parser)
    add_data(parser, "to evaluate on (only the test images, if there are any)")
    parser.add_argument(
        "--confusion-matrix",
        metavar="FILE",
        help="file to save a plot of the confusion matrix to (.png, .pdf or .svg)",
    )
    add_conversion(parser)
    add_skip_broken(parser)
    add_class_names(parser)


def _add_predict(commands):
    parser = _add_command(
        commands,
        "predict",
        "predict the classes of images",
        f"""\
Print a table with the predicted class of each image and the probability of that class.
IMAGES are pictures (.jpg, .png, ...), folders, which stand for all pictures in them and
in their subfolders, and .npy, .npz or .csv files with many images.

A picture that has the size of the model's images is used as it is, except that it is
converted to grey if the model expects grey images. Any other picture is converted:

  - A model that `train` has saved for a folder of pictures converts a picture in the
    same way as the pictures that it was trained on.
  - A model of the ten classes of Fashion-MNIST gets the object in the picture, light on
    black and centred (--mode fashion-mnist).
  - Any other model gets the whole picture in its size (--mode resize).

{_TRUST}

{_STATUS}
If one picture cannot be read, the others are predicted, and the status is 1.""",
        [
            "python -m fmnist_sk predict photo.jpg folder/ --model fashion-mnist",
            "python -m fmnist_sk predict *.jpg --model model.joblib --json",
            "python -m fmnist_sk predict shoe.png --model m.joblib --explain shoe.pdf",
            "python -m fmnist_sk predict --model model.joblib new.npy --csv new.csv",
        ],
    )
    add_model(parser)
    parser.add_argument(
        "images",
        metavar="IMAGES",
        nargs="+",
        help="pictures, folders of pictures, or files with many images",
    )
    add_conversion(parser)
    parser.add_argument(
        "--proba", action="store_true", help="print the probabilities of all classes"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one JSON document instead of the table, with the probabilities of "
        "all classes, largest first",
    )
    parser.add_argument(
        "--csv", metavar="FILE", help="CSV file to write all probabilities to"
    )
    parser.add_argument(
        "--explain",
        metavar="FILE",
        help="file to save a figure to (.png, .pdf or .svg), with a row for each of "
        "the first 12 images: the photograph, the converted image, the five largest "
        "probabilities, and the regions that contribute to the predicted class",
    )
    parser.add_argument(
        "--target",
        metavar="NAME",
        default="label",
        help="column of labels in a CSV file, which is ignored (default: %(default)s)",
    )
    add_class_names(parser)


def _add_app(commands):
    parser = _add_command(
        commands,
        "app",
        "serve a web page that predicts photographs and drawings",
        """\
Serve a web page on which you can drop, paste, choose or draw pictures. It shows the
predicted classes, the image that the model sees, and the regions of the image that
contribute to the prediction. For the ten classes of Fashion-MNIST it also shows similar
training images, and whether a picture is unlike the training images. Programs can use
POST /api/predict, which /docs describes.

Pictures are held in memory only. They are not stored, and their names are not logged.
The page loads nothing from other addresses. A picture can have 10 MB and 25 megapixels,
and a request 16 pictures and 32 MB. Models are loaded from .skops and .onnx files.
Other files are refused, because loading a joblib or pickle file can run any code.

Only this machine can reach the page, unless --host is set. The page has no login and no
encryption. To publish it, keep the default address, and set up a reverse proxy that has
them. The proxy has to pass on the name of the host, which --allowed-host allows:

  python -m fmnist_sk app --allowed-host images.example.org --root-path /clothes

"""
        + _STATUS,
        [
            "python -m fmnist_sk app",
            "python -m fmnist_sk app --model model.skops --port 8080",
            "python -m fmnist_sk app --host 0.0.0.0 --allowed-host studio.example.org",
        ],
    )
    parser.set_defaults(module=".app", function="serve")
    add_app_options(parser)


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
        f"{_STATUS}\n\n"
        "example:\n  python -m fmnist_sk demo",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {__version__}"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in (_add_demo, _add_train, _add_evaluate, _add_predict, _add_app):
        add(commands)
    return parser
