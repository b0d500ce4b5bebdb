"""Models of the web page: with ONNX Runtime, with TensorFlow, and from files."""

import numpy as np
import pytest
from _processes import run_python
from _small import quick
from sklearn.pipeline import make_pipeline

from fmnist_sk import (
    CLASS_NAMES,
    PhotoConverter,
    export_onnx,
    load_pretrained,
    save_model,
)
from fmnist_sk.app._backends import EstimatorBackend, OnnxBackend, backend_of
from fmnist_sk.app._model import ServedModel
from fmnist_sk.app._novelty import NoveltyDetector
from fmnist_sk.app._similar import SimilarImages

OUTPUTS = ("probabilities", "heat_maps", "embeddings")

WITHOUT_TENSORFLOW = """
import json, sys
class NotInstalled:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in ("tensorflow", "keras", "scikeras", "matplotlib"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NotInstalled())
import numpy as np
from fmnist_sk.app import create_app
from fmnist_sk.app._model import ServedModel
from fmnist_sk.app._novelty import NoveltyDetector
create_app("fashion-mnist-compact")
model = ServedModel.load(sys.argv[1], class_names="fashion-mnist")
images = np.zeros((2, 28, 28), np.uint8)
print(json.dumps(model.compute(images, "probabilities")["probabilities"].shape))
"""


@pytest.mark.parametrize("name", ["fashion-mnist", "fashion-mnist-compact"])
def test_both_backends_compute_the_same(name, sample):
    model, images = load_pretrained(name), sample.X_test[:20].reshape(-1, 28, 28)
    backend = backend_of(model)
    assert isinstance(backend, OnnxBackend)
    fast = backend.compute(images, *OUTPUTS)
    slow = EstimatorBackend(model).compute(images, *OUTPUTS)
    for output in OUTPUTS:
        np.testing.assert_allclose(
            fast[output], slow[output], atol=2e-3, rtol=2e-3, err_msg=output
        )


def test_page_needs_no_tensorflow(tmp_path):
    export_onnx(load_pretrained("fashion-mnist-compact"), tmp_path / "m.onnx")
    assert run_python(WITHOUT_TENSORFLOW, tmp_path / "m.onnx") == [2, 10]


def test_models_in_files(sample, tmp_path):
    images = sample.X_test[:5].reshape(-1, 28, 28)
    model = load_pretrained("fashion-mnist-compact")
    expected = model.predict_proba(images)
    export_onnx(model, tmp_path / "model.onnx")
    save_model(model, tmp_path / "model.skops")
    save_model(make_pipeline(PhotoConverter(), model), tmp_path / "photos.skops")
    for name in ("model.onnx", "model.skops", "photos.skops"):
        served = ServedModel.load(str(tmp_path / name), class_names="fashion-mnist")
        assert served.name == name
        assert served.is_fashion_mnist
        outputs = served.compute(images, *OUTPUTS)
        np.testing.assert_allclose(outputs["probabilities"], expected, atol=1e-4)
        # A file of export_onnx has no explanations.
        assert (outputs["heat_maps"] is None) == (name == "model.onnx")
        assert served.has_embeddings == (name != "model.onnx")


def test_model_of_other_images_in_colour(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 60, (64, 10, 12, 3), dtype=np.uint8)
    y = np.array(["red", "blue"])[np.arange(64) % 2]
    save_model(quick().fit(X, y), tmp_path / "colour.skops")
    served = ServedModel.load(str(tmp_path / "colour.skops"))
    assert served.image_shape == (10, 12, 3)
    assert served.labels == served.names == ["blue", "red"]
    assert not served.is_fashion_mnist
    assert served.pixels(X[0]).shape == (10, 12, 3)
    assert served.compute(X[:2], "heat_maps")["heat_maps"].shape == (2, 10, 12)


def test_images_on_another_scale(sample, tmp_path):
    model = quick().fit(sample.X_train[:200] / 255, sample.y_train[:200])
    save_model(model, tmp_path / "unit.skops")
    served = ServedModel.load(
        str(tmp_path / "unit.skops"), class_names="fashion-mnist", white=1.0
    )
    assert not served.is_fashion_mnist  # the sample has other values
    image = (sample.X_test[0].reshape(28, 28) / 255).astype(np.float32)
    np.testing.assert_array_equal(served.pixels(image).ravel(), sample.X_test[0])


def test_similar_images_are_training_images(sample):
    model = ServedModel.load("fashion-mnist-compact")
    assert model.names == list(CLASS_NAMES)
    similar = SimilarImages(model)
    images = sample.X_train[:3].reshape(-1, 28, 28)
    embeddings = model.compute(images, "embeddings")["embeddings"]
    assert similar.find(embeddings) is None  # not ready
    similar.start()
    similar._thread.join(60)
    assert similar.ready
    for i, found in enumerate(similar.find(embeddings, n_images=4)):
        assert len(found) == 4
        pixels, code, similarity = found[0]
        np.testing.assert_array_equal(pixels, images[i])
        assert code == sample.y_train[i]
        assert similarity == pytest.approx(1, abs=1e-4)
        values = [each[2] for each in found]
        assert values == sorted(values, reverse=True)


def test_stopping_ends_the_search_for_similar_images(sample):
    similar = SimilarImages(ServedModel.load("fashion-mnist-compact"))
    similar.stop()  # before the start
    similar = SimilarImages(ServedModel.load("fashion-mnist-compact"))
    similar.start()
    similar.stop()
    assert not similar._thread.is_alive()


class Detector:
    """Detector that scores the mean of the pixels."""

    offset_ = 100.0

    def score_samples(self, images):
        assert images.shape[1:] == (28, 28)
        return images.mean(axis=(1, 2))


def test_novelty_is_a_score_below_the_threshold():
    images = np.stack([np.full((28, 28, 1), value, np.uint8) for value in (99, 100)])
    assert NoveltyDetector(Detector()).judge(images) == [
        {"score": 99.0, "is_novel": True},
        {"score": 100.0, "is_novel": False},
    ]


def test_novelty_of_a_garment_and_of_noise(sample):
    detector = NoveltyDetector.load(ServedModel.load("fashion-mnist"))
    garments = sample.X_test[:200].reshape(-1, 28, 28)
    noise = np.random.default_rng(0).integers(256, size=(20, 28, 28), dtype=np.uint8)
    assert np.mean([each["is_novel"] for each in detector.judge(garments)]) < 0.15
    assert all(each["is_novel"] for each in detector.judge(noise))


def test_models_of_other_images_have_no_novelty(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 255, (40, 8, 8), dtype=np.uint8), np.arange(40) % 2
    save_model(quick().fit(X, y), tmp_path / "other.skops")
    served = ServedModel.load(str(tmp_path / "other.skops"))
    assert NoveltyDetector.load(served) is None
