"""imbalanced-learn's estimator checks for the over-sampler."""

import numpy as np
import pytest
from imblearn.base import is_sampler
from imblearn.over_sampling import RandomOverSampler
from imblearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils import get_tags

from fmnist_sk import AugmentedOverSampler

ESTIMATORS = [
    AugmentedOverSampler(random_state=0),
    AugmentedOverSampler(
        augmentation={"shift": 0.5, "brightness": 0.5}, random_state=0
    ),
]

# Checks that are expected to fail, with the reason. All other checks must pass.
EXPECTED_FAILURES = {
    "check_samplers_pandas_sparse": (
        "images are dense, and every estimator of this package rejects sparse data, "
        "also in columns of a DataFrame"
    ),
}


def checks():
    # imbalanced-learn's own decorator has no strict failures.
    for estimator in ESTIMATORS:
        for instance, check in estimator_checks_generator(estimator):
            name = check.func.__name__
            marks = ()
            if name in EXPECTED_FAILURES:
                marks = pytest.mark.xfail(strict=True, reason=EXPECTED_FAILURES[name])
            identity = f"{len(estimator.augmentation)}-{name}"
            yield pytest.param(instance, check, marks=marks, id=identity)


@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_imbalanced_learn_checks(estimator, check):
    check(estimator)


def test_the_suite_runs_and_the_expected_failures_are_checks():
    names = {
        check.func.__name__ for _, check in estimator_checks_generator(ESTIMATORS[0])
    }
    assert len(names) >= 14
    assert set(EXPECTED_FAILURES) <= names


def test_tags_are_those_of_a_sampler():
    ours, theirs = (get_tags(s()) for s in (AugmentedOverSampler, RandomOverSampler))
    assert is_sampler(AugmentedOverSampler())
    assert ours.estimator_type == theirs.estimator_type == "sampler"
    assert ours.sampler_tags.sample_indices
    assert ours.input_tags.dataframe
    assert ours.input_tags.three_d_array
    assert ours.target_tags.required
    assert not ours.input_tags.sparse


def test_every_class_gets_its_images():
    # check_samplers_fit_resample only counts for subclasses of imbalanced-learn's own.
    X, y = np.random.default_rng(0).random((30, 4)), np.repeat([0, 1, 2], [5, 10, 15])
    for estimator in ESTIMATORS:
        _, y_more = estimator.fit_resample(X, y)
        assert np.bincount(y_more).tolist() == [15, 15, 15]
