"""Metadata of the ONNX files of this package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import __version__

#: Number of the format. A file of a higher number is refused.
FORMAT = 1


@dataclass(frozen=True)
class Metadata:
    """Description of a model, which an ONNX file holds as JSON.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Labels.
    image_shape : tuple of int
        `(height, width, channels)`.
    mean, scale : ndarray of shape (channels,), dtype float64
        Mean and standard deviation of the training images.
    feature_names : ndarray of str or None
        Names of the columns of the training data, if they had names.
    ignores_names : bool
        Whether names of columns are ignored, as by shipped classifiers.
    class_names : list of str or None
        Names of the classes, if the command line trained the model.
    """

    classes: NDArray[Any]
    image_shape: tuple[int, int, int]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    feature_names: NDArray[Any] | None = None
    ignores_names: bool = False
    class_names: list[str] | None = None

    def to_properties(self) -> dict[str, str]:
        """Return the description as properties of an ONNX model."""
        names = self.feature_names
        about = {
            "format": FORMAT,
            "fmnist_sk": __version__,
            "classes": self.classes.tolist(),
            "classes_dtype": self.classes.dtype.str,
            "image_shape": self.image_shape,
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "feature_names": None if names is None else names.tolist(),
            "ignores_names": self.ignores_names,
            "class_names": self.class_names,
        }
        return {name: json.dumps(value) for name, value in about.items()}

    @classmethod
    def from_properties(cls, properties: Mapping[str, str], source: str) -> Metadata:
        """Read the description from the properties of an ONNX model.

        Parameters
        ----------
        properties : mapping of str to str
            Properties of the model.
        source : str
            Name of the file in error messages.

        Returns
        -------
        metadata : Metadata
            Description.

        Raises
        ------
        ValueError
            If the model was not written by `export_onnx`, or by a newer version.
        """
        try:
            about = {name: json.loads(value) for name, value in properties.items()}
            if about["format"] > FORMAT:
                raise ValueError(
                    f"{source} was written by fmnist_sk {about['fmnist_sk']} in format "
                    f"{about['format']}, but fmnist_sk {__version__} only reads "
                    f"formats up to {FORMAT}. Update fmnist_sk to read it."
                )
            height, width, channels = about["image_shape"]
            names = about["feature_names"]
            return cls(
                np.array(about["classes"], dtype=np.dtype(about["classes_dtype"])),
                (height, width, channels),
                np.array(about["mean"], dtype=np.float64),
                np.array(about["scale"], dtype=np.float64),
                None if names is None else np.array(names, dtype=object),
                about["ignores_names"],
                about["class_names"],
            )
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"{source} was not written by export_onnx.") from error
