"""Meta-estimators of scikit-learn with the classifier."""

import numpy as np
import pytest
import sklearn
from _small import small_cnn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss
from sklearn.model_selection import (
    FixedThresholdClassifier,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.utils.fixes import parse_version

from fmnist_sk import CLASS_NAMES


@pytest.fixture(scope="module")
def data(sample):
    """Images and class names: training data X, y and test data X_test, y_test."""
    names = np.array(CLASS_NAMES)
    return (
        sample.X_train[:400],
        names[sample.y_train[:400]],
        sample.X_test[:500],
        names[sample.y_test[:500]],
    )


@pytest.fixture(scope="module")
def two_classes(data):
    """Same images with two classes: shirts (one image in ten) and all others."""
    X, y, X_test, y_test = data
    return X, y == "Shirt", X_test, y_test == "Shirt"


@pytest.fixture(scope="module")
def fitted(data):
    return small_cnn().fit(*data[:2])


# Calibration ----------------------------------------------------------------------

has_temperature = parse_version(sklearn.__version__) >= parse_version("1.8")
calibration_methods = pytest.mark.parametrize(
    "method",
    [
        "sigmoid",
        "isotonic",
        pytest.param(
            "temperature",
            marks=pytest.mark.skipif(not has_temperature, reason="scikit-learn < 1.8"),
        ),
    ],
)


@calibration_methods
def test_calibration_of_folds(data, method):
    X, y, X_test, y_test = data
    calibrated = CalibratedClassifierCV(small_cnn(), method=method, cv=2).fit(X, y)
    proba = calibrated.predict_proba(X_test)
    assert calibrated.score(X_test, y_test) > 0.5
    assert_allclose(proba.sum(axis=1), 1)
    assert len(calibrated.calibrated_classifiers_) == 2


@calibration_methods
def test_calibration_of_a_frozen_classifier(data, method):
    X, y, X_test, y_test = data
    # Label smoothing makes the network underconfident.
    fitted = small_cnn(label_smoothing=0.5, epochs=6).fit(X, y)
    calibrated = CalibratedClassifierCV(FrozenEstimator(fitted), method=method)
    calibrated.fit(X_test, y_test)
    assert calibrated.calibrated_classifiers_[0].estimator.estimator is fitted
    proba = calibrated.predict_proba(X_test)
    assert log_loss(y_test, proba) < log_loss(y_test, fitted.predict_proba(X_test))


@pytest.mark.skipif(not has_temperature, reason="scikit-learn < 1.8")
def test_temperature_divides_the_logits(fitted, data):
    *_, X_test, y_test = data
    calibrated = CalibratedClassifierCV(FrozenEstimator(fitted), method="temperature")
    calibrated.fit(X_test, y_test)
    assert_array_equal(calibrated.predict(X_test), fitted.predict(X_test))
    odds = np.diff(np.log(calibrated.predict_proba(X_test)))
    ratio = odds / np.diff(fitted.decision_function(X_test))
    assert_allclose(ratio, np.median(ratio), rtol=1e-3)


# Ensembles ------------------------------------------------------------------------


@pytest.mark.parametrize("voting", ["soft", "hard"])
def test_voting(data, voting):
    X, y, X_test, y_test = data
    members = [
        ("cnn", small_cnn()),
        ("other cnn", small_cnn(random_state=1)),
        ("neighbors", KNeighborsClassifier()),
    ]
    vote = VotingClassifier(members, voting=voting).fit(X, y)
    scores = [
        member.score(X_test, vote.le_.transform(y_test)) for member in vote.estimators_
    ]
    assert vote.score(X_test, y_test) > max(0.55, np.mean(scores))
    if voting == "soft":
        by_hand = np.mean([m.predict_proba(X_test) for m in vote.estimators_], axis=0)
        assert_allclose(vote.predict_proba(X_test), by_hand)


def test_stacking(data):
    X, y, X_test, y_test = data
    stack = StackingClassifier(
        [("cnn", small_cnn()), ("neighbors", KNeighborsClassifier())],
        LogisticRegression(max_iter=500),
        cv=2,
    ).fit(X, y)
    assert stack.stack_method_ == ["predict_proba", "predict_proba"]
    assert stack.transform(X_test).shape == (500, 20)
    assert stack.score(X_test, y_test) > 0.6


def test_bagging(data):
    X, y, X_test, y_test = data
    bag = BaggingClassifier(small_cnn(), n_estimators=3, random_state=0)
    bag.fit(X, y)
    # Each member has its own seed.
    assert len({member.random_state for member in bag.estimators_}) == 3
    assert bag.score(X_test, y_test) > 0.55


def test_bagging_of_pixels(data):
    X, y, X_test, y_test = data
    bag = BaggingClassifier(
        small_cnn(), n_estimators=2, max_features=196, random_state=0
    ).fit(X, y)
    assert [member.image_shape_ for member in bag.estimators_] == [(14, 14, 1)] * 2
    assert bag.score(X_test, y_test) > 0.25


def test_boosting(data):
    X, y, X_test, y_test = data
    boosted = AdaBoostClassifier(small_cnn(), n_estimators=3, random_state=0).fit(X, y)
    assert len(boosted.estimators_) == 3
    # The second member gives more weight to the errors of the first.
    assert (
        boosted.estimators_[1].predict(X) != boosted.estimators_[0].predict(X)
    ).any()
    assert boosted.score(X_test, y_test) > 0.5


# Classes and outputs --------------------------------------------------------------


@pytest.mark.parametrize(
    "strategy", [OneVsRestClassifier, OneVsOneClassifier], ids=lambda s: s.__name__
)
def test_of_binary_classifiers(data, strategy):
    X, y, X_test, y_test = data
    some = ["Bag", "Sandal", "Trouser"]
    chosen, chosen_test = np.isin(y, some), np.isin(y_test, some)
    clf = strategy(small_cnn(batch_size=16)).fit(X[chosen], y[chosen])
    assert clf.classes_.tolist() == some
    assert clf.score(X_test[chosen_test], y_test[chosen_test]) > 0.8


def test_several_outputs(data):
    X, y, X_test, y_test = data
    shoes = [
        np.isin(names, ["Ankle boot", "Sandal", "Sneaker"]) for names in (y, y_test)
    ]
    both = MultiOutputClassifier(small_cnn()).fit(X, np.c_[y, shoes[0]])
    names, is_shoe = both.predict(X_test).T
    assert np.mean(names == y_test) > 0.5
    assert balanced_accuracy_score(shoes[1], is_shoe == "True") > 0.85


def test_self_training_labels_images(sample):
    X, y = sample.X_train[:800], sample.y_train[:800].copy()
    y[200:] = -1
    clf = small_cnn(epochs=10, batch_size=16)
    trained = SelfTrainingClassifier(clf, threshold=0.9, max_iter=2).fit(X, y)
    guessed = trained.labeled_iter_ > 0
    assert guessed.sum() > 50
    truth = sample.y_train[:800][guessed]
    assert np.mean(trained.transduction_[guessed] == truth) > 0.75
    assert trained.score(sample.X_test[:500], sample.y_test[:500]) > 0.5


# Thresholds -----------------------------------------------------------------------


def test_tuned_threshold(two_classes):
    X, y, X_test, y_test = two_classes
    plain = small_cnn().fit(X, y)
    tuned = TunedThresholdClassifierCV(
        small_cnn(), scoring="balanced_accuracy", cv=2, random_state=0
    ).fit(X, y)
    positive = tuned.estimator_.predict_proba(X_test)[:, 1]
    assert 0 < tuned.best_threshold_ < 0.5
    assert_array_equal(tuned.predict(X_test), positive >= tuned.best_threshold_)
    gain = [balanced_accuracy_score(y_test, c.predict(X_test)) for c in (plain, tuned)]
    assert gain[1] > gain[0] + 0.05


@pytest.mark.parametrize("response_method", ["predict_proba", "decision_function"])
def test_fixed_threshold(two_classes, response_method):
    X, y, X_test, _ = two_classes
    clf = small_cnn().fit(X, y)
    fixed = FixedThresholdClassifier(
        FrozenEstimator(clf), threshold=0.3, response_method=response_method
    ).fit(X, y)
    response = getattr(clf, response_method)(X_test)
    response = response[:, 1] if response.ndim == 2 else response
    assert_array_equal(fixed.predict(X_test), response >= 0.3)


def test_better_than_no_model(fitted, data):
    X, y, X_test, y_test = data
    baseline = DummyClassifier().fit(X, y).score(X_test, y_test)
    assert clone(fitted).fit(X, y).score(X_test, y_test) > baseline + 0.4
