"""Metadata routing of weights and held-out images through meta-estimators."""

import numpy as np
import pytest
import sklearn
from _small import small_cnn
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.fixes import parse_version

from fmnist_sk import ImageNormalizer, ImageReshaper


@pytest.fixture(autouse=True)
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.fixture(scope="module")
def Xy(sample):
    return sample.X_train[:400], sample.y_train[:400]


@pytest.fixture(scope="module")
def no_trousers(Xy):
    """Sample weights that are zero for a class that is easy to recognise."""
    return (Xy[1] != 1).astype(float)


def make_pipe(**requests):
    return Pipeline(
        [
            ("images", ImageReshaper()),
            (
                "clf",
                small_cnn().set_fit_request(**requests).set_score_request(**requests),
            ),
        ]
    )


def share_of_trousers(fitted, sample):
    trousers = sample.X_test[sample.y_test == 1]
    return np.mean(fitted.predict(trousers) == 1)


def test_pipeline_hands_on_weights(Xy, no_trousers, sample):
    pipe = make_pipe(sample_weight=True)
    assert share_of_trousers(pipe.fit(*Xy), sample) > 0.5
    pipe.fit(*Xy, sample_weight=no_trousers)
    assert share_of_trousers(pipe, sample) == 0
    rows = no_trousers > 0
    assert_array_equal(pipe[-1].classes_, np.arange(10))
    direct = small_cnn().fit(*Xy, sample_weight=no_trousers)
    assert_array_equal(
        pipe.predict_proba(Xy[0][rows]), direct.predict_proba(Xy[0][rows])
    )


def test_weights_without_a_request_are_refused(Xy, no_trousers):
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        make_pipe().fit(*Xy, sample_weight=no_trousers)


def test_weights_that_are_declined_do_not_arrive(Xy, no_trousers, sample):
    pipe = make_pipe(sample_weight=False)
    vote = VotingClassifier(
        [("declines", pipe), ("asks", make_pipe(sample_weight=True))]
    ).fit(*Xy, sample_weight=no_trousers)
    assert share_of_trousers(vote.estimators_[0], sample) > 0.5
    assert share_of_trousers(vote.estimators_[1], sample) == 0


@pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.8"),
    reason="before scikit-learn 1.8, the score of a pipeline must request weights",
)
def test_cross_validation_cuts_the_weights(Xy, no_trousers, sample):
    results = cross_validate(
        make_pipe(sample_weight=True),
        *Xy,
        cv=2,
        params={"sample_weight": no_trousers},
        return_estimator=True,
    )
    assert results["test_score"].min() > 0.4
    for fitted in results["estimator"]:
        assert share_of_trousers(fitted, sample) == 0


def test_grid_search_hands_on_weights_to_fit_and_score(Xy, no_trousers, sample):
    weighted, plain = (
        make_scorer(accuracy_score).set_score_request(sample_weight=asked)
        for asked in (True, False)
    )
    search = GridSearchCV(
        make_pipe(sample_weight=True),
        {"clf__epochs": [1, 3]},
        cv=2,
        scoring={"weighted": weighted, "plain": plain},
        refit="weighted",
    ).fit(*Xy, sample_weight=no_trousers)
    assert share_of_trousers(search, sample) == 0
    assert search.best_params_ == {"clf__epochs": 3}
    # Trousers count as errors only in the score without weights.
    weighted_score, score = (
        search.cv_results_[f"mean_test_{name}"] for name in ("weighted", "plain")
    )
    np.testing.assert_allclose(score, weighted_score * no_trousers.mean(), rtol=0.02)


def test_score_of_the_classifier_takes_weights(Xy, no_trousers):
    X, y = Xy
    clf = (
        small_cnn()
        .set_score_request(sample_weight=True)
        .set_fit_request(sample_weight=True)
    )
    scores = cross_val_score(clf, X, y, cv=2, params={"sample_weight": no_trousers})
    assert scores.min() > 0.4
    clf.fit(X, y)
    assert clf.score(X, y, sample_weight=no_trousers) == accuracy_score(
        y, clf.predict(X), sample_weight=no_trousers
    )


def test_held_out_images_pass_through_the_transformers(Xy, sample):
    X_val, y_val = sample.X_test[:200], sample.y_test[:200]
    clf = small_cnn(epochs=4, early_stopping=True, n_iter_no_change=2)
    pipe = make_pipeline(
        ImageNormalizer(method="standardize"),
        clf.set_fit_request(X_val=True, y_val=True),
        transform_input=["X_val"],
    ).fit(*Xy, X_val=X_val, y_val=y_val)
    fitted = pipe[-1]
    assert fitted.history_["val_accuracy"][fitted.best_epoch_ - 1] == pytest.approx(
        pipe.score(X_val, y_val), abs=0.011
    )
    # Raw pixels would be far outside the range of the training images.
    by_hand = small_cnn(epochs=4, early_stopping=True, n_iter_no_change=2).fit(
        pipe[0].transform(Xy[0]), Xy[1], X_val=pipe[0].transform(X_val), y_val=y_val
    )
    assert by_hand.history_ == fitted.history_


def test_partial_fit_takes_weights_by_request(Xy, no_trousers, sample):
    clf = small_cnn(batch_size=16).set_partial_fit_request(sample_weight=True)
    for _ in range(4):
        clf.partial_fit(*Xy, classes=np.arange(10), sample_weight=no_trousers)
    assert share_of_trousers(clf, sample) == 0
    assert clf.get_metadata_routing().partial_fit.requests["sample_weight"] is True
