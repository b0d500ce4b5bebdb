"""Calibration of probabilities: expected calibration error and temperature."""

import numpy as np
import pytest
import sklearn
from _small import quick
from scipy.special import softmax
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.utils.fixes import parse_version

from fmnist_sk._training import fit_temperature
from fmnist_sk.metrics import expected_calibration_error


@pytest.fixture(scope="module")
def images(sample):
    return sample.X_train[:600], sample.y_train[:600]


@pytest.fixture(scope="module")
def held_out(sample):
    return {"X_val": sample.X_test[:300], "y_val": sample.y_test[:300]}


# Expected calibration error -----------------------------------------------------


def test_error_worked_out_by_hand():
    # Of two images at 0.55 one is correct; 0.95 is correct; 0.75 is wrong.
    y_proba = [[0.55, 0.45], [0.45, 0.55], [0.05, 0.95], [0.75, 0.25]]
    y_true = [0, 0, 1, 1]
    # Bins of 0.1: two images at 0.55 with accuracy 0.5, then 0.95 - 1, 0.75 - 0.
    expected = (2 * abs(0.55 - 0.5) + abs(0.95 - 1) + abs(0.75 - 0)) / 4
    assert expected_calibration_error(y_true, y_proba, n_bins=10) == pytest.approx(
        expected
    )
    # With one bin, only the totals count.
    assert expected_calibration_error(y_true, y_proba, n_bins=1) == pytest.approx(
        abs((0.55 + 0.55 + 0.95 + 0.75) / 4 - 0.5)
    )


def test_calibrated_probabilities_have_none():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(4), size=200_000)
    y = (proba.cumsum(axis=1) > rng.random((len(proba), 1))).argmax(axis=1)
    assert expected_calibration_error(y, proba) < 0.005
    surer = softmax(3 * np.log(proba), axis=1)
    assert expected_calibration_error(y, surer) > 0.1


def test_weights_and_labels():
    rng = np.random.default_rng(0)
    proba, y = rng.dirichlet(np.ones(3), size=50), rng.integers(3, size=50)
    weight = rng.integers(3, size=50)
    assert expected_calibration_error(y, proba, sample_weight=weight) == pytest.approx(
        expected_calibration_error(
            np.repeat(y, weight), np.repeat(proba, weight, axis=0)
        )
    )
    names = np.array(["c", "a", "b"])
    assert expected_calibration_error(
        names[y], proba, labels=names
    ) == expected_calibration_error(y, proba)
    assert expected_calibration_error([0], [[1.0, 0.0]], labels=[0, 1]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1], [[1, 0]]), "inconsistent numbers of samples"),
        (([0, 1], [[1.0, 0, 0], [0, 1, 0]]), "Pass all classes as labels"),
        (([0, 1], [[2.0, -1], [0, 1]]), "must contain values between 0 and 1"),
        (([0, 1], [[np.nan, 1], [0, 1]]), "contains NaN"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        expected_calibration_error(*arguments)
    with pytest.raises(ValueError, match="n_bins"):
        expected_calibration_error([0, 1], [[1, 0], [0, 1]], n_bins=0)


# Temperature --------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_the_temperature_is_found(temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 5)) * 2
    proba = softmax(logits, axis=1)
    y = (proba.cumsum(axis=1) > rng.random((len(proba), 1))).argmax(axis=1)
    found = fit_temperature(logits * temperature, y, np.ones(len(y)))
    assert found == pytest.approx(temperature, rel=0.05)


def test_auto_lowers_the_loss_on_held_out_images(images, held_out):
    plain = quick(epochs=12, label_smoothing=0.3).fit(*images, **held_out)
    clf = quick(epochs=12, label_smoothing=0.3, temperature="auto")
    clf.fit(*images, **held_out)
    assert plain.temperature_ == 1
    assert 0.1 < clf.temperature_ < 0.9  # smoothing makes the network underconfident
    np.testing.assert_allclose(
        clf.decision_function(images[0]),
        plain.decision_function(images[0]) / clf.temperature_,
    )
    losses = [
        log_loss(held_out["y_val"], c.predict_proba(held_out["X_val"]))
        for c in (clf, plain)
    ]
    assert losses[0] < losses[1] - 0.05


def test_auto_takes_the_hold_out_of_early_stopping(images):
    clf = quick(early_stopping=True, temperature="auto", epochs=4).fit(*images)
    assert clf.temperature_ != 1
    again = quick(early_stopping=True, temperature="auto", epochs=4).fit(*images)
    assert clf.temperature_ == again.temperature_
    refit = quick(early_stopping=True, temperature="auto", epochs=4, refit=True)
    assert refit.fit(*images).temperature_ == clf.temperature_


def test_a_hold_out_without_errors_says_little():
    """If all held-out images are correct, the log loss falls with the temperature."""
    rng = np.random.default_rng(0)
    codes = rng.integers(10, size=60)
    logits = rng.normal(size=(60, 10)) + 8 * np.eye(10)[codes]
    assert (logits.argmax(axis=1) == codes).all()
    found = fit_temperature(logits, codes, np.ones(60))
    assert 0.5 < found < 1
    # Many images with errors outweigh the prior.
    codes = rng.integers(10, size=5000)
    logits = 3 * (rng.normal(size=(5000, 10)) + 2 * np.eye(10)[codes])
    assert fit_temperature(logits, codes, np.ones(5000)) == pytest.approx(1.5, rel=0.1)


@pytest.mark.parametrize("seed", [0, 1])
def test_auto_does_no_harm_on_small_easy_data(seed):
    """All held-out digits are correct: without a prior, the temperature was .02."""
    X, X_test, y, y_test = train_test_split(
        *load_digits(return_X_y=True), train_size=600, random_state=seed
    )
    clf = quick(
        architecture="standard",
        epochs=12,
        early_stopping=True,
        random_state=seed,
        temperature="auto",
    ).fit(X, y)
    assert max(clf.history_["val_accuracy"]) == 1
    loss = log_loss(y_test, clf.predict_proba(X_test))
    plain = log_loss(
        y_test, softmax(clf.decision_function(X_test) * clf.temperature_, 1)
    )
    assert loss < plain + 0.01


def test_a_number_is_taken_as_it_is(images):
    plain = quick().fit(*images)
    clf = quick(temperature=2).fit(*images)
    np.testing.assert_array_equal(
        clf.decision_function(images[0]), plain.decision_function(images[0]) / 2
    )
    search = GridSearchCV(
        quick(), {"temperature": [0.5, 2.0]}, scoring="neg_log_loss", cv=2
    ).fit(*images)
    assert search.best_estimator_.temperature_ in (0.5, 2.0)


def probabilities_at_the_end(image_shape, n_classes):
    import keras

    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Conv2D(4, 3, strides=3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(n_classes, activation="softmax"),
        ]
    )


@pytest.mark.parametrize("architecture", ["compact", probabilities_at_the_end])
@pytest.mark.parametrize("tta", [None, "flip"])
def test_keras_model_has_the_temperature(images, architecture, tta):
    X, y = images
    clf = quick(architecture=architecture, temperature=1.7, tta=tta).fit(X, y)
    given = clf.to_keras().predict(X[:20].reshape(-1, 28, 28, 1), verbose=0)
    np.testing.assert_allclose(given, clf.predict_proba(X[:20]), atol=1e-5)


def test_no_held_out_images(images):
    X, y = images
    with pytest.raises(ValueError, match="temperature='auto' requires held-out images"):
        quick(temperature="auto").fit(X, y)
    assert not hasattr(quick(temperature="auto"), "partial_fit")
    assert quick(temperature=3.0).partial_fit(X, y, classes=range(10)).temperature_ == 3
    for wrong in (0, -1.0, "best"):
        with pytest.raises(ValueError, match="'temperature' parameter"):
            quick(temperature=wrong).fit(X, y)


@pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.8"), reason="scikit-learn 1.8"
)
def test_scikit_learns_own_temperature(images, held_out):
    """`decision_function` returns logits, which scikit-learn can scale."""
    clf = quick(epochs=12, label_smoothing=0.3)
    calibrated = CalibratedClassifierCV(clf, method="temperature", cv=2).fit(*images)
    X, y = held_out["X_val"], held_out["y_val"]
    plain = clf.fit(*images)
    assert expected_calibration_error(
        y, calibrated.predict_proba(X)
    ) < expected_calibration_error(y, plain.predict_proba(X))
