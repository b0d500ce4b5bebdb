"""Answers of the API: their form, and how they are computed from uploads."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .._pictures import UntrustedPicture

_FORMATS = "JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF"
# Brands of HEIC files, which iPhones write.
_HEIC = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1"}


@dataclass
class Prediction:
    """Probability of one class."""

    label: str | int | float | bool
    name: str
    probability: float


@dataclass
class Novelty:
    """Novelty of an image: a low score means unlike the training images."""

    score: float
    is_novel: bool


@dataclass
class SimilarImage:
    """Training image that the model finds similar."""

    image: str
    label: str | int | float | bool
    name: str
    similarity: float


@dataclass
class PictureResult:
    """Result for a picture. The last three fields are only there with `explain`."""

    filename: str
    predictions: list[Prediction]
    novelty: Novelty | None
    image: str | None = None
    heat_map: list[list[float]] | None = None
    similar: list[SimilarImage] | None = None


@dataclass
class PictureError:
    """Picture that cannot be read, and why."""

    filename: str
    error: str


@dataclass
class Answer:
    """Results in the order of the pictures."""

    results: list[PictureResult | PictureError]


@dataclass
class Health:
    """State of the server."""

    status: str
    version: str
    model: str


@dataclass
class Refused:
    """Reason why a request was refused."""

    detail: str


class Answerer:
    """Computation of answers.

    Parameters
    ----------
    model : ServedModel
        Model.
    limits : Limits
        Limits of requests.
    detector : NoveltyDetector or None
        Detector of novel images.
    similar : SimilarImages or None
        Search for similar training images.
    """

    def __init__(self, model, limits, detector, similar):
        self._model, self._limits = model, limits
        self._detector, self._similar = detector, similar

    def answer(self, uploads, explain):
        """Convert and predict pictures.

        Parameters
        ----------
        uploads : list of Upload
            Files.
        explain : bool
            Whether to add image, heat map and similar images.

        Returns
        -------
        answer : dict
            Content of `Answer`.
        """
        results, images, found = [], [], []
        for upload in uploads:
            image, error = self._read(upload)
            result = {"filename": upload.name}
            if error is None:
                images.append(image)
                found.append(result)
            else:
                result["error"] = error
            results.append(result)
        if images:
            self._describe(np.stack(images), found, explain)
        return {"results": results}

    def _read(self, upload):
        if not upload.content:
            return None, "is empty."
        if upload.content[4:8] == b"ftyp" and upload.content[8:12] in _HEIC:
            return None, (
                "is a HEIC photograph, which this server does not support. Export the "
                "photograph as JPEG."
            )
        picture = UntrustedPicture(upload.content, upload.name, self._limits.pixels)
        image, error = self._model.read(picture)
        if error and "not a picture that Pillow can read" in error:
            error = f"is not a {_FORMATS} picture, or it is damaged."
        return image, error

    def _describe(self, images, results, explain):
        """Add predictions to the results of pictures that could be read."""
        model = self._model
        names = ("heat_maps", "embeddings") if explain else ()
        outputs = model.compute(images, "probabilities", *names)
        novelty = [None] * len(images)
        if self._detector is not None:
            novelty = self._detector.judge(images)
        for result, row, novel in zip(
            results, outputs["probabilities"], novelty, strict=True
        ):
            result["predictions"] = [
                {
                    "label": model.labels[code],
                    "name": model.names[code],
                    "probability": float(row[code]),
                }
                for code in np.argsort(-row, kind="stable")
            ]
            result["novelty"] = novel
        if explain:
            self._explain(images, outputs, results)

    def _explain(self, images, outputs, results):
        heat_maps = outputs["heat_maps"]
        similar = self._similar and self._similar.find(outputs["embeddings"])
        for i, result in enumerate(results):
            result["image"] = _data_uri(self._model.pixels(images[i]))
            result["heat_map"] = (
                None
                if heat_maps is None
                else heat_maps[i].astype(float).round(3).tolist()
            )
            result["similar"] = similar and [
                {
                    "image": _data_uri(pixels),
                    "label": self._model.labels[code],
                    "name": self._model.names[code],
                    "similarity": round(similarity, 3),
                }
                for pixels, code, similarity in similar[i]
            ]


def _data_uri(pixels):
    """Return pixels as a PNG image that a page can show."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
