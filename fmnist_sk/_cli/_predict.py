"""The command predict."""

import csv
import itertools
import json
import sys
from typing import NamedTuple

import numpy as np

from .._pictures import shown_name
from . import CommandError
from . import _figures as figures
from . import _files as files
from . import _models as models
from ._console import complain, print_table, start_engine
from ._reading import PictureReader, sources_in

# Number of images that a figure can show and still be read.
_MOST_EXPLAINED = 12


class Prediction(NamedTuple):
    """Prediction for one image."""

    name: str
    path: str | None  # of the picture, if the image is not from an array
    image: np.ndarray
    code: int
    probabilities: np.ndarray


class Failure(NamedTuple):
    """Picture or file that could not be predicted, and why."""

    name: str
    error: str


def predict(args):
    """Predict the classes of images."""
    model = models.load(args.model)
    names = models.class_names(model, args.class_names)
    if args.csv:
        files.check_folder(args.csv)
    if args.explain:
        files.check_figure_path(args.explain)
        models.check_network(model, "--explain")
    reader = PictureReader(
        model, names, mode=args.mode, convert=args.convert, white=args.white
    )
    results = _results(reader, sources_in(args.images), args.target)
    if args.json:
        document = _document(results, model.classes_.tolist(), names)
        print(json.dumps(document, default=str))
    else:
        print_table(_table(results, names, every=args.proba))
    # The document on stdout must be the only text there.
    notes = sys.stderr if args.json else sys.stdout
    if args.csv:
        _write_csv(args.csv, results, names)
        print("Probabilities:", args.csv, file=notes)
    failures = [result for result in results if isinstance(result, Failure)]
    for failure in failures:
        complain(f"{failure.name}: {failure.error}")
    reader.print_note()
    if args.explain:
        _explain(args.explain, results, reader, names, notes)
    return 1 if failures else 0


def _results(reader, sources, target):
    """Read and predict all files, and return a result per image, in order."""
    results = []
    groups = itertools.groupby(
        sources, lambda source: files.is_array_file(source[0]) and not source[1]
    )
    for are_arrays, group in groups:
        if are_arrays:
            for path, _ in group:
                results += _predict_array(reader, path, target)
        else:
            results += _predict_pictures(reader, list(group))
    return results


def _predict_pictures(reader, sources):
    """Predict pictures, all that can be read in one call of the model."""
    results, images = [], []
    readable = [path for path, error in sources if error is None]
    found = iter(reader.read_all(readable))
    for path, error in sources:
        if error is None:
            image, error = next(found)
            images.append(image)
        results.append(Failure(shown_name(path), error) if error else path)
    images = [image for image in images if image is not None]
    if not images:
        return results
    predicted = zip(images, *_predict(reader, np.stack(images)), strict=True)
    return [
        result
        if isinstance(result, Failure)
        else Prediction(shown_name(result), result, *next(predicted))
        for result in results
    ]


def _predict_array(reader, path, target):
    """Predict the images of an npy, npz or CSV file."""
    name = shown_name(path)
    try:
        X = files.load_array(path, reader.image_shape, target)
        images = reader.read_array(X)
        predicted = zip(images, *_predict(reader, images), strict=True)
    except CommandError as error:
        return [Failure(name, files.reason(path, error))]
    except (TypeError, ValueError) as error:  # the images do not fit the model
        return [Failure(name, " ".join(str(error).split()))]
    return [
        Prediction(f"{name}[{i}]", None, *result) for i, result in enumerate(predicted)
    ]


def _predict(reader, images):
    """Return the positions of the predicted classes, and all probabilities."""
    model = reader.prepared()
    codes = np.searchsorted(model.classes_, model.predict(images))
    return codes, model.predict_proba(images)


def _table(results, names, *, every):
    """Return the rows of the table, with the probabilities of all classes or not."""
    rows = [("image", "prediction", "probability", *(names if every else ()))]
    for result in results:
        if isinstance(result, Failure):
            rows.append((result.name, f"error: {result.error}"))
            continue
        shown = [result.probabilities[result.code]]
        if every:
            shown.extend(result.probabilities)
        cells = (f"{probability:.3f}" for probability in shown)
        rows.append((result.name, names[result.code], *cells))
    return rows


def _document(results, labels, names):
    """Return the document of --json, in the form that the API of the web page has."""
    return {
        "results": [
            {"filename": result.name, "error": result.error}
            if isinstance(result, Failure)
            else {
                "filename": result.name,
                "predictions": [
                    {
                        "label": labels[code],
                        "name": names[code],
                        "probability": float(result.probabilities[code]),
                    }
                    for code in np.argsort(-result.probabilities, kind="stable")
                ],
            }
            for result in results
        ]
    }


def _write_csv(path, results, names):
    """Write all probabilities. A picture that failed has a row of empty cells."""
    with open(path, "w", newline="", encoding="utf-8", errors="backslashreplace") as to:
        writer = csv.writer(to)
        writer.writerow(["image", "prediction", *names])
        for result in results:
            cells = [""] * (1 + len(names))
            if isinstance(result, Prediction):
                cells = [names[result.code], *result.probabilities.tolist()]
            writer.writerow([result.name, *cells])


def _explain(path, results, reader, names, notes):
    """Draw the first predictions, and print how many of them the figure shows."""
    predictions = [result for result in results if isinstance(result, Prediction)]
    if not predictions:
        return
    shown = predictions[:_MOST_EXPLAINED]
    start_engine()  # TensorFlow computes the heat maps
    try:
        figures.save_explanation(
            path, reader.estimator, shown, reader.image_shape, names
        )
    except (TypeError, ValueError) as error:  # a network that has no maps
        raise CommandError(f"--explain: {error}") from error
    left_out = len(predictions) - len(shown)
    of = f" (the first {len(shown)} of {len(predictions)} images)" if left_out else ""
    print(f"Explanation: {path}{of}", file=notes)
