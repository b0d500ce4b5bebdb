"""The command predict."""

import csv

import numpy as np

from . import CommandError
from . import _files as files
from . import _models as models
from ._console import print_table, start_engine


def predict(args):
    """Predict the classes of images."""
    model = models.load(args.model)
    names = models.class_names(model, args.class_names)
    image_shape = models.model_image_shape(model)
    if args.csv:
        files.check_folder(args.csv)
    sources = [
        (path, *files.load_images(path, image_shape, args.white, args.target))
        for path in args.images
    ]
    start_engine()
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
    print_table(table)
    if args.csv:
        with open(args.csv, "w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["image", "prediction", *names])
            for image, name, _, every in rows:
                writer.writerow([image, name, *every.tolist()])
        print("Probabilities:", args.csv)
