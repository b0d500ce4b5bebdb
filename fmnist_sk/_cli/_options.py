"""Values of options, and options that several commands have."""

import argparse
import ast
import math

# A picture of more pixels takes more than 3 MB, and the network gigabytes.
_LARGEST_SIDE = 1024


def positive_int(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive integer")
    return int(text)


def port(text):
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer from 0 to 65535")
    return int(text)


def epochs(text):
    return text if text == "auto" else positive_int(text)


def seed(text):
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an integer from 0 to 4294967295"
        )
    return int(text)


def fraction(text):
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of at least 0 and below 1"
        )
    return value


def parameter(text):
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} does not have the form NAME=VALUE")
    try:
        return name, ast.literal_eval(value)
    except (MemoryError, RecursionError, SyntaxError, TypeError, ValueError):
        # All that `literal_eval` raises.
        return name, value


def image_size(text):
    sizes = text.split("x")
    if len(sizes) > 2 or not all(size.isdecimal() and int(size) for size in sizes):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a size such as 28, or 28x40 for a height of 28 and a "
            "width of 40 pixels"
        )
    height, width = int(sizes[0]), int(sizes[-1])
    if max(height, width) > _LARGEST_SIDE:
        raise argparse.ArgumentTypeError(
            f"{text!r} is larger than {_LARGEST_SIDE} pixels, but the networks are "
            "made for small images"
        )
    return height, width


def white(text):
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return value


def add_data(parser, purpose):
    parser.add_argument(
        "--data",
        metavar="DATA",
        required=True,
        help=f"labelled images {purpose}: fashion-mnist, sample (the images that ship "
        "with the package), a folder with one folder of pictures per class, a .csv "
        "file with a column of labels and one column per pixel, row by row, or a .npz "
        "file with arrays X and y, or x_train, y_train, x_test and y_test",
    )
    parser.add_argument(
        "--target",
        metavar="NAME",
        default="label",
        help="column of labels in a CSV file (default: %(default)s)",
    )


def add_model(parser):
    parser.add_argument(
        "--model",
        metavar="MODEL",
        required=True,
        help="model: fashion-mnist or fashion-mnist-compact, which ship with the "
        "package, or a file with a fitted classifier, saved by the command train, by "
        "joblib or by save_model",
    )


def add_mode(parser, default):
    parser.add_argument(
        "--mode",
        choices=("fashion-mnist", "resize"),
        help="conversion of pictures: fashion-mnist finds the object "
        "and draws it light on black, resize keeps the whole picture (default: "
        f"{default})",
    )


def add_conversion(parser):
    conversion = parser.add_mutually_exclusive_group()
    add_mode(
        conversion,
        "the model's own conversion, otherwise fashion-mnist for models of the ten "
        "classes of Fashion-MNIST and resize for any other model",
    )
    conversion.add_argument(
        "--no-convert",
        dest="convert",
        action="store_false",
        help="report an error for a picture that does not have the size of the model's "
        "images",
    )
    add_white(parser)


def add_white(parser):
    parser.add_argument(
        "--white",
        metavar="VALUE",
        type=white,
        default=255.0,
        help="value of a white pixel in the training images, such as 1 or 255; "
        "pictures are scaled to it (default: 255)",
    )


def add_skip_broken(parser):
    parser.add_argument(
        "--skip-broken",
        action="store_true",
        help="leave out pictures that cannot be read, and name them on stderr, instead "
        "of stopping at the first one",
    )


def add_class_names(parser):
    parser.add_argument(
        "--class-names",
        metavar="NAMES",
        help="names of the classes, separated by commas and in the order of the sorted "
        "labels, or fashion-mnist for its ten names (default: the names saved with the "
        "model, otherwise the labels)",
    )


def add_seed(parser):
    parser.add_argument(
        "--seed",
        metavar="N",
        type=seed,
        default=0,
        help="seed of the random generators (default: %(default)s)",
    )
