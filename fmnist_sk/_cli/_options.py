"""Values of options, and options that several commands have."""

import argparse
import ast


def positive_int(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive integer")
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
    except (ValueError, SyntaxError):
        return name, value


def add_data(parser, purpose):
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
        help="conversion of pictures of another size: fashion-mnist finds the object "
        "and draws it light on black, resize keeps the whole picture (default: "
        f"{default})",
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
