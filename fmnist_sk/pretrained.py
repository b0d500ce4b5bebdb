"""Pretrained classifiers that ship with the package: `load_pretrained`."""

import copy
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from typing import Any

import numpy as np

from ._compat import StrOptions, validate_params
from ._inference import FittedNetwork
from ._training import Normalisation, TrainingState, resolve_default_tta
from ._validation import IGNORES_NAMES
from .architectures import NETWORK_PARAMETERS, Ensemble, describe_network
from .classifier import FashionCNNClassifier

# SHA-256 of the files in `_data`. `examples/train_pretrained.py` writes the files and
# prints these hashes.
_SHA256 = {
    "fashion-mnist": "e746683209a17586f697c803c1617cdce805f3c61ce2840ccae80a15fa827943",
    "fashion-mnist-compact": (
        "c64502b091cc2df875a9936a13dc42c33722f932679d411e3510418ccb99b313"
    ),
}
#: Names of the pretrained classifiers.
PRETRAINED = frozenset(_SHA256)
_ABOUT = "about"
# Fitted attributes that JSON holds as they are.
_ATTRIBUTES = ("n_features_in_", "n_iter_", "best_epoch_", "temperature_")
# Batch size of the shipped networks' training runs, and the number of images in the
# moving statistics of batch normalisation. Further training changes them slowly.
_BATCH_SIZE, _N_IMAGES = 128, 128 * 1000
# Parameters of further training. One call of `partial_fit` on 500 images of
# Fashion-MNIST costs 2.7 points of test accuracy at the default rate of 0.001, 1.2
# points at 0.0003, and at most 0.4 points at 0.0001.
_FINE_TUNING = {"warm_start": True, "epochs": "auto", "learning_rate": 1e-4}


@validate_params(
    {"name": [StrOptions(set(PRETRAINED))]}, prefer_skip_nested_validation=True
)
def load_pretrained(name: str = "fashion-mnist") -> FashionCNNClassifier:
    """Load a pretrained classifier.

    The classifier predicts the ten classes of Fashion-MNIST. It expects grey images of
    28 × 28 pixels with values from 0 to 255, which show one light garment on a black
    background. The weights ship with the package, so nothing is downloaded. No pickle
    is loaded, and TensorFlow starts with the first prediction.

    Parameters
    ----------
    name : {"fashion-mnist", "fashion-mnist-compact"}, default="fashion-mnist"
        Name of the classifier. The compact classifier is less accurate, and its file is
        smaller than 150 kB.

    Returns
    -------
    classifier : FashionCNNClassifier
        Fitted classifier, a new object at each call. Its labels are the integers 0 to 9
        in the order of `CLASS_NAMES`. Its parameters are those of its training run,
        except that `warm_start=True`, `epochs="auto"` and `learning_rate=0.0001` are
        set for fine-tuning, and `verbose=0`.

    Raises
    ------
    ValueError
        If there is no classifier of that name. The exception is scikit-learn's
        `InvalidParameterError`, which is also a TypeError.
    OSError
        If the file in the package is missing or damaged.

    See Also
    --------
    ImageEncoder : The network without its last layer, as a transformer.
    fetch_fashion_mnist : Images that the classifier was trained on.

    Notes
    -----
    The model card in the documentation describes how the classifier was trained and
    where it fails.

    `fit` and `partial_fit` fine-tune the classifier on images with the same labels. The
    learning rate is so low that the classifier keeps what it has learned. Set a higher
    rate, such as 0.001, if the classifier is inaccurate on your images. The rate in the
    training run was up to 0.006.

    A clone is unfitted, and its `fit` starts from new weights. In cross-validations and
    searches, wrap the classifier in a :class:`sklearn.frozen.FrozenEstimator`. To train
    such a network from scratch, set `warm_start=False`, `epochs=90` and
    `learning_rate=None`.

    Examples
    --------
    >>> from fmnist_sk import load_fashion_mnist_sample, load_pretrained
    >>> X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)
    >>> load_pretrained().score(X_test, y_test) > 0.93
    True
    """
    classifier = unpack(shipped(name, _SHA256[name])).set_params(**_FINE_TUNING)
    setattr(classifier, IGNORES_NAMES, True)
    return classifier


def shipped(name: str, sha256: str) -> bytes:
    """Read a file of arrays that ships with the package.

    Parameters
    ----------
    name : str
        Name of the file, without its suffix.
    sha256 : str
        SHA-256 of the file, in hexadecimal digits.

    Returns
    -------
    content : bytes
        Content of the file.

    Raises
    ------
    OSError
        If the file is missing or damaged.
    """
    path = resources.files("fmnist_sk").joinpath("_data", f"{name}.npz")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise OSError(
            f"{path} is damaged: its SHA-256 differs from that of the file in this "
            "version of fmnist_sk. Reinstall fmnist_sk."
        )
    return content


def join(classifiers: Sequence[FashionCNNClassifier]) -> FashionCNNClassifier:
    """Join several classifiers into one that averages their logits.

    Parameters
    ----------
    classifiers : sequence of FashionCNNClassifier
        Two or more classifiers with named architectures, fitted to the same images.

    Returns
    -------
    classifier : FashionCNNClassifier
        Fitted classifier. Its other attributes, such as the history, are those of the
        first classifier.
    """
    first = classifiers[0]
    members = [
        (
            str(each.architecture),
            {
                name: value
                for name in NETWORK_PARAMETERS
                if name != "dropout" and (value := getattr(each, name)) is not None
            },
        )
        for each in classifiers
    ]
    architecture = Ensemble(*members)
    joined = copy.copy(first)
    joined.set_params(architecture=architecture, **dict.fromkeys(NETWORK_PARAMETERS))
    fitted = replace(
        first._fitted,
        description=describe_network(
            architecture, first.image_shape_, len(first.classes_), {}
        ),
        weights=[weight for each in classifiers for weight in each._fitted.weights],
    )
    joined._fitted, joined.n_parameters_ = fitted, fitted.n_parameters
    return joined


def pack(classifier: FashionCNNClassifier) -> bytes:
    """Convert a fitted classifier to the content of a file for `load_pretrained`.

    Parameters
    ----------
    classifier : FashionCNNClassifier
        Fitted classifier of a named architecture, whose labels are integers.

    Returns
    -------
    content : bytes
        Archive of arrays: the weights in half precision, which changes fewer than one
        prediction in a thousand, and everything else in JSON.
    """
    parameters, fitted = classifier.get_params(), classifier._fitted
    if isinstance(classifier.architecture, Ensemble):
        parameters["architecture"] = {"members": classifier.architecture.members}
    about = {
        "parameters": parameters,
        "attributes": {
            **{name: getattr(classifier, name) for name in _ATTRIBUTES},
            "_seed": classifier._training_state.seed,
        },
        "history": {
            key: [float(f"{value:.5g}") for value in values]
            for key, values in classifier.history_.items()
        },
        "classes": classifier.classes_.tolist(),
        "image_shape": classifier.image_shape_,
        "mean": fitted.normalisation.mean.tolist(),
        "scale": fitted.normalisation.scale.tolist(),
    }
    text = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    arrays: dict[str, Any] = {_ABOUT: text}
    for i, weight in enumerate(fitted.weights):
        arrays[f"{i:03d}"] = weight.astype(np.float16)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpack(content: bytes) -> FashionCNNClassifier:
    """Restore the classifier that `pack` converted.

    Parameters
    ----------
    content : bytes
        Content of a file, as `pack` returns it.

    Returns
    -------
    classifier : FashionCNNClassifier
        Fitted classifier, with weights in single precision.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        about = json.loads(archive[_ABOUT].tobytes())
        weights = [
            archive[name].astype(np.float32)
            for name in sorted(archive.files)
            if name != _ABOUT
        ]
    parameters: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in about["parameters"].items()
    }
    if isinstance(parameters["architecture"], dict):
        parameters["architecture"] = Ensemble(
            *((name, dict(own)) for name, own in parameters["architecture"]["members"])
        )
    # The training run was verbose, but further training should not be.
    classifier = FashionCNNClassifier(**{**parameters, "verbose": 0})
    attributes = about["attributes"]
    for name in _ATTRIBUTES:
        setattr(classifier, name, attributes[name])
    classifier.history_ = about["history"]
    classifier.classes_ = np.array(about["classes"])
    height, width, channels = about["image_shape"]
    classifier.image_shape_ = height, width, channels
    description = describe_network(
        classifier.architecture,
        classifier.image_shape_,
        len(classifier.classes_),
        {name: parameters[name] for name in NETWORK_PARAMETERS},
    )
    classifier._fitted = FittedNetwork(
        description,
        weights,
        Normalisation(np.array(about["mean"]), np.array(about["scale"])),
        resolve_default_tta(description, classifier.augmentation),
    )
    classifier._training_state = TrainingState(
        attributes["_seed"], _N_IMAGES, _BATCH_SIZE, classifier.optimizer, None
    )
    classifier.n_parameters_ = classifier._fitted.n_parameters
    return classifier
