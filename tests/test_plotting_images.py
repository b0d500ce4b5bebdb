"""Displays of images: pixels, Axes and titles."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from _small import quick
from matplotlib.colors import to_hex
from sklearn.compose import make_column_transformer
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from fmnist_sk import CLASS_NAMES, ImageReshaper
from fmnist_sk.inspection import grad_cam, occlusion_sensitivity
from fmnist_sk.plotting import (
    GradCAMDisplay,
    ImageGridDisplay,
    MisclassifiedImagesDisplay,
    PredictionDisplay,
)

RIGHT, WRONG = "#0072b2", "#d55e00"


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def images(sample):
    return sample.X_train[:300], sample.y_train[:300]


@pytest.fixture(scope="module")
def fitted(images):
    return quick().fit(*images)


@pytest.fixture(scope="module")
def search(images):
    """Search over a pipeline with strings as labels."""
    X, y = images
    return GridSearchCV(
        make_pipeline(ImageReshaper(), quick()),
        {"fashioncnnclassifier__filters": [8]},
        cv=2,
    ).fit(X, np.array(CLASS_NAMES)[y])


def shown(axes):
    """Return the pixels of the image in an Axes."""
    return np.asarray(axes.get_images()[0].get_array())


def texts(figure):
    return [t.get_text() for t in figure.findobj(plt.Text) if t.get_text()]


def assert_nothing_is_cut_off(figure):
    figure.canvas.draw()
    canvas = figure.bbox
    for text in figure.findobj(plt.Text):
        if text.get_text() and text.get_visible() and text.axes in (None, *figure.axes):
            if text.axes is not None and not text.axes.axison:
                continue
            box = text.get_window_extent()
            inside = (
                box.x0 >= canvas.x0 - 1
                and box.x1 <= canvas.x1 + 1
                and box.y0 >= canvas.y0 - 1
                and box.y1 <= canvas.y1 + 1
            )
            assert inside, text.get_text()


# Grids ------------------------------------------------------------------------


def test_grid_has_a_row_a_class(images):
    X, y = images
    display = ImageGridDisplay.from_data(X, y, n_images=4, display_labels=CLASS_NAMES)
    assert display.ax_.shape == (10, 4)
    assert [row[0].get_ylabel() for row in display.ax_] == list(CLASS_NAMES)
    for label in range(10):
        for i, row in enumerate(np.flatnonzero(y == label)[:4]):
            np.testing.assert_array_equal(
                shown(display.ax_[label, i]), X[row].reshape(28, 28)
            )
    assert_nothing_is_cut_off(display.figure_)


def test_grid_of_random_samples(images):
    X, y = images
    first, again, other = (
        ImageGridDisplay.from_data(X, y, n_images=3, random_state=seed).images
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_grid_of_what_an_estimator_predicts(images, search):
    X, _ = images
    display = ImageGridDisplay.from_estimator(search, X, n_images=2)
    predicted = search.predict(X)
    assert display.labels == [
        name
        for name, count in zip(*np.unique(predicted, return_counts=True), strict=True)
        for _ in range(min(2, count))
    ]


def test_grid_without_labels_fills_rows(images):
    X, _ = images
    display = ImageGridDisplay(images=X[:7].reshape(-1, 28, 28), titles=list("abcdefg"))
    display.plot()
    assert display.ax_.shape == (3, 3)
    assert [ax.axison for ax in display.ax_.ravel()] == [True] * 7 + [False] * 2
    assert display.ax_[2, 0].get_title() == "g"
    assert ImageGridDisplay.from_data(X[:1]).ax_.shape == (1, 1)


# Predictions ------------------------------------------------------------------


def test_bars_are_the_probabilities(images, fitted):
    X, y = images
    display = PredictionDisplay.from_estimator(
        fitted, X[:7], y[:7], display_labels=CLASS_NAMES
    )
    proba = fitted.predict_proba(X[:7])
    assert display.ax_.shape == (7, 2)
    for i, bars in enumerate(display.bars_):
        np.testing.assert_allclose([b.get_width() for b in bars], 100 * proba[i])
        predicted = proba[i].argmax()
        right = predicted == y[i]
        assert to_hex(bars[predicted].get_facecolor()) == (RIGHT if right else WRONG)
        title = display.ax_[i, 0].get_title()
        assert title.startswith(CLASS_NAMES[predicted])
        assert right or CLASS_NAMES[y[i]] in title
        np.testing.assert_array_equal(shown(display.ax_[i, 0]), X[i].reshape(28, 28))
        percentages = [t.get_text() for t in display.ax_[i, 1].texts]
        assert f"{100 * proba[i].max():.0f} %" in percentages
    assert_nothing_is_cut_off(display.figure_)


def test_without_labels_nothing_is_called_wrong(images, fitted):
    display = PredictionDisplay.from_estimator(fitted, images[0][:3])
    colors = {to_hex(b.get_facecolor()) for bars in display.bars_ for b in bars}
    assert WRONG not in colors
    assert RIGHT in colors


def test_predictions_of_strings_and_many_images(images, search):
    X, y = images
    names = np.array(CLASS_NAMES)[y]
    display = PredictionDisplay.from_estimator(search, X, names, n_images=5)
    assert len(display.bars_) == 5
    assert list(display.class_names) == search.classes_.tolist()
    with pytest.raises(ValueError, match="y_true contains unknown"):
        PredictionDisplay.from_estimator(search, X[:2], ["Hat", "Coat"])


# Mistakes ---------------------------------------------------------------------


def test_most_confident_mistakes_come_first(images, fitted, sample):
    X, y = sample.X_test[:300], sample.y_test[:300]
    display = MisclassifiedImagesDisplay.from_estimator(
        fitted, X, y, n_images=8, display_labels=CLASS_NAMES
    )
    proba = fitted.predict_proba(X)
    wrong = np.flatnonzero(proba.argmax(axis=1) != y)
    assert display.n_mistakes == len(wrong)
    expected = wrong[np.argsort(-proba[wrong].max(axis=1))][:8]
    np.testing.assert_array_equal(display.indices, expected)
    for axes, row in zip(display.ax_.ravel(), expected, strict=False):
        predicted = CLASS_NAMES[proba[row].argmax()]
        assert axes.get_title() == f"{predicted}, {100 * proba[row].max():.0f} %"
        assert axes.get_xlabel() == CLASS_NAMES[y[row]]
        np.testing.assert_array_equal(shown(axes), X[row].reshape(28, 28))
    assert_nothing_is_cut_off(display.figure_)


def test_mistakes_of_a_pair_of_classes(search, sample):
    X, y = sample.X_test, np.array(CLASS_NAMES)[sample.y_test]
    display = MisclassifiedImagesDisplay.from_estimator(
        search, X, y, true_label="Shirt", predicted_label="Coat", n_images=3
    )
    assert display.n_mistakes > 0
    assert set(display.true_names) == {"Shirt"}
    assert set(display.predicted_names) == {"Coat"}
    assert display.n_mistakes == ((y == "Shirt") & (search.predict(X) == "Coat")).sum()
    assert_nothing_is_cut_off(display.figure_)
    with pytest.raises(ValueError, match=r"unknown labels \['Hat'\]"):
        MisclassifiedImagesDisplay.from_estimator(search, X, y, true_label="Hat")


def test_the_predictions_are_the_estimators_own(sample):
    """With a threshold, a prediction may not be the most probable class."""
    X, y = sample.X_train[:200] / 255, sample.y_train[:200] > 4
    moved = FixedThresholdClassifier(LogisticRegression(tol=0.1), threshold=0.01)
    moved.fit(X, y)
    display = MisclassifiedImagesDisplay.from_estimator(moved, X, y, n_images=500)
    rows = display.indices
    assert display.n_mistakes == (moved.predict(X) != y).sum() > 0
    assert display.predicted_names == [str(p) for p in moved.predict(X)[rows]]
    np.testing.assert_allclose(
        display.confidences,
        moved.predict_proba(X)[rows, moved.predict(X)[rows].astype(int)],
    )
    assert display.confidences.min() < 0.5


def test_labels_the_classifier_does_not_know(fitted, sample):
    X, y = sample.X_test[:20], sample.y_test[:20]
    for wrong in (y + 90, y.astype(str), np.where(y == 0, np.nan, y)):
        with pytest.raises(ValueError, match="y_true contains unknown"):
            MisclassifiedImagesDisplay.from_estimator(fitted, X, wrong)
        with pytest.raises(ValueError, match="y_true contains unknown"):
            PredictionDisplay.from_estimator(fitted, X, wrong, n_images=20)


def test_random_mistakes(fitted, sample):
    X, y = sample.X_test[:300], sample.y_test[:300]
    first, again, other = (
        MisclassifiedImagesDisplay.from_estimator(
            fitted, X, y, order="random", random_state=seed, n_images=5
        ).indices.tolist()
        for seed in (0, 0, 1)
    )
    assert first == again != other


def test_mistakes_among_plain_arrays(images):
    X, y = images
    wrong = np.where(np.arange(300) < 3, (y + 1) % 10, y)
    display = MisclassifiedImagesDisplay.from_predictions(X, y, wrong)
    assert display.indices.tolist() == [0, 1, 2]
    assert display.confidences is None
    none = MisclassifiedImagesDisplay.from_predictions(X, y, y)
    assert "no misclassified images" in texts(none.figure_)


def test_a_classifier_without_probabilities(images):
    X, y = images
    svc = LinearSVC(tol=1.0).fit(X / 255, y)
    with pytest.raises(TypeError, match="order='random'"):
        MisclassifiedImagesDisplay.from_estimator(svc, X / 255, (y + 1) % 10)
    display = MisclassifiedImagesDisplay.from_estimator(
        svc, X / 255, (y + 1) % 10, order="random", n_images=2
    )
    assert len(display.images_) == 2
    with pytest.raises(TypeError, match="no predict_proba"):
        PredictionDisplay.from_estimator(svc, X / 255)


# Grad-CAM ---------------------------------------------------------------------


def test_heat_maps_are_grad_cam(images, search):
    X, _ = images
    display = GradCAMDisplay.from_estimator(search, X, n_images=3, target="Bag")
    heat = grad_cam(search, X[:3], target="Bag")
    for i, (plain, overlaid) in enumerate(display.ax_):
        np.testing.assert_array_equal(shown(plain), X[i].reshape(28, 28))
        np.testing.assert_array_equal(overlaid.get_images()[1].get_array(), heat[i])
        assert plain.get_title(loc="left").startswith("Bag, ")
    assert_nothing_is_cut_off(display.figure_)


def test_the_display_passes_the_method_on(images, fitted):
    X, _ = images
    display = GradCAMDisplay.from_estimator(fitted, X, n_images=5, method="gradcam")
    heat = grad_cam(fitted, X[:5], method="gradcam")
    np.testing.assert_array_equal(display.heatmaps, heat)
    assert not np.array_equal(heat, grad_cam(fitted, X[:5]))


def test_maps_without_positive_values_are_labelled(images):
    X = images[0][:3].reshape(-1, 28, 28)
    heat = np.zeros(X.shape)
    heat[1, 3, 3] = 0.1
    heat[2] = -1
    display = GradCAMDisplay(images=X, heatmaps=heat).plot()
    notes = [[text.get_text() for text in ax.texts] for ax in display.ax_[:, 1]]
    assert notes == [["no positive\nvalues"], [], ["no positive\nvalues"]]
    assert_nothing_is_cut_off(display.figure_)


def test_any_heat_maps(images):
    X = images[0][:2].reshape(-1, 28, 28)
    heat = np.random.default_rng(0).normal(size=X.shape)
    display = GradCAMDisplay(images=X, heatmaps=heat).plot()
    assert len(display.heatmaps_) == 2
    with pytest.raises(
        ValueError, match=r"must have shape \(2, 28, 28\), one value per pixel"
    ):
        GradCAMDisplay(images=X, heatmaps=heat[:, 1:]).plot()


# All --------------------------------------------------------------------------


def every_display(estimator, X, y, **options):
    yield ImageGridDisplay.from_data(X, y, **options)
    yield ImageGridDisplay.from_estimator(estimator, X, **options)
    yield PredictionDisplay.from_estimator(estimator, X, y, **options)
    yield MisclassifiedImagesDisplay.from_estimator(estimator, X, y, **options)
    yield GradCAMDisplay.from_estimator(estimator, X, **options)


def test_forms_of_images(images, fitted):
    X, y = images
    for form in (X[:6], X[:6].reshape(-1, 28, 28), X[:6].reshape(-1, 28, 28, 1)):
        for display in every_display(fitted, form, y[:6]):
            assert display.ax_.size
    frame = pd.DataFrame(X[:60]).add_prefix("p")
    clf = quick(epochs=1).fit(frame, y[:60])
    for display in every_display(clf, frame[:4], pd.Series(y[:4], index=list("abcd"))):
        assert display.ax_.size


def test_one_image_two_classes(images):
    X, y = images
    clf = quick().fit(X, y > 4)
    for display in every_display(clf, X[:1], y[:1] > 4):
        assert_nothing_is_cut_off(display.figure_)


def test_colour_and_floats():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 8, 10, 3)), np.arange(40) % 2
    clf = quick(epochs=1).fit(X, y)
    for display in every_display(clf, X[:5], y[:5]):
        for artist in display.images_:
            pixels = np.asarray(artist.get_array())
            assert pixels.shape == (8, 10, 3)
            assert pixels.min() >= 0
            assert pixels.max() <= 1
    rows = X.reshape(40, -1)
    clf = quick(epochs=1, image_shape=(8, 10, 3)).fit(rows, y)
    display = PredictionDisplay.from_estimator(clf, rows[:2])
    assert display.images_[0].get_array().shape == (8, 10, 3)


def test_into_the_users_axes(images, fitted):
    X, y = images
    for make in (
        lambda ax: ImageGridDisplay.from_data(X, y, n_images=2, ax=ax),
        lambda ax: PredictionDisplay.from_estimator(fitted, X[:2], ax=ax),
        lambda ax: MisclassifiedImagesDisplay.from_estimator(
            fitted, X, (y + 1) % 10, n_images=2, ax=ax
        ),
        lambda ax: GradCAMDisplay.from_estimator(fitted, X[:2], ax=ax),
    ):
        figure, (left, right) = plt.subplots(1, 2, layout="constrained")
        display = make(left)
        assert display.figure_ is figure
        assert right.axison
        figure.canvas.draw()
        assert all(
            ax.get_window_extent().x1 <= right.get_window_extent().x0
            for ax in display.ax_.ravel()
        )
        with pytest.raises(ValueError, match="ax must be"):
            make("left")


def test_of_a_table_with_more_than_pixels_the_pixels_are_shown(images):
    X, y = images
    frame = pd.DataFrame(X).add_prefix("p").assign(shop=1)
    pipeline = make_pipeline(
        make_column_transformer(("passthrough", [f"p{i}" for i in range(784)])), quick()
    ).fit(frame, y)
    for display in (
        PredictionDisplay.from_estimator(pipeline, frame[:2]),
        ImageGridDisplay.from_estimator(pipeline, frame[:2]),
        GradCAMDisplay.from_estimator(pipeline, frame[:2]),
    ):
        assert display.images_[0].get_array().shape == (28, 28)
    with pytest.raises(ValueError, match="785 features"):
        occlusion_sensitivity(pipeline, frame[:2])


def test_names_for_all_classes_though_some_are_missing(images):
    X, y = images
    some = np.flatnonzero(y > 6)[:5]
    display = ImageGridDisplay.from_data(X[some], y[some], display_labels=CLASS_NAMES)
    assert set(display.labels) == {CLASS_NAMES[label] for label in y[some]}
    display = MisclassifiedImagesDisplay.from_predictions(
        X[some], y[some], y[some] - 1, display_labels=CLASS_NAMES
    )
    assert display.true_names == [CLASS_NAMES[label] for label in y[some]]


def test_columns_of_labels(images, fitted):
    X, y = images
    column = pd.DataFrame({"label": y[:9]})
    for show in (
        lambda: MisclassifiedImagesDisplay.from_estimator(fitted, X[:9], column),
        lambda: ImageGridDisplay.from_data(X[:9], column),
        lambda: PredictionDisplay.from_estimator(fitted, X[:9], column),
    ):
        with pytest.warns(DataConversionWarning):
            show()


def test_memory_maps(images, fitted, tmp_path):
    np.save(tmp_path / "X.npy", images[0][:6])
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    for display in every_display(fitted, X, images[1][:6]):
        assert display.ax_.size


def test_no_images(fitted):
    nothing = np.empty((0, 28, 28), np.uint8)
    for display in (
        ImageGridDisplay(images=nothing),
        PredictionDisplay(
            images=nothing, probabilities=np.empty((0, 2)), class_names="ab"
        ),
        MisclassifiedImagesDisplay(images=nothing, true_names=[], predicted_names=[]),
        GradCAMDisplay(images=nothing, heatmaps=nothing),
    ):
        assert len(display.plot().images_) == 0
        assert any(t.startswith("no ") for t in texts(display.figure_))


def test_what_does_not_fit(images, fitted):
    X, y = images
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ImageGridDisplay.from_data(X, y[:5])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        PredictionDisplay.from_estimator(fitted, X, y[:20])
    with pytest.raises(ValueError, match="true_codes contains unknown"):
        PredictionDisplay(
            images=X[:1].reshape(1, 28, 28),
            probabilities=np.eye(3)[:1],
            class_names=[1, 2, 3],
            true_codes=[-1],
        ).plot()
    with pytest.raises(ValueError, match="one name for each of the 10 classes"):
        PredictionDisplay.from_estimator(fitted, X[:2], display_labels=["a"])
    for n_images in (0, -1, 1.5, True):
        with pytest.raises(ValueError, match="n_images must be an int"):
            GradCAMDisplay.from_estimator(fitted, X[:2], n_images=n_images)
    with pytest.raises(ValueError, match="order must be"):
        MisclassifiedImagesDisplay.from_predictions(X, y, y, order="first")
    with pytest.raises(ValueError, match="needs y_proba"):
        MisclassifiedImagesDisplay.from_predictions(X, y, y, order="confidence")
    with pytest.raises(ValueError, match="X must contain images"):
        ImageGridDisplay.from_data(X[0])
    for display in (
        ImageGridDisplay,
        PredictionDisplay,
        GradCAMDisplay,
    ):
        with pytest.raises(NotFittedError):
            display.from_estimator(quick(), X)
    with pytest.raises(NotFittedError):
        MisclassifiedImagesDisplay.from_estimator(quick(), X, y)
    with pytest.raises(TypeError, match="must be a fitted FashionCNNClassifier"):
        GradCAMDisplay.from_estimator(
            LogisticRegression(tol=0.1).fit(X[:20] / 255, y[:20] > 4), X[:2]
        )
