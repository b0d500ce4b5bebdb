"""Convolutional networks for small images as scikit-learn estimators.

Public names are loaded on first use, so importing the package costs no more than
importing scikit-learn. TensorFlow starts with the first `fit` or `predict`, never with
an import.
"""

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_MODULE_OF = {
    "FashionCNNClassifier": "classifier",
    "ImageReshaper": "preprocessing",
    "ImageNormalizer": "preprocessing",
    "PhotoConverter": "preprocessing",
    "ImageAugmenter": "augmentation",
    "AugmentedOverSampler": "augmentation",
    "ImageEncoder": "encoder",
    "NoveltyDetector": "novelty",
    "load_pretrained": "pretrained",
    "load_novelty_detector": "novelty",
    "fetch_fashion_mnist": "datasets",
    "load_fashion_mnist_sample": "datasets",
    "load_image_folder": "datasets",
    "CLASS_NAMES": "datasets",
    "save_model": "persistence",
    "load_model": "persistence",
    "export_onnx": "onnx",
    "OnnxClassifier": "onnx",
}

__all__ = sorted([*_MODULE_OF, "__version__"])


# Editors and type checkers read these imports. They could not find a misspelt name
# behind a `__getattr__`. `X as X` marks X as public here.
if TYPE_CHECKING:
    from .augmentation import AugmentedOverSampler as AugmentedOverSampler
    from .augmentation import ImageAugmenter as ImageAugmenter
    from .classifier import FashionCNNClassifier as FashionCNNClassifier
    from .datasets import CLASS_NAMES as CLASS_NAMES
    from .datasets import fetch_fashion_mnist as fetch_fashion_mnist
    from .datasets import load_fashion_mnist_sample as load_fashion_mnist_sample
    from .datasets import load_image_folder as load_image_folder
    from .encoder import ImageEncoder as ImageEncoder
    from .novelty import NoveltyDetector as NoveltyDetector
    from .novelty import load_novelty_detector as load_novelty_detector
    from .onnx import OnnxClassifier as OnnxClassifier
    from .onnx import export_onnx as export_onnx
    from .persistence import load_model as load_model
    from .persistence import save_model as save_model
    from .preprocessing import ImageNormalizer as ImageNormalizer
    from .preprocessing import ImageReshaper as ImageReshaper
    from .preprocessing import PhotoConverter as PhotoConverter
    from .pretrained import load_pretrained as load_pretrained
else:

    def __getattr__(name):
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = importlib.import_module(f"{__name__}.{_MODULE_OF[name]}")
        value = globals()[name] = getattr(module, name)
        return value


def __dir__():
    return sorted({*globals(), *_MODULE_OF})
