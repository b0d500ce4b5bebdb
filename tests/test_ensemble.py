"""Ensembles of several networks."""

import numpy as np
import pytest
from _small import small_cnn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from fmnist_sk import ImageEncoder, load_model, save_model
from fmnist_sk.architectures import Ensemble
from fmnist_sk.inspection import grad_cam
from fmnist_sk.pretrained import join, pack, unpack

BOTH = Ensemble(("vgg", {"filters": (4, 4, 8)}), ("resnet", {"filters": (4, 8, 8)}))


@pytest.fixture(scope="module")
def images(sample):
    """Three hundred real images, read-only."""
    return sample.X_train[:300], sample.y_train[:300]


@pytest.fixture(scope="module")
def trained(images):
    """Fitted classifier with an ensemble."""
    return small_cnn(architecture=BOTH, epochs=6, batch_size=32).fit(*images)


def test_joined_classifiers_average_their_logits(images):
    X, y = images
    apart = [
        small_cnn(architecture=name, filters=filters, tta=None).fit(X, y)
        for name, filters in (("vgg", (4, 4, 8)), ("resnet", (4, 8, 8)))
    ]
    # No views: the joined networks and each network alone are unsure of other images.
    joined = join(apart)
    assert joined.architecture == BOTH
    expected = np.mean([clf.decision_function(X) for clf in apart], axis=0)
    np.testing.assert_allclose(joined.decision_function(X), expected, atol=1e-5)
    again = unpack(pack(joined))
    assert again.get_params() == joined.get_params()
    np.testing.assert_allclose(again.decision_function(X), expected, atol=0.02)


def test_it_is_trained_as_one(images, trained, tmp_path):
    X, y = images
    assert trained.score(X, y) > 0.7
    again = clone(trained).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), trained.predict_proba(X))
    np.testing.assert_allclose(
        trained.to_keras()(X.reshape(-1, 28, 28, 1)),
        trained.predict_proba(X),
        atol=1e-5,
    )
    save_model(trained, tmp_path / "both.skops")
    loaded = load_model(tmp_path / "both.skops")
    assert loaded.architecture == BOTH
    np.testing.assert_array_equal(loaded.predict_proba(X), trained.predict_proba(X))
    loaded.set_params(warm_start=True, dropout=0.5, epochs=1).fit(X, y)


def test_what_looks_into_networks_looks_into_it(images, trained):
    X, y = images
    assert grad_cam(trained, X[:3]).shape == (3, 28, 28)
    encoder = ImageEncoder(clone(trained).set_params(epochs=1)).fit(X, y)
    assert encoder.transform(X[:3]).shape == (3, 16)


def test_ensembles_are_values_of_a_grid(images):
    X, y = images
    twice = Ensemble("compact", "compact")
    grid = {"architecture": ["compact", twice], "filters": [2, 4]}
    search = GridSearchCV(small_cnn(epochs=1), grid, cv=2, error_score="raise")
    search.fit(X, y)
    sizes = {
        (a, f): clone(search.estimator)
        .set_params(architecture=a, filters=f)
        .fit(X, y)
        .n_parameters_
        for a in grid["architecture"]
        for f in grid["filters"]
    }
    assert sizes[twice, 4] == 2 * sizes["compact", 4] > 2 * sizes["compact", 2]
    assert repr(twice) == "Ensemble('compact', 'compact')"
    assert hash(twice) == hash(Ensemble("compact", "compact"))
    assert twice != Ensemble("compact", ("compact", {"filters": [2, 3, 4]}))


@pytest.mark.parametrize(
    "members",
    [
        ("compact", "alexnet"),
        ("compact", ("vgg", {"dropout": 0.1})),
        ("compact", ("vgg", {"depth": 3})),
        ("compact",),
    ],
)
def test_members_that_do_not_fit(members):
    with pytest.raises(ValueError, match="Ensemble"):
        Ensemble(*members)
