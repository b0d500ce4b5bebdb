"""The classifier in pipelines, with column transformers and DataFrames."""

import numpy as np
import pandas as pd
import pytest
from _small import quick, small_cnn
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline as ImbalancedPipeline
from joblib import Memory
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import recall_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from fmnist_sk import (
    CLASS_NAMES,
    ImageAugmenter,
    ImageEncoder,
    ImageNormalizer,
    ImageReshaper,
)


@pytest.fixture(scope="module")
def data(sample):
    """Training data X, y and test data X_test, y_test."""
    return (
        sample.X_train[:400],
        sample.y_train[:400],
        sample.X_test[:500],
        sample.y_test[:500],
    )


@pytest.fixture(scope="module")
def frames(data):
    """Same data as DataFrames with named pixels, and the names of the classes."""
    names, pixels = np.array(CLASS_NAMES), [f"pixel{i}" for i in range(784)]
    X, y, X_test, y_test = data
    return (
        pd.DataFrame(X, columns=pixels, index=np.arange(400) + 1000),
        pd.Series(names[y], index=np.arange(400) + 1000),
        pd.DataFrame(X_test, columns=pixels),
        pd.Series(names[y_test]),
    )


def test_all_transformers_before_the_classifier(data):
    X, y, X_test, y_test = data
    pipe = make_pipeline(
        ImageReshaper(),
        ImageAugmenter(random_state=0),
        ImageNormalizer(),
        small_cnn(epochs=6),
    ).fit(X, y)
    assert pipe[-1].image_shape_ == (28, 28, 1)
    assert pipe.score(X_test, y_test) > 0.5
    # Prediction does not augment, so a second prediction is equal.
    assert_array_equal(pipe.predict_proba(X_test), pipe.predict_proba(X_test))


def test_scikit_learn_scalers_before_the_classifier(data):
    X, y, X_test, y_test = data
    pipe = make_pipeline(StandardScaler(), small_cnn()).fit(X, y)
    assert pipe.score(X_test, y_test) > 0.45


def test_clone_and_set_params_of_nested_estimators(data):
    search = GridSearchCV(
        Pipeline([("images", ImageReshaper()), ("clf", small_cnn())]),
        {"clf__epochs": [1, 2]},
        cv=2,
    )
    copied = clone(search).set_params(estimator__clf__filters=4)
    assert copied.get_params()["estimator__clf__filters"] == 4
    assert search.get_params()["estimator__clf__filters"] is None
    copied.fit(*data[:2])
    assert copied.best_estimator_[-1].to_keras().get_weights()[0].shape[-1] == 4
    assert not hasattr(clone(copied.best_estimator_)[-1], "classes_")


def test_a_step_can_be_replaced_in_a_search(data):
    pipe = Pipeline([("scale", ImageNormalizer()), ("clf", small_cnn())])
    search = GridSearchCV(
        pipe,
        {"scale": ["passthrough", ImageNormalizer()], "clf__epochs": [3]},
        cv=2,
    ).fit(*data[:2])
    # The network normalises images itself.
    low, high = np.sort(search.cv_results_["mean_test_score"])
    assert low > 0.45
    assert high - low < 0.05


def test_memory_keeps_the_transformed_images(data, tmp_path):
    X, y, X_test, _ = data
    memory = Memory(tmp_path, verbose=0)
    pipe = Pipeline([("augment", ImageAugmenter(random_state=0)), ("clf", small_cnn())])
    expected = clone(pipe).fit(X, y).predict_proba(X_test)
    cached = clone(pipe).set_params(memory=memory)
    for epochs in (1, 3):
        cached.set_params(clf__epochs=epochs).fit(X, y)
    assert len(memory.store_backend.get_items()) == 1
    assert_array_equal(cached.predict_proba(X_test), expected)


def test_cloudpickle_of_an_architecture_defined_in_a_function(data):
    cloudpickle = pytest.importorskip("cloudpickle")
    X, y, X_test, _ = data

    def linear(image_shape, n_classes):
        import keras

        layers = [keras.layers.Flatten(), keras.layers.Dense(n_classes)]
        return keras.Sequential([keras.layers.Input(image_shape), *layers])

    pipe = make_pipeline(ImageReshaper(), small_cnn(architecture=linear)).fit(X, y)
    again = cloudpickle.loads(cloudpickle.dumps(pipe))
    assert_array_equal(again.predict_proba(X_test), pipe.predict_proba(X_test))
    assert_array_equal(clone(again).fit(X, y).predict(X_test), pipe.predict(X_test))


# Frames ---------------------------------------------------------------------------


def test_frames_end_to_end(frames, data):
    X, names, X_test, names_test = frames
    pipe = make_pipeline(ImageNormalizer(), small_cnn()).fit(X, names)
    assert pipe.feature_names_in_.tolist() == X.columns.tolist()
    assert set(pipe.predict(X_test)) <= set(CLASS_NAMES)
    assert pipe.score(X_test, names_test) > 0.5
    assert cross_val_score(pipe, X, names, cv=2).min() > 0.45


def test_permuted_columns_are_refused(frames):
    X, names, X_test, _ = frames
    clf = small_cnn().fit(X, names)
    with pytest.raises(ValueError, match="in the same order"):
        clf.predict(X_test[X_test.columns[::-1]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        clf.predict(X_test.to_numpy())


def test_set_output_hands_the_classifier_named_pixels(frames):
    X, names, X_test, _ = frames
    pipe = make_pipeline(ImageAugmenter(random_state=0), ImageNormalizer(), small_cnn())
    expected = clone(pipe).fit(X, names).predict_proba(X_test)
    pipe.set_output(transform="pandas").fit(X, names)
    assert isinstance(pipe[:-1].transform(X_test), pd.DataFrame)
    assert pipe[-1].feature_names_in_.tolist() == X.columns.tolist()
    assert_array_equal(pipe.predict_proba(X_test), expected)


# Frames of images that are not square ---------------------------------------------


@pytest.fixture(scope="module")
def colour(data):
    """Colour images of 14 × 28 pixels and their labels."""
    X, y, *_ = data
    half = X[:60].reshape(-1, 28, 28)[:, ::2]
    return np.stack([half, half // 2, 255 - half], axis=3), y[:60]


PREPARATIONS = [
    [ImageReshaper()],
    [ImageNormalizer(method="standardize")],
    [ImageAugmenter(random_state=0)],
    [ImageReshaper(), ImageAugmenter(random_state=0), ImageNormalizer()],
    [ImageReshaper(), FunctionTransformer()],
]


@pytest.mark.parametrize("steps", PREPARATIONS, ids=str)
@pytest.mark.parametrize("encode", [False, True], ids=["classifier", "encoder"])
def test_a_frame_between_the_steps_keeps_the_shape_of_images(colour, steps, encode):
    X, y = colour
    last = quick(epochs=1)
    pipe = make_pipeline(*steps, ImageEncoder(last) if encode else last)
    of_arrays, of_frames = clone(pipe).fit(X, y), clone(pipe)
    of_frames.set_output(transform="pandas").fit(X, y)
    assert isinstance(of_frames[:-1].transform(X), pd.DataFrame)
    assert of_frames[-1].image_shape_ == (14, 28, 3)
    method = "transform" if encode else "predict_proba"
    assert_array_equal(getattr(of_frames, method)(X), getattr(of_arrays, method)(X))


def test_frames_of_images_in_cross_validation(colour):
    X, y = colour
    frame = ImageReshaper().set_output(transform="pandas").fit_transform(X)
    expected = cross_val_score(quick(epochs=1), X, y > 4, cv=2)
    assert_array_equal(cross_val_score(quick(epochs=1), frame, y > 4, cv=2), expected)
    pipe = make_pipeline(ImageNormalizer(), quick(epochs=1))
    pipe.set_output(transform="pandas")
    scores = cross_val_score(pipe, X, y > 4, cv=2, error_score="raise")
    of_arrays = clone(pipe).set_output(transform="default")
    assert_array_equal(scores, cross_val_score(of_arrays, X, y > 4, cv=2))


def test_a_column_transformer_hands_on_the_shape_of_images(colour):
    X, y = colour
    rows = X.reshape(len(X), -1)
    images = ImageReshaper(image_shape=(14, 28, 3))
    columns = ColumnTransformer([("images", images, slice(0, 1176))])
    pipe = make_pipeline(columns, quick(epochs=1)).set_output(transform="pandas")
    assert pipe.fit(rows, y)[-1].image_shape_ == (14, 28, 3)
    # Two halves side by side no longer have the shape of one half.
    half = ImageReshaper(image_shape=(14, 14, 3))
    halves = [("left", half, slice(0, 588)), ("right", half, slice(588, 1176))]
    pipe = make_pipeline(ColumnTransformer(halves), quick(epochs=1))
    pipe.set_output(transform="pandas")
    with pytest.warns(UserWarning, match="requires 588 features, but X has 1176"):
        pipe.fit(rows, y)
    pipe.set_params(fashioncnnclassifier__image_shape=(14, 28, 3)).fit(rows, y)
    assert pipe[-1].image_shape_ == (14, 28, 3)


# Tensors and labelled arrays ------------------------------------------------------


class Labelled:
    """Array with a shape and a conversion, but without `reshape`, as in xarray."""

    def __init__(self, array):
        self.array, self.shape, self.ndim = array, array.shape, array.ndim
        self.dtype = array.dtype

    def __len__(self):
        return len(self.array)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype=dtype)


def tensor(array):
    import tensorflow as tf

    return tf.constant(array)


@pytest.mark.parametrize("convert", [tensor, Labelled])
@pytest.mark.parametrize("shape", [(-1, 784), (-1, 28, 28), (-1, 28, 28, 1)], ids=str)
def test_images_that_numpy_can_convert(data, convert, shape):
    X, y = data[0][:100].reshape(shape), data[1][:100]
    expected = quick(epochs=1).fit(X, y).predict_proba(X)
    clf = quick(epochs=1).fit(convert(X), convert(y), X_val=convert(X), y_val=y)
    assert_array_equal(clf.predict_proba(convert(X)), expected)
    encoder = ImageEncoder(FrozenEstimator(clf)).fit(convert(X))
    assert_array_equal(encoder.transform(convert(X)), encoder.transform(X))


# Columns --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def listings(frames):
    """Pixels among other columns, such as a price that depends on the garment."""
    X, names, X_test, names_test = frames
    rng = np.random.default_rng(0)

    def with_columns(X, names):
        price = 20 + 10 * names.isin(["Coat", "Shirt"]) + rng.normal(size=len(X))
        shop = rng.choice(["east", "west"], len(X))
        columns = pd.DataFrame({"shop": shop, "price": price}, index=X.index)
        return pd.concat([columns[["shop"]], X, columns[["price"]]], axis=1)

    return with_columns(X, names), names, with_columns(X_test, names_test), names_test


def test_columns_of_pixels_among_others(listings, frames):
    X, names, X_test, _ = listings
    pixels = [name for name in X if name.startswith("pixel")]
    pipe = make_pipeline(
        ColumnTransformer([("pixels", ImageNormalizer(), pixels)]), small_cnn()
    ).fit(X, names)
    alone = make_pipeline(ImageNormalizer(), small_cnn()).fit(frames[0], names)
    assert_array_equal(pipe.predict_proba(X_test), alone.predict_proba(frames[2]))


def test_pixels_and_other_columns_vote(listings):
    X, names, X_test, names_test = listings
    pixels = [name for name in X if name.startswith("pixel")]
    images = make_pipeline(
        ColumnTransformer([("pixels", "passthrough", pixels)]), small_cnn()
    )
    prices = make_pipeline(
        ColumnTransformer([("price", "passthrough", ["price"])]),
        HistGradientBoostingClassifier(max_iter=5),
    )
    vote = VotingClassifier(
        [("images", images), ("prices", prices)], voting="soft", weights=[2, 1]
    ).fit(X, names)
    alone = clone(images).fit(X, names)
    assert vote.score(X_test, names_test) > alone.score(X_test, names_test)


def test_a_union_puts_one_image_above_another(data):
    X, y, X_test, y_test = data
    negative = FunctionTransformer(lambda images: 255 - images)
    union = FeatureUnion([("image", "passthrough"), ("negative", negative)])
    pipe = make_pipeline(union, small_cnn(image_shape=(56, 28))).fit(X, y)
    assert pipe[-1].image_shape_ == (56, 28, 1)
    assert pipe.score(X_test, y_test) > 0.45


# Imbalanced classes ---------------------------------------------------------------


def test_oversampling_finds_more_of_a_rare_class(sample):
    y = sample.y_train[:2000]
    trousers, others = np.flatnonzero(y == 1), np.flatnonzero((y == 3) | (y == 0))
    rows = np.r_[trousers[:4], others[:250]]
    X, y = sample.X_train[rows], y[rows]
    X_test, y_test = sample.X_test, sample.y_test
    pipe = ImbalancedPipeline(
        [("more", RandomOverSampler(random_state=0)), ("clf", small_cnn(epochs=1))]
    )
    plain = clone(pipe).set_params(more="passthrough")
    found = [
        recall_score(y_test == 1, p.fit(X, y).predict(X_test) == 1)
        for p in (plain, pipe)
    ]
    assert found[1] > found[0] + 0.3
