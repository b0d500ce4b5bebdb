"""Models: files, names of classes, and shapes of images."""

from pathlib import Path

import joblib

from .._compat import optional_import
from .._images import infer_image_shape
from .._pictures import shown_name
from .._pipelines import divide_after_reading, final_estimator
from .._saving import WholeFile
from ..classifier import FashionCNNClassifier
from ..datasets import CLASS_NAMES
from ..onnx import OnnxClassifier, in_memory
from ..pretrained import PRETRAINED, load_pretrained
from . import CommandError
from ._console import start_engine
from ._files import check_folder, reading


def model_image_shape(model):
    """Return the shape of the images that a fitted model takes."""
    reader, rest = divide_after_reading(model)
    for known in (final_estimator(model), reader):
        if shape := getattr(known, "image_shape_", None):
            return shape
    if not hasattr(rest, "n_features_in_"):
        raise CommandError(
            "The size of the model's images is not known. The model must be a "
            "FashionCNNClassifier, or a pipeline or search that contains one. Got a "
            f"{type(model).__name__} instead."
        )
    return infer_image_shape((1, rest.n_features_in_))


def check_model_path(path):
    """Check, before a long training run, that its result can be saved."""
    path = Path(path)
    if path.suffix.lower() == ".skops":
        optional_import("skops.io", extra="skops", why="Saving a .skops file")
    if path.is_dir():
        raise CommandError(f"{path}: is a folder. Pass the path of a file.", status=2)
    check_folder(path)


def save(model, path):
    """Save a fitted model, with skops if the path ends in .skops, else with joblib."""
    if Path(path).suffix.lower() == ".skops":
        from ..persistence import save_model

        save_model(model, path)
        return
    # `joblib.dump` writes the arrays one by one, so a killed process would leave a
    # damaged file in place of the old model.
    with WholeFile(path) as whole:
        joblib.dump(model, whole.part)


def load(name):
    """Load a fitted classifier.

    Parameters
    ----------
    name : str
        Name of a pretrained classifier, or path of a file.

    Returns
    -------
    model : estimator
        Fitted classifier with `predict_proba`.
    """
    if name in PRETRAINED:
        model = load_pretrained(name)
        model.class_names_ = list(CLASS_NAMES)
        return model
    path = name
    if not Path(path).exists():
        raise CommandError(
            f"{shown_name(path)}: no such file. The models that ship with the package "
            f"are {' and '.join(sorted(PRETRAINED))}."
        )
    with reading(path):
        suffix = Path(path).suffix.lower()
        if suffix == ".skops":
            from ..persistence import load_model

            model = load_model(path)
        elif suffix == ".onnx":
            model = OnnxClassifier(path)
            model.fit(None)  # reads the file
        else:
            model = joblib.load(path)
    if not hasattr(model, "predict_proba") or not hasattr(model, "classes_"):
        raise CommandError(
            f"{path}: must contain a fitted classifier with predict_proba. Got a "
            f"{type(model).__name__} instead."
        )
    return model


def prepare(model, *, announced=False):
    """Return a model that predicts the same, as soon as possible.

    Parameters
    ----------
    model : estimator
        Fitted classifier.
    announced : bool, default=False
        Whether to announce that TensorFlow starts, if it does.

    Returns
    -------
    model : estimator
        Model that ONNX Runtime computes, if it is installed and can compute the model.
        Otherwise the same model, for which TensorFlow is started.
    """
    light = in_memory(model)
    if light is None:
        start_engine(announced=announced)
    return light or model


def check_network(model, option):
    """Check that an option for networks only can be used with a model."""
    if not isinstance(final_estimator(model), FashionCNNClassifier):
        raise CommandError(
            f"{option} requires a FashionCNNClassifier, or a pipeline or search with "
            f"one at its end. The model is a {type(model).__name__}."
        )


def class_names(model, given):
    """Return the names of the classes: the user's, the model's own, or the labels."""
    if given:
        return given_names(given, len(model.classes_))
    names = getattr(model, "class_names_", ())
    if len(names) != len(model.classes_):
        names = model.classes_.tolist()
    return list(map(str, names))


def given_names(given, n_classes):
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
