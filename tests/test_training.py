"""Training of FashionCNNClassifier: weights, held-out images, continued training."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
from _small import quick
from sklearn.base import clone
from sklearn.metrics import accuracy_score, log_loss

from fmnist_sk._training import OPTIMIZERS, LabelledImages, Normalisation
from fmnist_sk.augmentation import check_augmentation


@pytest.fixture(scope="module")
def images(sample):
    """Three hundred real images, read-only."""
    return sample.X_train[:300], sample.y_train[:300]


# -- Weights of samples and classes --------------------------------------------------


def test_weights_stand_for_repetition(sample):
    """Equivalent of scikit-learn's check, which networks with batch norm fail.

    Without batch normalisation, and with one batch of all images, a weight of k has the
    same effect as k copies of the image, up to rounding in float32. Weight 0 has the
    same effect as leaving the image out.
    """
    X, y = sample.X_train[:60], sample.y_train[:60] % 3
    weight = np.random.default_rng(0).integers(0, 4, size=60)
    clf = quick(
        architecture="two_conv",
        filters=4,
        dense_units=8,
        epochs=15,
        batch_size=1000,
        precision="float32",
    )
    X_repeated, y_repeated = X.repeat(weight, axis=0), y.repeat(weight)
    # Mean and scale do not depend on weights, so both fits get images that are already
    # standardised.
    mean, scale = X.mean(), X.std()
    X, X_repeated = (X - mean) / scale, (X_repeated - mean) / scale
    weighted = clone(clf).fit(X, y, sample_weight=weight)
    repeated = clone(clf).fit(X_repeated, y_repeated)
    unweighted = clone(clf).fit(X, y)
    difference = abs(weighted.predict_proba(X) - repeated.predict_proba(X)).max()
    assert difference < 0.02
    assert abs(weighted.predict_proba(X) - unweighted.predict_proba(X)).max() > 0.05


def test_weight_zero_is_left_out(images):
    X, y = images
    weight = np.ones(300)
    weight[200:] = 0
    spoilt = X.copy()
    spoilt[200:] = 255
    with_zeros = quick().fit(spoilt, y, sample_weight=weight)
    without = quick().fit(X[:200], y[:200])
    np.testing.assert_array_equal(with_zeros.predict_proba(X), without.predict_proba(X))


def test_the_scale_of_weights_does_not_matter(images):
    X, y = images
    weight = np.random.default_rng(0).uniform(0.5, 2, size=300)
    one = quick(precision="float32").fit(X, y, sample_weight=weight)
    thousand = quick(precision="float32").fit(X, y, sample_weight=1024 * weight)
    np.testing.assert_allclose(
        one.predict_proba(X), thousand.predict_proba(X), atol=1e-4
    )


def test_class_weights_are_sample_weights(images):
    X, y = images
    names = np.array(list("abcdefghij"))[y]
    by_class = quick(class_weight={"a": 5.0, "b": 0.5}).fit(X, names)
    weight = np.select([y == 0, y == 1], [5.0, 0.5], 1.0)
    by_sample = quick().fit(X, names, sample_weight=weight)
    np.testing.assert_array_equal(by_class.predict_proba(X), by_sample.predict_proba(X))


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_class_weights_that_are_no_weights_are_refused(images, weight):
    X, y = images
    for call in ("fit", "partial_fit"):
        clf = quick(class_weight={0: weight})
        extra = {"classes": np.unique(y)} if call == "partial_fit" else {}
        with pytest.raises(ValueError, match="'class_weight' parameter must contain"):
            getattr(clf, call)(X, y, **extra)
        assert not hasattr(clf, "classes_")


def test_balanced_classes_find_the_rare_one(sample):
    pullover, shirt = (sample.X_train[sample.y_train == k] for k in (2, 6))
    X = np.concatenate([pullover, shirt[:20]])
    y = np.repeat(["pullover", "shirt"], [len(pullover), 20])
    test = np.isin(sample.y_test, [2, 6])
    found = {}
    for class_weight in (None, "balanced"):
        clf = quick(epochs=8, class_weight=class_weight).fit(X, y)
        found[class_weight] = (clf.predict(sample.X_test[test]) == "shirt").mean()
    assert found["balanced"] > found[None] + 0.05


# -- Hold-outs and early stopping ----------------------------------------------------


def test_validation_data_is_measured_and_not_trained_on(images, sample):
    X, y = images
    X_val, y_val = sample.X_test[:100].reshape(-1, 28, 28), sample.y_test[:100]
    watched = quick().fit(X, y, X_val=X_val, y_val=y_val)
    alone = quick().fit(X, y)
    np.testing.assert_array_equal(watched.predict_proba(X), alone.predict_proba(X))
    assert len(watched.history_["val_loss"]) == 2
    # The held-out metrics equal those of the fitted estimator, up to precision.
    assert watched.history_["val_accuracy"][-1] == pytest.approx(
        accuracy_score(y_val, watched.predict(X_val)), abs=0.02
    )
    assert watched.history_["val_loss"][-1] == pytest.approx(
        log_loss(y_val, watched.predict_proba(X_val), labels=range(10)), rel=0.02
    )


def test_validation_labels_and_weights(images):
    X, y = images
    names = np.array(list("abcdefghij"))[y]
    weight = np.zeros(100)
    weight[:50] = 1
    half = quick().fit(X, names, X_val=X[:50], y_val=names[:50])
    weighted = quick().fit(
        X, names, X_val=X[:100], y_val=names[:100], sample_weight_val=weight
    )
    assert weighted.history_ == half.history_
    with pytest.raises(ValueError, match="passed together"):
        quick().fit(X, y, X_val=X)
    with pytest.raises(ValueError, match="unknown labels"):
        quick().fit(X, names, X_val=X[:3], y_val=["a", "b", "z"])
    with pytest.raises(ValueError, match="features"):
        quick().fit(X, y, X_val=X[:, 1:], y_val=y)


def test_early_stopping_restores_the_best_epoch(images, sample):
    X, y = images
    X_val, y_val = sample.X_test[:300], sample.y_test[:300]
    clf = quick(
        early_stopping=True,
        epochs=60,
        n_iter_no_change=3,
        learning_rate=0.01,
        lr_schedule="constant",
        precision="float32",
    ).fit(X, y, X_val=X_val, y_val=y_val)
    losses = clf.history_["val_loss"]
    assert clf.n_iter_ == len(losses) < 60
    assert clf.best_epoch_ == clf.n_iter_ - 3
    loss = log_loss(y_val, clf.predict_proba(X_val), labels=range(10))
    assert loss == pytest.approx(losses[clf.best_epoch_ - 1], rel=1e-4)
    assert loss < losses[-1]


def test_the_hold_out_is_stratified_and_shuffled(sample):
    order = np.argsort(sample.y_train, kind="stable")  # sorted labels
    X, y = sample.X_train[order][::10], sample.y_train[order][::10]
    clf = quick(
        early_stopping=True, validation_fraction=0.2, epochs=10, learning_rate=0.01
    ).fit(X, y)
    assert clf.history_["val_accuracy"][clf.best_epoch_ - 1] > 0.5


@pytest.mark.parametrize(("n_images", "fraction"), [(50, 0.1), (20, 0.1), (40, 0.9)])
def test_a_small_hold_out_has_an_image_of_each_class(sample, n_images, fraction):
    """Two images of each class are sufficient."""
    rows = np.concatenate(
        [np.flatnonzero(sample.y_train == k)[: n_images // 10] for k in range(10)]
    )
    X, y = sample.X_train[rows], sample.y_train[rows]
    data = LabelledImages(
        X, y.astype(np.int32), np.ones(n_images), np.arange(n_images), (28, 28, 1)
    )
    for part in data.split(fraction, np.random.RandomState(0)):
        assert set(y[part.rows]) == set(range(10))
    clf = quick(early_stopping=True, validation_fraction=fraction).fit(X, y)
    assert len(clf.history_["val_loss"]) == clf.n_iter_


def test_a_hold_out_that_cannot_be_stratified_is_refused(images):
    X, y = images
    y = np.where(np.arange(300) == 0, 99, y)
    with pytest.raises(ValueError, match="least populated class"):
        quick(early_stopping=True).fit(X, y)


@pytest.mark.parametrize("warm", [False, True])
def test_refit_trains_on_everything_for_the_best_number_of_epochs(images, warm):
    X, y = images
    stopping = {
        "early_stopping": True,
        "n_iter_no_change": 2,
        "learning_rate": 0.02,
        "epochs": 30,
    }
    models = []
    for settings in {**stopping, "refit": True}, stopping:
        clf = quick(warm_start=warm)
        if warm:
            clf.fit(X[:200], y[:200])
        models.append(clf.set_params(**settings).fit(X, y))
    refitted, stopped = models
    assert refitted.history_ == stopped.history_
    assert refitted.best_epoch_ == stopped.best_epoch_ == refitted.n_iter_ < 30
    by_hand = quick(warm_start=warm)
    if warm:
        by_hand.fit(X[:200], y[:200])
    by_hand.set_params(learning_rate=0.02, epochs=refitted.n_iter_).fit(X, y)
    for expected, weight in zip(
        by_hand._fitted.weights, refitted._fitted.weights, strict=True
    ):
        np.testing.assert_array_equal(weight, expected)


def test_refit_needs_images_that_were_held_out_from_X(images):
    X, y = images
    stopping = {"early_stopping": True, "epochs": 4}
    models = [
        quick(**stopping, refit=refit).fit(
            X[:200], y[:200], X_val=X[200:], y_val=y[200:]
        )
        for refit in (False, True)
    ]
    for a, b in zip(*(clf._fitted.weights for clf in models), strict=True):
        np.testing.assert_array_equal(a, b)


# -- Continued training --------------------------------------------------------------


def test_warm_start_goes_on_from_the_weights(images):
    X, y = images
    clf = quick(warm_start=True, epochs=4, learning_rate=0.01).fit(X, y)
    before = clf.history_["loss"]
    clf.fit(X, y)
    assert clf.history_["loss"][0] < before[0] / 2
    assert clf.n_iter_ == 4
    with pytest.raises(ValueError, match="unknown labels"):
        clf.fit(X, y + 1)
    cold = clone(clf).set_params(warm_start=False).fit(X, y)
    assert cold.history_["loss"] == before


def test_partial_fit_learns_from_a_stream(sample):
    clf = quick(batch_size=16)
    for first in range(0, 3000, 500):
        rows = slice(first, first + 500)
        clf.partial_fit(
            sample.X_train[rows], sample.y_train[rows], classes=np.arange(10)
        )
    assert clf.n_iter_ == 6
    assert len(clf.history_["loss"]) == 6
    assert clf.score(sample.X_test, sample.y_test) > 0.6


def test_partial_fit_checks_its_classes(images):
    X, y = images
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        quick().partial_fit(X, y)
    with pytest.raises(ValueError, match="unknown labels"):
        quick().partial_fit(X, y, classes=[0, 1])
    clf = quick().partial_fit(X, y, classes=np.arange(12))
    assert clf.predict_proba(X[:1]).shape == (1, 12)
    with pytest.raises(ValueError, match="not the same as on last call"):
        clf.partial_fit(X, y, classes=np.arange(10))


def test_a_failed_first_partial_fit_leaves_nothing(images):
    X, y = images
    clf = quick()
    with pytest.raises(ValueError, match="unknown labels"):
        clf.partial_fit(X, y, classes=[0, 1])
    assert vars(clf) == vars(quick())


# -- Parts of a training run ---------------------------------------------------------


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_every_optimizer_learns(images, optimizer):
    X, y = images
    clf = quick(optimizer=optimizer, epochs=8, batch_size=16).fit(X, y)
    assert clf.score(X, y) > 0.5


@pytest.mark.parametrize(
    "parameters",
    [
        {"precision": "float32"},
        {"precision": "bfloat16"},
        {"label_smoothing": 0.1},
        {"lr_schedule": "cosine"},
        {"augmentation": "strong"},
        {"augmentation": {"alternating_flip": 1}},
        {"augmentation": {"brightness": 0.2, "contrast": 0.2, "shear": 5}},
        {"augmentation": {"mixup": 1.0}},
        {"augmentation": {"cutmix": 0.5, "erasing": 0.5}},
        {"activation": "gelu"},
        {"batch_norm": False},
        {"dropout": 0.3},
        {"kernel_size": (3, 5)},
        {"dense_units": (32, 16)},
        {"weight_decay": 0.0},
    ],
    ids=str,
)
def test_every_parameter_trains_and_matters(images, parameters):
    X, y = images
    base = {
        "epochs": 6,
        "batch_size": 16,
        "precision": "float32",
        "learning_rate": 0.01,
    }
    clf = quick(**{**base, **parameters}).fit(X, y)
    assert clf.score(X, y) > 0.3
    other = quick(**base).fit(X, y)
    if parameters != {"precision": "float32"}:
        assert abs(clf.predict_proba(X) - other.predict_proba(X)).max() > 1e-4


def some_images(X, y, weights=None):
    weights = np.ones(len(X)) if weights is None else weights
    return LabelledImages(X, y, weights, np.arange(len(X)), (4, 4, 1))


def augmentation_plan(augmentation):
    return SimpleNamespace(augmentation=check_augmentation(augmentation), seed=0)


MIXING = {"mixup": 0.5, "mixup_alpha": 1.0, "cutmix": 0.3}


def test_labels_and_weights_are_mixed_as_the_images_are():
    """The pixels are ten times the label, and the weights are the label and one."""
    y = np.random.default_rng(0).integers(10, size=200).astype(np.int32)
    X = np.repeat(10.0 * y[:, None], 16, axis=1)
    data = some_images(X, y, y + 1.0)
    normalisation = Normalisation.learn(X, data.rows, data.image_shape)
    rows = np.random.default_rng(1).permutation(200)[:150]
    images, codes, weights, partner_codes, partner_weights, shares = data.augmented(
        rows, augmentation_plan(MIXING), normalisation, 0, np.random.default_rng(2)
    )
    np.testing.assert_array_equal(codes, y[rows])
    mean = (y + 1.0).mean()
    np.testing.assert_allclose(weights * mean, codes + 1, rtol=1e-6)
    np.testing.assert_allclose(partner_weights * mean, partner_codes + 1, rtol=1e-6)
    pixels = images * normalisation.scale + normalisation.mean
    labels = (shares * codes + (1 - shares) * partner_codes)[:, None]
    np.testing.assert_allclose(pixels.mean(axis=(1, 2)), 10 * labels, atol=1e-3)
    assert (shares < 1).mean() > 0.5


@pytest.mark.parametrize("mixing", [{"mixup": 1.0, "mixup_alpha": 1.0}, {"cutmix": 1}])
@pytest.mark.parametrize("by", ["sample_weight", "class_weight"])
def test_a_label_of_almost_no_weight_is_not_learnt_from_partners_either(
    sample, mixing, by
):
    X, y = sample.X_train[:600], sample.y_train[:600]
    clf = quick(epochs=8, augmentation=mixing, learning_rate=0.01)
    if by == "class_weight":
        clf.set_params(class_weight={0: 1e-6}).fit(X, y)
    else:
        clf.fit(X, y, sample_weight=np.where(y == 0, 1e-6, 1.0))
    shirts = X[y == 0]
    assert clf.predict_proba(shirts)[:, 0].mean() < 0.02
    clf.set_params(class_weight=None).fit(X, y)
    assert clf.predict_proba(shirts)[:, 0].mean() > 0.2


def test_the_accuracy_of_mixed_images_counts_both_labels(images):
    """All pixels come from the partner, so the label of the partner counts."""
    X, y = images
    halves = {"cutmix": 1.0, "cutmix_alpha": 1e-3}  # either the whole image or nothing
    clf = quick(augmentation=halves, epochs=20, learning_rate=0.01).fit(X, y)
    plain = quick(epochs=20, learning_rate=0.01).fit(X, y)
    assert plain.history_["accuracy"][-1] > 0.9
    assert clf.history_["accuracy"][-1] > 0.75


def test_alternating_flips_mirror_one_half_and_then_the_other():
    X = np.random.default_rng(0).integers(256, size=(100, 16)).astype(np.uint8)
    data = some_images(X, np.zeros(100, np.int32))
    normalisation = Normalisation.learn(X, data.rows, data.image_shape)
    plan = augmentation_plan({"alternating_flip": 1})
    rng, rows = np.random.default_rng(1), np.random.default_rng(2).permutation(100)
    first, second, third = (
        data.augmented(rows, plan, normalisation, epoch, rng)[0] for epoch in range(3)
    )
    np.testing.assert_array_equal(first, second[:, :, ::-1])
    np.testing.assert_array_equal(first, third)
    upright = (first[..., 0] == X[rows].reshape(-1, 4, 4)).all(axis=(1, 2))
    assert 0.3 < upright.mean() < 0.7


def test_partial_fit_mixes_as_fit_does(images):
    X, y = images
    settings = {
        "augmentation": {"mixup": 0.5, "cutmix": 0.5, "alternating_flip": 1},
        "lr_schedule": "constant",
        "batch_size": 32,
    }
    whole = quick(**settings, epochs=3).fit(X, y)
    steps = quick(**settings)
    for _ in range(3):
        steps.partial_fit(X, y, classes=np.unique(y))
    np.testing.assert_array_equal(whole.predict_proba(X), steps.predict_proba(X))


def test_normalisation_is_exact(monkeypatch):
    monkeypatch.setattr("fmnist_sk._training._normalisation._BLOCK_BYTES", 1000)
    rng = np.random.default_rng(0)
    X = (rng.normal(1e5, 3, size=(500, 4, 3)) * [1, 2, 0]).reshape(500, 12)
    rows = np.arange(0, 500, 2)
    learnt = Normalisation.learn(X, rows, (2, 2, 3))
    pixels = X[rows].reshape(-1, 3)
    np.testing.assert_allclose(learnt.mean, pixels.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(learnt.scale[:2], pixels.std(axis=0)[:2], rtol=1e-9)
    assert learnt.scale[2] == 1


def test_deepcopy_of_a_fitted_estimator_is_independent(images):
    X, y = images
    clf = quick().fit(X, y)
    twin = copy.deepcopy(clf)
    expected = clf.predict_proba(X)
    clf.fit(X[:50], y[:50])
    np.testing.assert_array_equal(twin.predict_proba(X), expected)
