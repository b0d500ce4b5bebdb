"""Scorers, reports and displays of `sklearn.metrics` and other modules."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from _small import small_cnn
from sklearn.calibration import CalibrationDisplay
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    DetCurveDisplay,
    PrecisionRecallDisplay,
    RocCurveDisplay,
    brier_score_loss,
    classification_report,
    get_scorer,
    log_loss,
    make_scorer,
    roc_auc_score,
    top_k_accuracy_score,
)
from sklearn.model_selection import (
    LearningCurveDisplay,
    ValidationCurveDisplay,
    cross_validate,
)

from fmnist_sk import CLASS_NAMES


@pytest.fixture(autouse=True)
def no_window():
    matplotlib.use("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def ten(sample):
    """Classifier of ten names, test images, and their names."""
    names = np.array(CLASS_NAMES)
    clf = small_cnn(epochs=5, batch_size=32)
    clf.fit(sample.X_train[:500], names[sample.y_train[:500]])
    return clf, sample.X_test[:400], names[sample.y_test[:400]]


@pytest.fixture(scope="module")
def two(sample):
    """Same for shirts, the positive class, and other tops."""

    def tops(X, y):
        X, y = X[np.isin(y, [0, 2, 4, 6])], y[np.isin(y, [0, 2, 4, 6])]
        return X, np.where(y == 6, "shirt", "another")

    X, y = tops(sample.X_train[:1500], sample.y_train[:1500])
    X_test, y_test = tops(sample.X_test, sample.y_test)
    return small_cnn(epochs=5).fit(X, y), X_test[:400], y_test[:400]


def test_classification_report(ten):
    clf, X, y = ten
    report = classification_report(y, clf.predict(X), output_dict=True)
    assert set(CLASS_NAMES) < set(report)
    assert report["accuracy"] == clf.score(X, y)
    assert report["accuracy"] > 0.6
    assert report["Trouser"]["f1-score"] > report["Shirt"]["f1-score"]


def test_scorers_of_ten_classes(ten):
    clf, X, y = ten
    proba = clf.predict_proba(X)
    expected = {
        "neg_log_loss": -log_loss(y, proba, labels=clf.classes_),
        "roc_auc_ovr": roc_auc_score(y, proba, multi_class="ovr"),
        "roc_auc_ovo": roc_auc_score(y, proba, multi_class="ovo"),
        "top_k_accuracy": top_k_accuracy_score(y, proba),
    }
    for scoring, value in expected.items():
        assert get_scorer(scoring)(clf, X, y) == pytest.approx(value)
    assert expected["neg_log_loss"] > -1.2
    assert expected["roc_auc_ovr"] > 0.9
    assert expected["top_k_accuracy"] > clf.score(X, y)


def test_scorers_of_two_classes(two):
    clf, X, y = two
    positive = clf.predict_proba(X)[:, 1]
    area = get_scorer("roc_auc")(clf, X, y)
    assert area == pytest.approx(roc_auc_score(y, positive))
    assert area > 0.7
    brier = make_scorer(
        brier_score_loss, response_method="predict_proba", pos_label="shirt"
    )
    assert brier(clf, X, y) == brier_score_loss(y, positive, pos_label="shirt")


def test_several_scorers_at_once(sample):
    results = cross_validate(
        small_cnn(),
        sample.X_train[:300],
        sample.y_train[:300],
        cv=2,
        scoring=["accuracy", "neg_log_loss", "roc_auc_ovr", "f1_macro"],
        error_score="raise",
    )
    assert results["test_accuracy"].min() > 0.4
    assert results["test_neg_log_loss"].min() > -2
    assert results["test_roc_auc_ovr"].min() > 0.8
    assert results["test_f1_macro"].min() > 0.3


# Displays -------------------------------------------------------------------------


def test_confusion_matrix_display(ten):
    clf, X, y = ten
    display = ConfusionMatrixDisplay.from_estimator(clf, X, y, xticks_rotation=90)
    assert display.display_labels.tolist() == sorted(CLASS_NAMES)
    assert display.confusion_matrix.sum() == len(y)
    assert np.trace(display.confusion_matrix) == round(clf.score(X, y) * len(y))


@pytest.mark.parametrize("response_method", ["predict_proba", "decision_function"])
def test_roc_curve_display(two, response_method):
    clf, X, y = two
    display = RocCurveDisplay.from_estimator(
        clf, X, y, response_method=response_method, pos_label="shirt"
    )
    # Logits order the images as probabilities do.
    positive = clf.predict_proba(X)[:, 1]
    assert display.roc_auc == pytest.approx(roc_auc_score(y, positive))


def test_roc_curves_of_folds(sample):
    X, y = sample.X_train[:200], sample.y_train[:200] >= 5
    results = cross_validate(
        small_cnn(), X, y, cv=2, return_indices=True, return_estimator=True
    )
    display = RocCurveDisplay.from_cv_results(results, X, y)
    assert len(display.roc_auc) == 2
    assert min(display.roc_auc) > 0.7


def test_precision_recall_display(two):
    clf, X, y = two
    display = PrecisionRecallDisplay.from_estimator(clf, X, y, pos_label="shirt")
    assert display.average_precision > np.mean(y == "shirt") + 0.1


@pytest.mark.parametrize("display", [DetCurveDisplay, CalibrationDisplay])
def test_displays_of_two_classes(two, display):
    clf, X, y = two
    drawn = display.from_estimator(clf, X, y, pos_label="shirt")
    assert drawn.estimator_name == "FashionCNNClassifier"


def test_displays_of_curves(sample):
    X, y = sample.X_train[:200], sample.y_train[:200]
    curve = LearningCurveDisplay.from_estimator(
        small_cnn(), X, y, train_sizes=[50, 100], cv=2
    )
    assert curve.test_scores.shape == (2, 2)
    curve = ValidationCurveDisplay.from_estimator(
        small_cnn(), X, y, param_name="epochs", param_range=[1, 4], cv=2
    )
    assert curve.test_scores[1].mean() > curve.test_scores[0].mean()


def test_decision_boundary_of_two_pixels(sample):
    X = sample.X_train[:300, [7 * 28 + 14, 25 * 28 + 14]] / 255
    y = sample.y_train[:300] >= 5
    clf = small_cnn(epochs=10, learning_rate=1e-2).fit(X, y)
    display = DecisionBoundaryDisplay.from_estimator(clf, X, grid_resolution=15)
    assert display.response.shape == (15, 15)
    assert np.unique(display.response).size > 1
    assert clf.score(X, y) > 0.6
