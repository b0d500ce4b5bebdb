"""scikit-learn's estimator checks for all public estimators."""

import warnings

import numpy as np
import pytest
import sklearn
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import check_array
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.fixes import parse_version

from fmnist_sk import (
    AugmentedOverSampler,
    FashionCNNClassifier,
    ImageAugmenter,
    ImageEncoder,
    ImageNormalizer,
    ImageReshaper,
    NoveltyDetector,
)
from fmnist_sk.architectures import ARCHITECTURES, Ensemble


def small(architecture, **parameters):
    """Return a classifier whose graphs are traced quickly."""
    return FashionCNNClassifier(architecture=architecture, filters=4, **parameters)


# Every architecture and every way to train, with as few instances as possible: each
# takes 10 to 30 seconds, most of it for tracing a graph for each number of features.
STOPPING = {"early_stopping": True, "validation_fraction": 0.3}
CLASSIFIERS = {
    "standard": FashionCNNClassifier(),
    "early stopping": FashionCNNClassifier(
        architecture="compact", filters=8, epochs=15, **STOPPING
    ),
    "two_conv": small("two_conv", dense_units=16, epochs=15),
    "three_conv": small("three_conv", dense_units=16, dropout=0.0, epochs=15),
    "vgg, refit": small("vgg", epochs=20, refit=True, **STOPPING),
    "resnet, views": small("resnet", epochs=20, tta="flip_shift"),
    "ensemble, temperature": small(
        Ensemble("compact", "compact"), epochs=20, temperature=2.0
    ),
    "temperature": FashionCNNClassifier(
        architecture="compact", epochs=20, temperature="auto", **STOPPING
    ),
}


class SelfLabelled(FashionCNNClassifier):
    """Classifier of bright and dark images: checks of detectors fit without labels."""

    def fit(self, X, y=None):
        if y is None:
            X = check_array(X)
            y = X.mean(axis=1) > np.median(X)
        return super().fit(X, y)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags


# The checks seed the estimator itself, but not nested estimators.
SEEDED = small("compact", epochs=10, random_state=0)
ESTIMATORS = [
    *CLASSIFIERS.values(),
    make_pipeline(ImageReshaper(), SEEDED),
    GridSearchCV(SEEDED, {"temperature": [1.0]}, cv=2),
    ImageReshaper(),
    ImageReshaper(image_shape="flat"),
    ImageNormalizer(),
    ImageNormalizer(method="standardize", per="pixel"),
    ImageAugmenter(),
    AugmentedOverSampler(),
    ImageEncoder(
        FashionCNNClassifier(architecture="compact", epochs=2, random_state=0)
    ),
    NoveltyDetector(SelfLabelled(architecture="compact", epochs=2, random_state=0)),
]

_AUGMENTS = (
    "fit_transform augments the training images, transform leaves images alone; "
    "test_augmentation.py checks both"
)

_WEIGHTS = (
    "batch normalisation takes its statistics over the images of a batch, unweighted, "
    "and float32 rounds sums of weighted and of repeated images differently; "
    "test_training.py has the check without batch normalisation and to float32's "
    "precision"
)
_HOLDS_OUT = "the check leaves a single image of a class, of which none can be held out"
_STEPS = "a Pipeline fits its steps in place; scikit-learn expects it of its own"

# Checks that are expected to fail, with the reason. All other checks must pass.
EXPECTED_FAILURES = {
    FashionCNNClassifier: {"check_sample_weight_equivalence_on_dense_data": _WEIGHTS},
    ImageAugmenter: {
        "check_transformer_general": _AUGMENTS,
        "check_transformer_data_not_an_array": _AUGMENTS,
    },
    Pipeline: {
        "check_estimators_overwrite_params": _STEPS,
        "check_dont_overwrite_parameters": _STEPS,
    },
}


def expected_failures(estimator):
    """Return the expected failures of an estimator with its parameters."""
    expected = dict(EXPECTED_FAILURES.get(type(estimator), {}))
    if getattr(estimator, "early_stopping", False):
        expected["check_sample_weight_equivalence_on_dense_data"] = _HOLDS_OUT
    return expected


# An expected failure that passes is an error, if scikit-learn can tell.
CAN_TELL = parse_version(sklearn.__version__) >= parse_version("1.8")
STRICT = {"xfail_strict": True} if CAN_TELL else {}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures, **STRICT)
def test_scikit_learn_checks(estimator, check):
    with warnings.catch_warnings():
        if isinstance(estimator, GridSearchCV):
            # It warns of fits that fail, and of what it finds in y, before it raises.
            warnings.simplefilter("ignore")
        check(estimator)


def test_every_architecture_is_checked():
    checked = {str(c.architecture) for c in CLASSIFIERS.values()}
    assert set(ARCHITECTURES) <= checked
