"""Folders of labelled pictures, with one folder per class."""

import os
import sys
import warnings

import numpy as np
from sklearn.pipeline import make_pipeline

from .._pictures import shown_name
from ..datasets import list_pictures, load_image_folder
from . import CommandError
from ._console import complain
from ._files import LabelledImages

# Names of the folders that divide a data set.
_PARTS = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "validation": ("val", "valid", "validation"),
}
# What the loader advises in terms of its parameters, and the same for this program.
_ADVICE = {
    'Set on_error="skip" to': "Set --skip-broken to",
    "Leave them out: list the other folders in 'categories'.": (
        "Fill them, or remove them."
    ),
    "Set 'memmap' to the path of a .npy file on a disk with more space": (
        "Set the environment variable TMPDIR to a folder on a disk with more space"
    ),
}


class PictureFolder:
    """Folder of labelled pictures.

    Parameters
    ----------
    path : str
        Folder with one folder per class, or with such a folder for training and for
        testing, validation, or both.

    Attributes
    ----------
    parts : dict
        Paths of the parts "train", "test" and "validation" that the folder has. A
        folder that is not divided is its part "train". Pictures for validation are the
        part "test" if no others are.
    """

    def __init__(self, path):
        self.parts = {"train": path}
        found = {
            part: os.path.join(path, name)
            for name in sorted(os.listdir(path))
            for part, names in _PARTS.items()
            if name.lower() in names and _has_folders(os.path.join(path, name))
        }
        if "train" in found and len(found) > 1:
            self.parts = found
            if "test" not in found:
                found["test"] = found.pop("validation")

    def load(self, part, converter, *, skip_broken, verbose):
        """Load the pictures of a part, converted, with the names as labels.

        Parameters
        ----------
        part : {"train", "test", "validation"}
            Part.
        converter : PhotoConverter
            Converter whose parameters are used.
        skip_broken : bool
            Whether to leave out files that cannot be read.
        verbose : int
            Verbosity.

        Returns
        -------
        data : LabelledImages or None
            Images, or None if the folder does not have this part.
        """
        if part not in self.parts:
            return None
        try:
            with warnings.catch_warnings(record=True, action="always") as caught:
                found = load_image_folder(
                    self.parts[part],
                    image_shape=converter.image_shape,
                    color_mode=converter.color_mode,
                    mode=converter.mode,
                    on_error="skip" if skip_broken else "raise",
                    n_jobs=-1,
                    verbose=verbose,
                )
        except (OSError, ValueError) as error:
            text = str(error)
            for advice, own in _ADVICE.items():
                text = text.replace(advice, own)
            raise CommandError(text) from error
        for warning in caught:
            print(f"fmnist-sk: note: {warning.message}", file=sys.stderr)
        return LabelledImages(found.images, found.target_names[found.target])

    def read(self, reader, model, names, *, skip_broken):
        """Read the pictures for testing as the images of a model.

        Parameters
        ----------
        reader : PictureReader
            Reader of the model.
        model : estimator
            Fitted classifier.
        names : list of str
            Names of its classes.
        skip_broken : bool
            Whether to leave out files that cannot be read.

        Returns
        -------
        data : LabelledImages
            Images and the labels of the model.
        """
        path = self.parts.get("test", self.parts["train"])
        try:
            pictures = list_pictures(path)
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        labels = _labels_of(pictures, model, names, path)
        paths = [each for files in pictures.values() for each in files]
        y = np.repeat(labels, [len(files) for files in pictures.values()])
        found = reader.read_all(paths)
        errors = [
            f"{shown_name(each)}: {why}"
            for each, (_, why) in zip(paths, found, strict=True)
            if why
        ]
        if errors and not skip_broken:
            raise CommandError(
                f"{errors[0]} Set --skip-broken to leave out such files."
            )
        for each in errors:
            complain(each)
        kept = [image is not None for image, _ in found]
        if not any(kept):
            raise CommandError(f"{shown_name(path)}: no file can be read")
        images = np.stack([image for image, _ in found if image is not None])
        return LabelledImages(images, y[kept])


def with_converter(converter, model, X):
    """Return a pipeline that converts pictures as the training images were converted.

    Parameters
    ----------
    converter : PhotoConverter
        Converter of the training images.
    model : FashionCNNClassifier
        Classifier, fitted to converted images.
    X : ndarray of shape (n, ...)
        Training images.

    Returns
    -------
    pipeline : Pipeline
        Fitted pipeline, which takes paths of pictures.
    """
    return make_pipeline(converter.fit(X[:1]), model)


def _has_folders(path):
    return os.path.isdir(path) and any(
        os.path.isdir(os.path.join(path, name)) for name in os.listdir(path)
    )


def _labels_of(folders, model, names, path):
    """Return the label of each class folder, by the label itself or by its name."""
    labels, known = model.classes_.tolist(), {}
    for spell in (_plain, str):
        for code, name in enumerate(names):
            known[spell(labels[code])] = known[spell(name)] = code
    found = [
        known.get(shown_name(folder), known.get(_plain(shown_name(folder))))
        for folder in folders
    ]
    unknown = [
        shown_name(folder)
        for folder, code in zip(folders, found, strict=True)
        if code is None
    ]
    if unknown:
        raise CommandError(
            f"{shown_name(path)}: the model has no classes with the names of these "
            f"folders: {', '.join(unknown[:5])}. The classes of the model are "
            f"{', '.join(names)}."
        )
    return model.classes_[found]


def _plain(name):
    """Return a name without what the name of a folder may lack: "T-shirt/top"."""
    return "".join(each for each in str(name).casefold() if each.isalnum())
