"""Hold-outs that keep the images of a group together."""

import itertools

import keras
import numpy as np
import pandas as pd
import polars as pl
import pytest
from _small import quick
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    StratifiedGroupKFold,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline

from fmnist_sk import ImageEncoder, ImageReshaper, classifier
from fmnist_sk._training import LabelledImages


@pytest.fixture(scope="module")
def photographs(sample):
    """Images, labels, and groups: six objects of each class, in different numbers.

    The first pixel of each image is the number of its group.
    """
    X, y = sample.X_train[:400].copy(), sample.y_train[:400]
    rng = np.random.default_rng(0)
    X[:, 0] = groups = 6 * y + rng.choice(6, size=400, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
    return X, y, groups


@pytest.fixture
def runs(monkeypatch):
    """Training runs: the groups of their training images and of held-out images.

    The groups are read from the pixels that the runs see.
    """
    seen = []

    def train(training, held_out, *args, **kwargs):
        parts = [
            None if part is None else part.images[part.rows, 0].astype(int)
            for part in (training, held_out)
        ]
        seen.append(parts)
        return real(training, held_out, *args, **kwargs)

    real = classifier.train
    monkeypatch.setattr(classifier, "train", train)
    return seen


def assert_no_group_is_divided(runs, n_runs):
    assert len(runs) == n_runs
    for training, held_out in runs:
        assert len(training) > len(held_out) >= 10
        assert not set(training) & set(held_out)


STRINGS = np.array([f"object {k:02}" for k in range(60)])
ORDER = np.random.default_rng(1).permutation(400)
KINDS = {
    "integers": lambda groups: groups,
    "list": lambda groups: groups.tolist(),
    "strings": lambda groups: STRINGS[groups],
    "tuple": lambda groups: tuple(STRINGS[groups]),
    "column": lambda groups: groups[:, np.newaxis],
    "pandas": lambda groups: pd.Series(STRINGS[groups], index=ORDER),
    "categories": lambda groups: pd.Series(groups, ORDER, dtype="category"),
    "polars": lambda groups: pl.Series(STRINGS[groups]),
    "mixed": lambda groups: [k if k % 2 else str(k) for k in groups.tolist()],
}
STOPPING = {"early_stopping": True}


def test_without_groups_objects_are_divided(photographs, runs):
    X, y, _ = photographs
    quick(**STOPPING).fit(X, y)
    ((training, held_out),) = runs
    assert set(training) & set(held_out)


@pytest.mark.parametrize("kind", KINDS)
def test_groups_of_any_kind(photographs, runs, kind):
    X, y, groups = photographs
    clf = quick(**STOPPING).fit(X, y, groups=KINDS[kind](groups))
    assert_no_group_is_divided(runs, 1)
    clf.fit(X, y, groups=groups)
    np.testing.assert_array_equal(runs[0][1], runs[1][1])  # labels have no effect


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"validation_fraction": 0.3},
        {"temperature": "auto"},
        {"refit": True},
        {"refit": True, "temperature": "auto"},
        {"warm_start": True},
        {"class_weight": "balanced", "random_state": 7},
        {"image_shape": (14, 56)},
    ],
)
def test_no_group_is_divided(photographs, runs, parameters):
    X, y, groups = photographs
    clf = quick(**STOPPING, **parameters).fit(X, y, groups=groups)
    if clf.refit:
        assert runs[1][1] is None
        assert len(runs.pop()[0]) == len(X)
    if clf.warm_start:
        clf.fit(X, y, groups=groups)
    assert_no_group_is_divided(runs, 1 + clf.warm_start)


def test_images_without_weight_are_not_held_out(photographs, runs):
    X, y, groups = photographs
    weights = np.random.default_rng(0).choice([0, 0, 1, 2.5], size=400)
    weights[groups % 6 == 0] = 0
    quick(**STOPPING).fit(X, y, weights, groups=groups)
    assert_no_group_is_divided(runs, 1)
    used = np.concatenate(runs[0])
    np.testing.assert_array_equal(np.sort(used), np.sort(groups[weights > 0]))
    assert set(runs[0][1] // 6) == set(range(10))


def test_the_images_that_keras_sees(photographs):
    """The history is that of a fit with whole groups as `X_val`."""
    X, y, groups = photographs
    numbers, _ = pd.factorize(groups)
    data = LabelledImages(
        *(X, y.astype(np.int32), np.ones(400), np.arange(400), (28, 28, 1), numbers)
    )
    random_state = np.random.RandomState(0)
    random_state.randint(2**31 - 1)  # the seed of the training run
    training, held_out = (part.rows for part in data.split(0.1, random_state))
    clf = quick(**STOPPING, augmentation=None).fit(X, y, groups=groups)
    by_hand = clone(clf).fit(
        *(X[training], y[training]), X_val=X[held_out], y_val=y[held_out]
    )
    assert clf.history_ == by_hand.history_


# -- Pipelines and searches ----------------------------------------------------------


def routed(**parameters):
    """Return a classifier that requests groups and weights."""
    with config_context(enable_metadata_routing=True):
        return quick(**STOPPING, **parameters).set_fit_request(
            groups=True, sample_weight=True
        )


def people(photographs):
    """Replace the groups by 20 people who photographed objects of all classes."""
    X, y, _ = photographs
    X = X.copy()
    X[:, 0] = groups = np.random.default_rng(2).integers(20, size=len(X))
    return X, y, groups


@pytest.mark.parametrize("kind", ["integers", "pandas", "polars"])
def test_in_a_pipeline(photographs, runs, kind):
    X, y, groups = photographs
    groups = KINDS[kind](groups)
    pipe = Pipeline([("shape", ImageReshaper()), ("clf", routed(refit=True))])
    weights = np.arange(400) % 5
    for _ in range(2):
        pipe.fit(X, y, clf__groups=groups, clf__sample_weight=weights)
        runs.pop()  # the run on all images
    with config_context(enable_metadata_routing=True):
        pipe.fit(X, y, groups=groups, sample_weight=weights)
        runs.pop()
    assert_no_group_is_divided(runs, 3)
    assert sum(map(len, runs[0])) == 320


@pytest.mark.parametrize("cv", [GroupKFold(2), StratifiedGroupKFold(2)])
@pytest.mark.parametrize("kind", ["strings", "pandas", "polars"])
def test_in_a_search(photographs, runs, cv, kind):
    X, y, groups = people(photographs)
    pipe = make_pipeline(ImageReshaper(), routed())
    search = GridSearchCV(pipe, {"fashioncnnclassifier__epochs": [1, 2]}, cv=cv)
    with config_context(enable_metadata_routing=True):
        search.fit(X, y, groups=KINDS[kind](groups))
    assert_no_group_is_divided(runs, 5)
    folds = [set(groups[train]) for train, _ in cv.split(X, y, groups)]
    for number, run in enumerate(runs[:-1]):
        assert {*run[0], *run[1]} == folds[number % 2]


def test_a_search_inside_an_encoder_inside_a_pipeline(photographs, runs):
    X, y, groups = people(photographs)
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(
            make_pipeline(ImageReshaper(), routed()),
            {"fashioncnnclassifier__epochs": [1]},
            cv=GroupKFold(2),
        )
        pipe = make_pipeline(ImageEncoder(search), GaussianNB())
        pipe.fit(X, y, groups=STRINGS[groups])
    assert_no_group_is_divided(runs, 3)


@pytest.mark.parametrize("cv", [GroupKFold(2), StratifiedGroupKFold(2)])
def test_an_encoder_in_cross_validation(photographs, runs, cv):
    X, y, groups = people(photographs)
    weights = np.arange(400) % 4
    pipe = make_pipeline(ImageReshaper(), ImageEncoder(routed()), GaussianNB())
    with config_context(enable_metadata_routing=True):
        pipe[-1].set_fit_request(sample_weight=False)
        unweighted = make_scorer(accuracy_score).set_score_request(sample_weight=False)
        cross_validate(
            *(pipe, X, y),
            cv=cv,
            scoring=unweighted,
            params={"groups": groups, "sample_weight": weights},
            error_score="raise",
        )
    assert_no_group_is_divided(runs, 2)
    assert sum(len(part) for run in runs for part in run) == 300


def test_groups_must_be_requested(photographs):
    X, y, groups = photographs
    pipe = make_pipeline(ImageReshaper(), quick(**STOPPING))
    encoder = make_pipeline(ImageEncoder(quick(**STOPPING)), GaussianNB())
    with config_context(enable_metadata_routing=True):
        for estimator in pipe, encoder:
            with pytest.raises(UnsetMetadataPassedError, match="groups"):
                estimator.fit(X, y, groups=groups)
            search = GridSearchCV(estimator, {}, cv=GroupKFold(2), error_score="raise")
            with pytest.raises(UnsetMetadataPassedError, match="groups"):
                search.fit(X, y, groups=groups)


# -- Groups without effect -----------------------------------------------------------


def same_model(a, b, X):
    np.testing.assert_array_equal(a.predict_proba(X), b.predict_proba(X))
    assert a.history_ == b.history_


def test_groups_have_no_effect_without_a_hold_out(photographs):
    X, y, groups = photographs
    one = np.zeros(400)
    same_model(quick().fit(X, y, groups=one), quick().fit(X, y), X)
    val = {"X_val": X[:50], "y_val": y[:50]}
    clf = quick(**STOPPING)
    with_groups = clone(clf).fit(X, y, groups=one, **val)
    same_model(with_groups, clf.fit(X, y, **val), X)
    with pytest.raises(ValueError, match=r"Input groups contains NaN"):
        quick().fit(X, y, groups=[None, *groups[1:]])


def test_a_group_per_image_makes_the_ordinary_split(photographs):
    X, y, _ = photographs
    weights = np.arange(400) % 3
    # Images that are not in use may share a group.
    groups = np.where(weights == 0, 0, np.arange(400))
    clf = quick(**STOPPING)
    with_groups = clone(clf).fit(X, y, weights, groups=groups)
    same_model(with_groups, clf.fit(X, y, weights), X)


def test_the_split_depends_on_the_seed_alone(photographs, runs):
    X, y, groups = photographs
    models = [
        quick(**STOPPING, random_state=seed).fit(X, y, groups=groups)
        for seed in (0, 0, 1)
    ]
    same_model(*models[:2], X)
    assert set(runs[0][1]) == set(runs[1][1]) != set(runs[2][1])


# -- Invalid groups ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        (range(399), ValueError, r"inconsistent numbers of samples: \[400, 399\]"),
        (np.zeros((400, 2)), ValueError, r"1d array, got an array of shape \(400, 2\)"),
        ([None] * 400, ValueError, "Input groups contains NaN"),
        (["a", np.nan] * 200, ValueError, "Input groups contains NaN"),
        (pl.Series([1, None] * 200), ValueError, "Input groups contains NaN"),
        (pd.Series([1, pd.NA] * 200), ValueError, "Input groups contains NaN"),
        (3, TypeError, "Expected sequence or array-like"),
        ([0] * 400, ValueError, "minimum number of groups for any class"),
        ("classes", ValueError, r"images of only 1 group.*y\[\d+\]. Pass X_val"),
        ("one class", ValueError, r"only 1 group.*that of y\[5\]"),
        ("three groups", ValueError, "groups cannot be divided so that both parts"),
    ],
)
def test_invalid_groups_are_refused_before_training(
    photographs, runs, groups, error, message
):
    X, y, valid = photographs
    clf = quick(**STOPPING).fit(X, y, groups=valid)
    before, state = clf.predict_proba(X), dict(vars(clf))
    if isinstance(groups, str):
        triangle = np.where(y == 3, np.arange(400) % 2, (y + np.arange(400) % 2) % 3)
        groups = {
            "classes": y,
            "one class": np.where(y == y[5], 0, valid + 1),
            "three groups": np.where(y < 3, triangle, valid + 3),
        }[groups]
    with pytest.raises(error, match=message):
        clf.fit(X, y, groups=groups)
    assert len(runs) == 1
    assert vars(clf) == state
    np.testing.assert_array_equal(clf.predict_proba(X), before)


# -- Quality of the split ------------------------------------------------------------


def split(codes, groups, fraction=0.1, seed=0):
    """Return which images are held out, after checks of both parts."""
    n = len(codes)
    data = LabelledImages(
        *(np.zeros((n, 1)), codes, np.ones(n), np.arange(n), (1, 1, 1), groups)
    )
    training, held_out = data.split(fraction, np.random.RandomState(seed))
    np.testing.assert_array_equal(
        np.sort([*training.rows, *held_out.rows]), np.arange(n)
    )
    assert not set(groups[training.rows]) & set(groups[held_out.rows])
    for part in training, held_out:
        assert set(codes[part.rows]) == set(codes)
    return np.isin(np.arange(n), held_out.rows)


def objects(n_objects, size):
    """Return codes and groups: the number of objects per class, images per object."""
    codes = np.repeat(np.arange(len(n_objects)), n_objects)
    sizes = [size() for _ in codes]
    return np.repeat(codes, sizes), np.repeat(np.arange(len(codes)), sizes)


def cases():
    rng = np.random.default_rng(0)
    codes = rng.integers(10, size=3000)
    uneven = lambda: int(np.ceil(np.exp(rng.normal(1, 1.2))))  # noqa: E731
    giant = np.where(rng.random(3000) < 0.5, 0, rng.integers(1, 300, size=3000))
    return {
        "objects": objects([30] * 10, lambda: int(rng.integers(1, 21))),
        "uneven objects": objects([40] * 10, uneven),
        "one rare class": objects([100] * 9 + [2], lambda: 5),
        "people": (codes, rng.integers(200, size=3000)),
        "giant": (codes, giant),
        "pairs": (np.sort(codes), np.arange(3000) // 2),
        "images": (codes, np.arange(3000)),
    }


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.3, 0.5])
@pytest.mark.parametrize("case", cases())
def test_the_fraction_is_close_to_the_wanted_one(case, fraction):
    codes, groups = cases()[case]
    for seed in range(3):
        held_out = split(codes, groups, fraction, seed)
        assert held_out.mean() == pytest.approx(fraction, abs=0.02)


@pytest.mark.parametrize("case", ["objects", "people", "giant"])
def test_classes_are_held_out_as_evenly_as_by_scikit_learn(case):
    codes, groups = cases()[case]
    totals = np.bincount(codes)

    def spread(rows):
        counts = np.bincount(codes[rows], minlength=10)
        return np.abs(counts / totals - 0.1).mean()

    # Before scikit-learn 1.8, shuffled folds are less even.
    folds = StratifiedGroupKFold(10).split(codes, codes, groups)
    theirs = [spread(test) for _, test in folds]
    ours = [spread(split(codes, groups, seed=seed)) for seed in range(10)]
    assert np.mean(ours) < max(1.5 * np.mean(theirs), 0.01)


@pytest.mark.parametrize(
    ("n_objects", "expected"),
    [
        ([5] * 10, 0.2),
        ([3] * 10, 1 / 3),
        ([2] * 10, 0.5),
        ([6] * 100, 1 / 6),
        ([100] * 5 + [2] * 5, 55 / 510),
        ([2] * 600, 0.5),  # more than Python's limit of recursion allows
    ],
)
def test_few_objects_are_sufficient(n_objects, expected):
    """No fold of StratifiedGroupKFold(10) has all classes in most of these cases."""
    codes, groups = objects(n_objects, lambda: 4)
    assert split(codes, groups).mean() == pytest.approx(expected, abs=0.01)


def test_small_groups_are_held_out_rather_than_large_ones():
    codes = np.arange(300) % 10
    assert split(codes, (np.arange(300) < 290).astype(int)).sum() == 10
    codes, groups = objects([2] * 10, iter([99, 1] * 10).__next__)
    assert split(codes, groups).sum() == 10


def test_a_split_is_found_if_there_is_one():
    """Compare with all divisions of up to seven groups."""
    rng = np.random.default_rng(0)
    found = {True: 0, False: 0}
    for _ in range(300):
        n_groups, n_classes = rng.integers(2, 8), rng.integers(2, 6)
        present = rng.random((n_groups, n_classes)) < rng.uniform(0.3, 0.8)
        groups, codes = np.nonzero(present)
        groups, codes = np.repeat(groups, 2), np.repeat(codes, 2)
        if len(set(codes)) < 2:
            continue
        every = present.any(axis=0)
        possible = any(
            (present[list(part)].any(axis=0) == every).all()
            and (np.delete(present, part, axis=0).any(axis=0) == every).all()
            for size in range(1, n_groups)
            for part in itertools.combinations(range(n_groups), size)
        )
        found[possible] += 1
        if possible:
            split(codes, groups, 0.3)
        else:
            with pytest.raises(ValueError, match="early_stopping"):
                split(codes, groups, 0.3)
    assert min(found.values()) > 50


# -- Cache and backups ---------------------------------------------------------------


def test_another_split_is_not_recalled(photographs, runs, tmp_path):
    X, y, groups = photographs
    clf = quick(**STOPPING, memory=str(tmp_path))
    first = clone(clf).fit(X, y, groups=groups)
    others = [clone(clf).fit(X, y), clone(clf).fit(X, y, groups=groups // 2)]
    assert len(runs) == 3
    same_model(clone(clf).fit(X, y, groups=STRINGS[groups]), first, X)
    assert len(runs) == 3
    for other in others:
        assert other.history_ != first.history_


def test_a_backup_of_another_split_is_refused(photographs, tmp_path):
    X, y, groups = photographs

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    backup = keras.callbacks.BackupAndRestore(str(tmp_path))
    clf = quick(**STOPPING, callbacks=[backup, Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y, groups=groups)
    clf.set_params(callbacks=backup)
    with pytest.raises(ValueError, match="data"):
        clf.fit(X, y)
    resumed = clf.fit(X, y, groups=groups)
    same_model(resumed, quick(**STOPPING).fit(X, y, groups=groups), X)


# -- ImageEncoder --------------------------------------------------------------------


def test_an_encoder_passes_metadata_to_its_estimator(photographs, sample):
    X, y, groups = photographs
    metadata = {
        "sample_weight": np.arange(400) % 3,
        "X_val": sample.X_test[:50],
        "y_val": sample.y_test[:50],
    }
    clf = quick(**STOPPING)
    expected = clone(clf).fit(X, y, **metadata)
    same_model(ImageEncoder(clf).fit(X, y, **metadata).estimator_, expected, X)
    with config_context(enable_metadata_routing=True):
        clf.set_fit_request(sample_weight=True, X_val=True, y_val=True)
        encoder = ImageEncoder(clf)
        same_model(encoder.fit(X, y, **metadata).estimator_, expected, X)
        features = clone(encoder).fit_transform(X, y, **metadata)
        with pytest.raises(TypeError, match=r"unexpected argument\(s\) {'weights'}"):
            encoder.fit(X, y, weights=groups)
    np.testing.assert_array_equal(features, encoder.transform(X))
    with pytest.raises(TypeError, match="weights"):
        encoder.fit(X, y, weights=groups)


def test_trained_encoders_need_no_metadata(photographs):
    X, y, groups = photographs
    frozen = ImageEncoder(FrozenEstimator(routed().fit(X, y)))
    pretrained = ImageEncoder("fashion-mnist-compact")
    with config_context(enable_metadata_routing=True):
        for encoder in frozen, pretrained:
            encoder.fit(X, y)
            pipe = make_pipeline(encoder, GaussianNB())
            pipe[-1].set_fit_request(sample_weight=True)
            pipe.fit(X, y, sample_weight=np.ones(400))
    for encoder in frozen, pretrained:
        encoder.fit(X, y, groups=groups)
