"""Splits, searches, curves and parallel workers of `sklearn.model_selection`."""

import numpy as np
import pytest
from _small import small_cnn
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import loguniform
from sklearn.exceptions import FitFailedWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.metrics import accuracy_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    StratifiedShuffleSplit,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.pipeline import Pipeline

from fmnist_sk import CLASS_NAMES, ImageReshaper


@pytest.fixture(scope="module")
def Xy(sample):
    return sample.X_train[:300], sample.y_train[:300]


def test_cross_val_score_is_stratified_on_sorted_labels(sample):
    order = np.argsort(sample.y_train[:600], kind="stable")
    X, y = sample.X_train[order], sample.y_train[order]
    scores = cross_val_score(small_cnn(), X, y, cv=3)
    # Plain KFold would test on classes that are not in the training folds.
    assert scores.min() > 0.5


def test_cross_validate_gives_fitted_estimators_and_train_scores(Xy):
    results = cross_validate(
        small_cnn(), *Xy, cv=2, return_estimator=True, return_train_score=True
    )
    X, y = Xy
    folds = StratifiedKFold(2).split(X, y)
    for i, (train, test) in enumerate(folds):
        fitted = results["estimator"][i]
        assert fitted.score(X[test], y[test]) == results["test_score"][i]
        assert fitted.score(X[train], y[train]) == results["train_score"][i]


@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "predict_log_proba", "decision_function"]
)
def test_cross_val_predict(Xy, method):
    X, codes = Xy
    names = np.array(CLASS_NAMES)[codes]
    output = cross_val_predict(small_cnn(), X, names, cv=2, method=method)
    if method == "predict":
        assert accuracy_score(names, output) > 0.45
        return
    assert output.shape == (300, 10)
    assert accuracy_score(names, np.unique(names)[output.argmax(axis=1)]) > 0.45
    if method == "predict_proba":
        assert_allclose(output.sum(axis=1), 1)


def test_cross_val_predict_equals_the_fits_by_hand(Xy):
    X, y = Xy
    output = cross_val_predict(small_cnn(), X, y, cv=2, method="predict_proba")
    for train, test in StratifiedKFold(2).split(X, y):
        by_hand = small_cnn().fit(X[train], y[train]).predict_proba(X[test])
        assert_array_equal(output[test], by_hand)


# Searches -------------------------------------------------------------------------


def test_randomized_search_finds_a_learning_rate(Xy):
    search = RandomizedSearchCV(
        small_cnn(),
        {"learning_rate": loguniform(1e-5, 1e-2), "batch_size": [16, 32]},
        n_iter=5,
        cv=2,
        random_state=1,
    ).fit(*Xy)
    rates = search.cv_results_["param_learning_rate"].astype(float)
    scores = search.cv_results_["mean_test_score"]
    assert search.best_score_ == scores.max() > 0.45
    assert scores[rates.argmin()] < scores.max() - 0.1
    assert search.best_estimator_.learning_rate == search.best_params_["learning_rate"]


def test_halving_search_over_epochs(Xy):
    search = HalvingGridSearchCV(
        small_cnn(),
        {"learning_rate": [1e-6, 1e-5, 1e-4, 5e-3]},
        resource="epochs",
        min_resources=1,
        max_resources=4,
        factor=2,
        cv=2,
    ).fit(*Xy)
    assert search.n_resources_ == [1, 2, 4]
    assert search.best_params_ == {"learning_rate": 5e-3, "epochs": 4}
    assert search.best_estimator_.n_iter_ == 4


def test_halving_search_over_samples(Xy):
    search = HalvingGridSearchCV(
        small_cnn(),
        {"learning_rate": [1e-6, 5e-3]},
        min_resources=100,
        factor=2,
        cv=2,
        random_state=0,
    ).fit(*Xy)
    assert search.n_resources_[0] == 100
    assert search.best_params_ == {"learning_rate": 5e-3}


def test_none_and_auto_are_values_of_a_grid(Xy):
    search = GridSearchCV(
        small_cnn(), {"dropout": [None, 0.0], "batch_size": ["auto", 16]}, cv=2
    ).fit(*Xy)
    # The architecture's default dropout is 0, and "auto" batches of 150 rows are 16.
    assert np.unique(search.cv_results_["mean_test_score"]).size == 1


def test_a_bad_candidate_scores_nan_and_the_others_win(Xy):
    search = GridSearchCV(small_cnn(epochs=2), {"filters": [8, (1, 2)]}, cv=2)
    with (
        pytest.warns(FitFailedWarning, match=r"filters=\(1, 2\) has 2 values"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        search.fit(*Xy)
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [False, True]
    assert search.best_params_ == {"filters": 8}


# Curves ---------------------------------------------------------------------------


def test_learning_curve_rises(sample):
    sizes, _, scores = learning_curve(
        small_cnn(batch_size=16),
        sample.X_train[:600],
        sample.y_train[:600],
        train_sizes=[30, 400],
        cv=3,
    )
    assert sizes.tolist() == [30, 400]
    low, high = scores.mean(axis=1)
    assert high > low + 0.1


def test_learning_curve_by_partial_fit(Xy):
    _, _, scores, fit_times, _ = learning_curve(
        small_cnn(batch_size=16),
        *Xy,
        train_sizes=[20, 150],
        cv=2,
        exploit_incremental_learning=True,
        return_times=True,
    )
    low, high = scores.mean(axis=1)
    assert high > low
    assert (fit_times > 0).all()


def test_validation_curve_over_epochs(Xy):
    train_scores, test_scores = validation_curve(
        small_cnn(), *Xy, param_name="epochs", param_range=[1, 12], cv=2
    )
    assert (train_scores[1] > train_scores[0]).all()
    assert test_scores[1].mean() > test_scores[0].mean() + 0.1


def test_permutation_importance(sample):
    # Every fourth pixel of every fourth row. The last pixel is dark.
    X = sample.X_train[:500].reshape(-1, 28, 28)[:, 2::4, 2::4].reshape(500, 49)
    X[:, -1] = 0
    clf = small_cnn(epochs=10).fit(X, sample.y_train[:500])
    result = permutation_importance(
        clf, X, sample.y_train[:500], n_repeats=2, random_state=0
    )
    assert result.importances.shape == (49, 2)
    assert result.importances_mean[-1] == 0
    assert result.importances_mean.max() > 0.02


# Workers --------------------------------------------------------------------------
#
# Starting TensorFlow in a worker takes seconds, so these tests share their workers.
# joblib keeps workers only while its settings stay the same.


def make_search():
    pipe = Pipeline(
        [("images", ImageReshaper()), ("clf", small_cnn(architecture="two_conv"))]
    )
    pipe.set_params(clf__dense_units=32, clf__batch_size=32)
    grid = {"clf__filters": [4, 8], "clf__dropout": [0.0, 0.5]}
    split = StratifiedShuffleSplit(2, train_size=500, test_size=1000, random_state=0)
    return GridSearchCV(pipe, grid, cv=split)


@pytest.fixture(scope="module")
def many(sample):
    return sample.X_train[:1500], sample.y_train[:1500]


@pytest.fixture(scope="module")
def one_by_one(many):
    return make_search().fit(*many)


def fold_scores(search):
    """Return scores by dropout, filters and fold, in the order of the grid."""
    scores = [search.cv_results_[f"split{i}_test_score"] for i in range(2)]
    return np.transpose(scores).reshape(-1, 2, 2)


def test_grid_search_over_filters_and_dropout(one_by_one):
    assert len(one_by_one.cv_results_["params"]) == 4
    assert np.unique(fold_scores(one_by_one).mean(axis=-1)).size > 1
    assert one_by_one.best_score_ > 0.55
    first, *_ = one_by_one.best_estimator_[-1].to_keras().get_weights()
    assert first.shape[-1] == one_by_one.best_params_["clf__filters"]


def test_threads_give_the_same_scores(one_by_one, many):
    with parallel_config(backend="threading", n_jobs=2):
        in_threads = make_search().fit(*many)
    assert_array_equal(fold_scores(in_threads), fold_scores(one_by_one))


@pytest.fixture
def workers():
    """Two workers that share the cores and get arrays as read-only memory maps."""
    with parallel_config("loky", n_jobs=2, max_nbytes=1000):
        yield


@pytest.mark.usefixtures("workers")
def test_workers_that_share_the_cores_give_equal_scores(one_by_one, many):
    in_workers = make_search().fit(*many)
    assert_array_equal(fold_scores(in_workers), fold_scores(one_by_one))
    assert in_workers.best_params_ == one_by_one.best_params_


@pytest.mark.usefixtures("workers")
def test_workers_take_an_architecture_defined_in_a_function(Xy):
    def linear(image_shape, n_classes):
        import keras

        layers = [keras.layers.Flatten(), keras.layers.Dense(n_classes)]
        return keras.Sequential([keras.layers.Input(image_shape), *layers])

    clf = small_cnn(architecture=linear, learning_rate=1e-2)
    in_workers = cross_val_score(clf, *Xy, cv=2)
    assert in_workers.min() > 0.4
    assert_array_equal(in_workers, cross_val_score(clf, *Xy, cv=2, n_jobs=1))
