"""Displays: the drawn data, and the Axes."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from _small import small_cnn
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from fmnist_sk import FashionCNNClassifier, ImageReshaper
from fmnist_sk.plotting import TrainingHistoryDisplay

mpl.use("Agg")
import matplotlib.pyplot as plt

HISTORY = {
    "loss": [1.0, 0.6, 0.4, 0.3],
    "accuracy": [0.6, 0.7, 0.8, 0.9],
    "val_loss": [0.9, 0.7, 0.6, 0.8],
    "val_accuracy": [0.65, 0.7, 0.75, 0.7],
    "learning_rate": [1e-3] * 4,
}
TRAINING_ONLY = {key: HISTORY[key] for key in ("loss", "accuracy")}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def model(sample):
    model = small_cnn(early_stopping=True)
    return model.fit(sample.X_train[:200], sample.y_train[:200])


def rings(panel):
    return [line for line in panel.get_lines() if line.get_markersize() > 10]


def test_import_needs_no_matplotlib():
    code = "import sys, fmnist_sk.plotting; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_curves_are_the_history():
    display = TrainingHistoryDisplay.from_history(HISTORY, name="run")
    assert set(display.lines_) == {("run", key) for key in HISTORY if "rate" not in key}
    for (_, key), line in display.lines_.items():
        assert line.get_xdata().tolist() == [1, 2, 3, 4]
        assert line.get_ydata().tolist() == HISTORY[key]
        assert line.axes is display.ax_[int("accuracy" in key)]
    assert [ax.get_ylabel() for ax in display.ax_] == ["Loss", "Accuracy"]
    assert [ax.get_xlabel() for ax in display.ax_] == ["Epoch", "Epoch"]


def test_training_and_validation_look_different():
    lines = TrainingHistoryDisplay.from_history(HISTORY, name="run").lines_
    training, validation = lines["run", "loss"], lines["run", "val_loss"]
    assert training.get_color() != validation.get_color()
    assert training.get_linestyle() != validation.get_linestyle()


@pytest.mark.parametrize("n_epochs", [1, 2, 7, 60])
def test_ticks_are_epochs(n_epochs):
    history = {"loss": np.linspace(1, 0.1, n_epochs)}
    panel = TrainingHistoryDisplay.from_history(history).ax_[0]
    first, last = panel.get_xlim()
    ticks = [tick for tick in panel.get_xticks() if first <= tick <= last]
    assert ticks
    assert set(ticks) <= set(range(1, n_epochs + 1))


def test_best_epoch_is_ringed_in_both_panels():
    display = TrainingHistoryDisplay.from_history(HISTORY, best_epoch=3)
    marks = [
        ring.get_xydata().tolist() for panel in display.ax_ for ring in rings(panel)
    ]
    assert marks == [[[3, 0.6]], [[3, 0.75]]]
    texts = [text.get_text() for text in display.ax_[0].get_legend().get_texts()]
    assert texts == ["Training", "Validation", "Epoch kept (3)"]


@pytest.mark.parametrize(
    ("history", "best_epoch"), [(HISTORY, None), (TRAINING_ONLY, 4)]
)
def test_no_ring_without_best_epoch_or_validation(history, best_epoch):
    display = TrainingHistoryDisplay.from_history(history, best_epoch=best_epoch)
    assert not [ring for panel in display.ax_ for ring in rings(panel)]


def test_several_runs_share_the_panels():
    display = TrainingHistoryDisplay(
        histories={"a": HISTORY, "b": TRAINING_ONLY, "c": HISTORY},
        best_epochs={"a": 3, "c": 3},
    ).plot()
    lines = display.lines_
    assert len({lines[name, "loss"].get_color() for name in "abc"}) == 3
    assert lines["a", "loss"].get_color() == lines["a", "val_loss"].get_color()
    texts = [text.get_text() for text in display.ax_[0].get_legend().get_texts()]
    assert texts == [
        "a, training",
        "a, validation",
        "b, training",
        "c, training",
        "c, validation",
        "epoch kept",
    ]


def test_history_without_accuracy_hides_its_panel():
    display = TrainingHistoryDisplay.from_history({"loss": [2.0, 1.0]})
    assert [panel.get_visible() for panel in display.ax_] == [True, False]


def test_from_estimator(model):
    display = TrainingHistoryDisplay.from_estimator(model)
    name = "FashionCNNClassifier"
    assert (
        list(display.lines_[name, "val_loss"].get_ydata()) == model.history_["val_loss"]
    )
    assert display.best_epochs == {name: model.best_epoch_}
    assert rings(display.ax_[0])[0].get_xdata() == [model.best_epoch_]


def test_from_pipeline_and_search(sample):
    search = GridSearchCV(
        Pipeline(
            [
                ("reshape", ImageReshaper()),
                ("cnn", small_cnn()),
            ]
        ),
        {"cnn__epochs": [2]},
        cv=2,
    ).fit(sample.X_train[:100], sample.y_train[:100])
    history = search.best_estimator_["cnn"].history_
    for estimator in (search, search.best_estimator_):
        display = TrainingHistoryDisplay.from_estimator(estimator, name="best")
        assert list(display.lines_["best", "loss"].get_ydata()) == history["loss"]


def test_unfitted_estimator():
    with pytest.raises(NotFittedError):
        TrainingHistoryDisplay.from_estimator(FashionCNNClassifier())


def test_estimator_without_history():
    dummy = DummyClassifier().fit([[0], [1]], [0, 1])
    with pytest.raises(TypeError, match="DummyClassifier has no history_"):
        TrainingHistoryDisplay.from_estimator(dummy)


def test_two_axes_are_used():
    figure, axes = plt.subplots(1, 2)
    display = TrainingHistoryDisplay.from_history(HISTORY, ax=axes)
    assert list(display.ax_) == list(axes)
    assert display.figure_ is figure
    assert plt.get_fignums() == [figure.number]


def test_one_axes_gives_its_place_to_two():
    figure, axes = plt.subplots(1, 2, figsize=(14, 4), layout="constrained")
    display = TrainingHistoryDisplay.from_history(HISTORY, ax=axes[1])
    figure.canvas.draw()
    assert display.figure_ is figure
    assert all(panel.get_position().x0 > 0.45 for panel in display.ax_)
    assert not axes[1].axison


def test_nothing_is_clipped():
    display = TrainingHistoryDisplay.from_history(HISTORY, best_epoch=3)
    figure = display.figure_
    figure.canvas.draw()
    drawn = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= 0
    assert drawn.x1 <= width
    assert drawn.y1 <= height


@pytest.mark.parametrize(
    ("histories", "message"),
    [
        ({}, "at least one history"),
        (HISTORY, "The history of 'loss' must be a dict"),
        ({"run": {"accuracy": [0.5]}}, "with the key 'loss'"),
        ({"run": {"loss": [1, 2], "val_loss": [1]}}, "'val_loss': 1"),
        ({"run": {"loss": []}}, "need one value for each epoch"),
    ],
)
def test_bad_histories(histories, message):
    with pytest.raises(ValueError, match=message):
        TrainingHistoryDisplay(histories=histories).plot()


@pytest.mark.parametrize("best_epoch", [0, 5])
def test_best_epoch_that_never_was(best_epoch):
    with pytest.raises(ValueError, match="between 1 and 4"):
        TrainingHistoryDisplay.from_history(HISTORY, best_epoch=best_epoch)


def test_bad_axes():
    _, axes = plt.subplots(1, 3)
    with pytest.raises(ValueError, match="one matplotlib Axes or two"):
        TrainingHistoryDisplay.from_history(HISTORY, ax=axes)
    with pytest.raises(ValueError, match="made by subplots"):
        TrainingHistoryDisplay.from_history(
            HISTORY, ax=plt.figure().add_axes((0, 0, 1, 1))
        )
