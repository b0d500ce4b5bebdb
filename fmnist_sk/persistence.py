"""Model files that load without pickle: `save_model` and `load_model`."""

import io
import json
import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
from sklearn.base import BaseEstimator

from . import __version__
from ._compat import CALLBACK_ATTRIBUTES, optional_import
from ._saving import write_whole

# Version of the format, in addition to that of skops. Increase it when older versions
# of this package can no longer read the files, for instance because a class below moved
# or the meaning of its attributes changed. `load_model` must still read all earlier
# formats.
FORMAT = 1
_MEMBER = "fmnist_sk.json"

# Types of this package that a file may contain. skops already trusts scikit-learn's
# estimators, NumPy's arrays and Python's own plain types.
_OWN_TYPES = (
    "fmnist_sk._inference.FittedNetwork",
    "fmnist_sk._training.Normalisation",
    "fmnist_sk._training.TrainingState",
    "fmnist_sk.architectures.Ensemble",
    "fmnist_sk.architectures.NetworkDescription",
    "fmnist_sk.augmentation._augmenter.ImageAugmenter",
    "fmnist_sk.augmentation._over_sampler.AugmentedOverSampler",
    "fmnist_sk.classifier.FashionCNNClassifier",
    "fmnist_sk.encoder.ImageEncoder",
    "fmnist_sk.novelty.NoveltyDetector",
    "fmnist_sk.preprocessing.ImageNormalizer",
    "fmnist_sk.preprocessing.ImageReshaper",
    "fmnist_sk.preprocessing.PhotoConverter",
)
# Types that searches, calibration and ensembles keep: splitters, scorers with the
# metrics they call, and containers. Creating an object of these types has no side
# effects.
_SKLEARN_TYPES = tuple(
    f"sklearn.{module}.{name}"
    for module, names in {
        "calibration": (
            "_CalibratedClassifier",
            "_SigmoidCalibration",
            "_TemperatureScaling",
        ),
        "metrics._classification": (
            "accuracy_score",
            "balanced_accuracy_score",
            "brier_score_loss",
            "f1_score",
            "log_loss",
            "matthews_corrcoef",
            "precision_score",
            "recall_score",
        ),
        "metrics._ranking": (
            "average_precision_score",
            "roc_auc_score",
            "top_k_accuracy_score",
        ),
        "metrics._scorer": ("_CurveScorer", "_PassthroughScorer", "_Scorer"),
        "model_selection._search_successive_halving": (
            "HalvingGridSearchCV",
            "HalvingRandomSearchCV",
        ),
        "model_selection._split": (
            "KFold",
            "RepeatedStratifiedKFold",
            "ShuffleSplit",
            "StratifiedKFold",
            "StratifiedShuffleSplit",
        ),
        "utils._bunch": ("Bunch",),
        "utils._metadata_requests": ("MetadataRequest", "MethodMetadataRequest"),
    }.items()
    for name in names
)


def save_model(estimator: BaseEstimator, path: str | os.PathLike[str]) -> None:
    """Save a fitted estimator to a file that loads without pickle.

    The file is written by skops. Unlike a pickle, it cannot run any code that
    :func:`load_model` does not trust. The file contains little more than the compressed
    weights of the network.

    Parameters
    ----------
    estimator : estimator
        A :class:`FashionCNNClassifier`, or a pipeline, a search or an ensemble that
        contains one. It need not be fitted.
    path : str or path-like
        Path of the file. A file of that name is replaced when the new file is complete.
        If saving fails, the old file is unchanged.

    Raises
    ------
    ImportError
        If skops is not installed.
    TypeError
        If a part of the estimator cannot be saved without pickle. Examples are an
        `architecture` that cannot be imported by its name, such as a lambda, some of
        SciPy's distributions in a randomized search, and a dict with bools as keys
        (`class_weight` of labels True and False). Save the `best_estimator_` of such a
        search, or use joblib.

    See Also
    --------
    load_model : Load the file.

    Notes
    -----
    If `architecture` is a function, its name is saved. To load the file, the function
    must be importable under that name, and the name must be in `trusted` of
    :func:`load_model`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fmnist_sk import ImageNormalizer, load_model, save_model
    >>> normalizer = ImageNormalizer().fit([[0, 255, 0, 255]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "normalizer.skops"
    ...     save_model(normalizer, path)
    ...     loaded = load_model(path)
    >>> loaded
    ImageNormalizer()
    """
    skops = _import_skops("save_model")
    try:
        content = skops.dumps(_plain_copy(estimator), compression=ZIP_DEFLATED)
        _check_keys(_read_json(content, "schema.json"))
        # skops writes some objects that it cannot read.
        skops.loads(content, trusted=skops.get_untrusted_types(data=content))
    except Exception as error:
        raise TypeError(
            f"This {type(estimator).__name__} cannot be saved without pickle "
            f"({type(error).__name__}: {error}). Use joblib.dump instead."
        ) from error
    buffer = io.BytesIO(content)
    about = {"format": FORMAT, "fmnist_sk": __version__}
    with ZipFile(buffer, "a") as archive:
        archive.writestr(_MEMBER, json.dumps(about))
    write_whole(path, buffer.getbuffer())


def load_model(path: str | os.PathLike[str], *, trusted: Sequence[str] = ()) -> Any:
    """Load an estimator from a file that :func:`save_model` has written.

    No code in the file is run. The file names types, and only trusted types are
    created: those of this package, scikit-learn's estimators and their parts, NumPy's
    arrays and Python's own plain types. TensorFlow starts with the first prediction.

    Parameters
    ----------
    path : str or path-like
        Path of the file.
    trusted : sequence of str, default=()
        Full names of additional types and functions that the file may contain, such as
        `"my_networks.build_wide"` for a function as `architecture`. They are imported
        and may be called, so pass only names that you know.

    Returns
    -------
    estimator : estimator
        Estimator as it was saved. It makes the same predictions, and `partial_fit`
        continues where it stopped.

    Raises
    ------
    ImportError
        If skops is not installed.
    FileNotFoundError
        If there is no such file.
    TypeError
        If the file contains untrusted types. The message lists the types.
    ValueError
        If the file was not written by :func:`save_model`, was written by a newer
        version of this package, or is damaged.

    See Also
    --------
    save_model : Write the file. Its example also loads the file.

    Examples
    --------
    >>> from fmnist_sk import load_model
    >>> load_model("no-such-file.skops")
    Traceback (most recent call last):
    ...
    FileNotFoundError: [Errno 2] No such file or directory: 'no-such-file.skops'
    """
    skops = _import_skops("load_model")
    content = Path(path).read_bytes()
    # The type of the exception depends on the place of the damage.
    try:
        about = _read_json(content, _MEMBER)
        newer = about["format"] > FORMAT
        held = [] if newer else skops.get_untrusted_types(data=content)
    except Exception as error:
        raise ValueError(
            f"{path} was not written by save_model, or is damaged "
            f"({type(error).__name__}: {error})."
        ) from error
    if newer:
        raise ValueError(
            f"{path} was written by fmnist_sk {about['fmnist_sk']} in format "
            f"{about['format']}, but fmnist_sk {__version__} only reads formats up to "
            f"{FORMAT}. Update fmnist_sk to load it."
        )
    known = {*_OWN_TYPES, *_SKLEARN_TYPES, *trusted}
    unknown = sorted(set(held) - known)
    if unknown:
        raise TypeError(
            f"{path} contains untrusted types: {', '.join(unknown)}. If you trust the "
            "types and the source of the file, pass the types: "
            f"load_model(path, trusted={unknown})."
        )
    return skops.loads(content, trusted=sorted(known))


def _import_skops(function):
    return optional_import("skops.io", extra="skops", why=function)


class _Pickler(pickle.Pickler):
    """Pickler that leaves out attributes that a file without pickle cannot contain.

    Memory-mapped arrays, which skops does not support, become ordinary arrays.
    Callbacks are left out, because scikit-learn's callbacks contain the address and the
    key of a socket, and a user's own callbacks may contain any object.
    """

    def reducer_override(self, obj):
        if isinstance(obj, np.memmap):
            return np.asarray(obj).__reduce__()
        if isinstance(obj, BaseEstimator) and CALLBACK_ATTRIBUTES & vars(obj).keys():
            make, arguments, state = obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL)[:3]
            kept = [name for name in state if name not in CALLBACK_ATTRIBUTES]
            return make, arguments, {name: state[name] for name in kept}
        return NotImplemented


def _plain_copy(estimator):
    """Copy an estimator, or raise if a function cannot be imported by name."""
    buffer = io.BytesIO()
    _Pickler(buffer).dump(estimator)
    return pickle.loads(buffer.getbuffer())


def _check_keys(node):
    """Reject dicts with bools as keys, because skops would read False back as True."""
    if isinstance(node, dict):
        key_types = node.get("key_types")
        if isinstance(key_types, dict) and any(
            key["__class__"] in ("bool", "bool_") for key in key_types["content"]
        ):
            raise TypeError("dicts with bools as keys are not supported")
        node = node.values()
    elif not isinstance(node, list):
        return
    for child in node:
        _check_keys(child)


def _read_json(content, member):
    with ZipFile(io.BytesIO(content)) as archive:
        return json.loads(archive.read(member))
