"""AugmentedOverSampler, alone and in imbalanced-learn's pipelines."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from _small import quick
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline as SamplingPipeline
from imblearn.pipeline import make_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline

from fmnist_sk import AugmentedOverSampler, ImageReshaper


@pytest.fixture(scope="module")
def unequal(sample):
    """Images of three classes: 60 of class 0, 20 of class 1 and 5 of class 2."""
    rows = np.concatenate(
        [
            np.flatnonzero(sample.y_train == label)[:n]
            for label, n in enumerate([60, 20, 5])
        ]
    )
    return sample.X_train[rows], sample.y_train[rows]


@pytest.mark.parametrize(
    ("strategy", "counts"),
    [
        ("auto", [60, 60, 60]),
        ("not majority", [60, 60, 60]),
        ("all", [60, 60, 60]),
        ("minority", [60, 20, 60]),
        ("not minority", [60, 60, 5]),
        (lambda y: {2: np.sum(y == 1) * 2}, [60, 20, 40]),
        (1.5, [90, 30, 8]),
        (3, [180, 60, 15]),
        ({2: 30}, [60, 20, 30]),
        ({0: 60, 1: 21}, [60, 21, 5]),
    ],
)
def test_how_many(unequal, strategy, counts):
    X, y = unequal
    sampler = AugmentedOverSampler(sampling_strategy=strategy, random_state=0)
    X_more, y_more = sampler.fit_resample(X, y)
    assert np.bincount(y_more).tolist() == counts
    assert X_more.dtype == X.dtype
    np.testing.assert_array_equal(X_more[: len(X)], X)
    np.testing.assert_array_equal(y_more, y[sampler.sample_indices_])
    # The numbers of copies of any two images of a class differ by at most one.
    times = np.bincount(sampler.sample_indices_)
    assert all(np.ptp(times[y == label]) <= 1 for label in range(3))


def test_copies_are_changed_and_the_data_are_not(unequal):
    X, y = unequal
    before = X.copy()
    sampler = AugmentedOverSampler(augmentation={"shift": 0.2}, random_state=0)
    X_more, _ = sampler.fit_resample(X, y)
    originals = X[sampler.sample_indices_[len(X) :]]
    changed = (X_more[len(X) :] != originals).any(axis=1)
    assert changed.mean() > 0.9
    np.testing.assert_array_equal(X, before)


def test_seeds(unequal):
    first, again, other = (
        AugmentedOverSampler(random_state=seed).fit_resample(*unequal)[0]
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_forms(unequal):
    X, y = unequal
    rows, _ = AugmentedOverSampler(random_state=0).fit_resample(X, y)
    for shape in ((-1, 28, 28), (-1, 28, 28, 1)):
        images, _ = AugmentedOverSampler(random_state=0).fit_resample(
            X.reshape(shape), y
        )
        np.testing.assert_array_equal(images, rows.reshape(shape))
    frame = pd.DataFrame(X, index=np.arange(len(X)) + 7).add_prefix("p")
    names = pd.Series(np.array(["a", "b", "c"])[y], index=frame.index, name="label")
    more, labels = AugmentedOverSampler(random_state=0).fit_resample(frame, names)
    np.testing.assert_array_equal(more.to_numpy(), rows)
    assert list(more.columns) == list(frame.columns)
    assert labels.name == "label"
    assert labels.value_counts().to_dict() == {"a": 60, "b": 60, "c": 60}
    colour = np.random.default_rng(0).normal(size=(9, 4, 6, 3))
    more, _ = AugmentedOverSampler().fit_resample(colour, [0] * 6 + [1] * 3)
    assert more.shape == (12, 4, 6, 3)


class Recorder(ClassifierMixin, BaseEstimator):
    """Classifier that records its training data."""

    trained_on: ClassVar = []

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.trained_on.append(np.asarray(X))
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_no_copy_of_a_test_image_is_ever_trained_on():
    """Every image has a unique value, which the augmentation does not change."""
    X = np.repeat(np.arange(60), 16).reshape(60, 16).astype(float)
    y = (np.arange(60) % 4 == 0).astype(int)
    Recorder.trained_on.clear()
    pipeline = make_pipeline(
        AugmentedOverSampler(augmentation="strong", random_state=0), Recorder()
    )
    tested = []

    def watch(estimator, X_test, y_test):
        tested.append(set(np.asarray(X_test)[:, 0]))
        return 0.0

    cross_val_score(pipeline, X, y, cv=5, scoring=watch)
    assert len(tested) == 5
    for trained, held_out in zip(Recorder.trained_on, tested, strict=True):
        assert len(trained) > 48  # copies were added
        assert not set(np.rint(trained).ravel()) & held_out


def test_in_pipelines_and_searches(unequal):
    X, y = unequal
    pipeline = SamplingPipeline(
        [
            ("reshape", ImageReshaper()),
            ("more", AugmentedOverSampler(random_state=0)),
            ("cnn", quick(epochs=1)),
        ]
    )
    search = GridSearchCV(
        pipeline, {"more__augmentation": ["light", {"rotation": 5}]}, cv=2
    ).fit(X, y)
    assert search.predict(X).shape == y.shape
    # Prediction skips the step.
    np.testing.assert_array_equal(
        search.predict_proba(X),
        search.best_estimator_["cnn"].predict_proba(X.reshape(-1, 28, 28, 1)),
    )
    with pytest.raises(TypeError):
        Pipeline(pipeline.steps).fit(X, y)


def test_clone_and_parameters():
    sampler = AugmentedOverSampler(augmentation={"shift": 0.1}, sampling_strategy=2)
    assert clone(sampler).get_params() == sampler.get_params()


def test_fit_alone(unequal):
    sampler = AugmentedOverSampler().fit(*unequal)
    assert sampler.sampling_strategy_ == {1: 40, 2: 55}
    assert sampler.image_shape_ == (28, 28, 1)


@pytest.mark.parametrize(
    ("strategy", "counts"), [(0.5, [60, 30]), (1.0, [60, 60]), (1, [60, 60])]
)
def test_a_ratio_of_two_classes_is_that_of_imbalanced_learn(unequal, strategy, counts):
    X, y = (part[:80] for part in unequal)
    ours = AugmentedOverSampler(sampling_strategy=strategy).fit(X, y)
    theirs = RandomOverSampler(sampling_strategy=strategy).fit(X, y)
    assert ours.sampling_strategy_ == theirs.sampling_strategy_
    assert np.bincount(ours.fit_resample(X, y)[1]).tolist() == counts


@pytest.mark.parametrize(
    "strategy",
    [
        *("auto", "minority", "not minority", "not majority", "all"),
        {2: 30, 0: 61},
        lambda y: dict.fromkeys(set(y.tolist()), 100),
    ],
)
@pytest.mark.parametrize("labels", [[3, 1, 2], ["c", "a", "b"]])
@pytest.mark.parametrize("counts", [(60, 20, 5), (4, 9, 4), (9, 9, 3)])
def test_strategies_are_those_of_imbalanced_learn(strategy, labels, counts):
    y = np.repeat(labels, counts)
    if isinstance(strategy, dict):
        strategy = {labels[i]: n for i, n in strategy.items()}
    X = np.zeros((len(y), 4))
    ours = AugmentedOverSampler(sampling_strategy=strategy).fit(X, y)
    theirs = RandomOverSampler(sampling_strategy=strategy).fit(X, y)
    assert ours.sampling_strategy_ == dict(theirs.sampling_strategy_)


@pytest.mark.parametrize("strategy", [0.1, 1 / 3])
def test_a_ratio_below_the_present_one_raises_as_in_imbalanced_learn(unequal, strategy):
    X, y = (part[:80] for part in unequal)
    for sampler in (AugmentedOverSampler, RandomOverSampler):
        with pytest.raises(ValueError, match="Please increase the ratio"):
            sampler(sampling_strategy=strategy).fit_resample(X, y)


@pytest.mark.parametrize("strategy", ["auto", 0.5, 3, {0: 90}, lambda y: {0: 90}])
def test_one_class_raises_as_in_imbalanced_learn(unequal, strategy):
    X, y = (part[:60] for part in unequal)
    with pytest.raises(ValueError, match="needs to have more than 1 class"):
        AugmentedOverSampler(sampling_strategy=strategy).fit_resample(X, y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"augmentation": "hard"}, "must be a str among"),
        ({"augmentation": None}, "'augmentation' parameter"),
        ({"augmentation": {"mixup": 0.5}}, "also mix labels"),
        ({"sampling_strategy": 0}, "'sampling_strategy' parameter"),
        ({"sampling_strategy": np.inf}, "'sampling_strategy' parameter"),
        ({"sampling_strategy": "majority"}, "'sampling_strategy' parameter"),
        ({"sampling_strategy": [0]}, "'sampling_strategy' parameter"),
        ({"sampling_strategy": 0.5}, "type of target is binary"),
        ({"sampling_strategy": 1.0}, "type of target is binary"),
        ({"sampling_strategy": {7: 10}}, r"\[7\] target class is/are not present"),
        ({"sampling_strategy": {0: 10}}, "greater or equal to the original number"),
        ({"sampling_strategy": {0: -1}}, "greater or equal to the original number"),
        ({"sampling_strategy": {0: 60.5}}, "must be integers"),
        ({"sampling_strategy": lambda y: {7: 10}}, r"\[7\] target class"),
        ({"sampling_strategy": lambda y: 2}, "must return a dict"),
        ({"image_shape": (3, 3)}, "requires 9 features"),
    ],
)
def test_bad_parameters(unequal, parameters, message):
    with pytest.raises(ValueError, match=message):
        AugmentedOverSampler(**parameters).fit_resample(*unequal)


def test_bad_data(unequal):
    X, y = unequal
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        AugmentedOverSampler().fit_resample(X, y[:5])
    with pytest.raises(ValueError, match="Unknown label type"):
        AugmentedOverSampler().fit_resample(X, np.linspace(0, 1, len(y)))
    with pytest.raises(ValueError, match="NaN"):
        AugmentedOverSampler().fit_resample(np.where(X > 250, np.nan, X), y)
