"""Measurements of predictions and of the first fit."""

import statistics
import tempfile
from pathlib import Path

import numpy as np
from common import Worker, load, median_ms, ratio, take_turns


def first_fit():
    """First fit in a process, on 100 images, without the import of TensorFlow"""
    values = {}
    for epochs in 1, "auto":
        worker = Worker(_first_fit_worker)
        values[f"epochs={epochs}"] = worker("fit", epochs)[1]
        worker.close()
    return [(name, f"{seconds:.2f} s") for name, seconds in values.items()], values


def _first_fit_worker():
    import scikeras.wrappers  # noqa: F401  TensorFlow's and Keras's import

    from fmnist_sk import FashionCNNClassifier

    X, y, *_ = load()

    def fit(epochs):
        FashionCNNClassifier(epochs=epochs, random_state=0).fit(X[:100], y[:100])

    return {"fit": fit}


def predict_one():
    """Prediction of one image, median of 1,000"""
    worker = Worker(_predict_one_worker)
    ours, scikeras = worker("ours", 1000)[0], worker("scikeras", 100)[0]
    worker.close()
    return [
        ("ours", f"{ours:.2f} ms"),
        ("SciKeras", f"{scikeras:.0f} ms"),
        ("ours / SciKeras", f"1/{scikeras / ours:.0f}"),
    ], {"ours_ms": ours, "scikeras_ms": scikeras}


def _predict_one_worker():
    from scikeras.wrappers import KerasClassifier

    from fmnist_sk import FashionCNNClassifier

    X, y, X_test, _ = load()
    clf = FashionCNNClassifier(epochs=1, random_state=0).fit(X[:1000], y[:1000])
    model = clf.to_keras()
    model.compile("adam", "sparse_categorical_crossentropy")
    theirs = KerasClassifier(model, epochs=1, verbose=0)
    theirs.fit(X[:1000].reshape(-1, 28, 28, 1).astype(np.float32), y[:1000])
    pixels = X_test.reshape(-1, 28, 28, 1).astype(np.float32)

    def ours(n):
        median_ms(lambda i: clf.predict(X_test[i : i + 1]), 100)
        return median_ms(lambda i: clf.predict(X_test[i : i + 1]), n)

    def scikeras(n):
        return median_ms(lambda i: theirs.predict(pixels[i : i + 1]), n)

    return {"ours": ours, "scikeras": scikeras}


def predict_many():
    """Prediction of 10,000 images with the default network, in float32"""
    folder = tempfile.TemporaryDirectory()
    model = Path(folder.name) / "model"
    maker = Worker(_model_worker)
    maker("save", str(model))
    maker.close()
    names = ("ours", "keras", "onnx", "torch", "torch_channels_last")
    workers = {name: Worker(_predictor, name=name, path=str(model)) for name in names}
    probabilities = {name: workers[name]("predict")[0] for name in names}
    for name in names:
        np.testing.assert_allclose(
            probabilities[name], probabilities["ours"], atol=1e-4
        )
    take_turns(workers, 1, "predict")
    seconds = take_turns(workers, 9, "predict")
    for worker in workers.values():
        worker.close()
    folder.cleanup()
    best = min(names[1:], key=lambda name: statistics.median(seconds[name]))
    rows = [(name, f"{statistics.median(s):.3f} s") for name, s in seconds.items()]
    return [*rows, (f"ours / {best}", f"{ratio(seconds, 'ours', best):.2f}")], seconds


def _model_worker():
    import joblib

    from fmnist_sk import FashionCNNClassifier

    def save(path):
        X, y, *_ = load()
        # Test-time views would be averaged by some of the tools for all images.
        clf = FashionCNNClassifier(epochs=1, tta=None, random_state=0).fit(X, y)
        joblib.dump(clf, f"{path}.joblib")
        model = clf.to_keras()
        model.save(f"{path}.keras")
        model(np.zeros((1, 28, 28, 1)))  # Keras exports only called models
        model.export(f"{path}.onnx", format="onnx", verbose=False)

    return {"save": save}


def _predictor(name, path):
    X_test = load()[2]
    images = X_test.reshape(-1, 28, 28, 1).astype(np.float32)
    if name == "ours":
        import joblib

        clf = joblib.load(f"{path}.joblib")
        return {"predict": lambda: clf.predict_proba(X_test)}
    if name == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(f"{path}.onnx")
        name = session.get_inputs()[0].name
        in_batches = _in_batches(lambda x: session.run(None, {name: x})[0])
        return {"predict": lambda: in_batches(images)}
    import keras

    model = keras.models.load_model(f"{path}.keras")
    if name == "keras":
        return {"predict": lambda: model.predict(images, batch_size=500, verbose=0)}
    return {"predict": _torch_predictor(model, images, name == "torch_channels_last")}


def _torch_predictor(model, images, channels_last):
    """Return a PyTorch copy of the fitted network, with folded batch normalisation."""
    import torch
    from torch import nn

    network = next(layer for layer in model.layers if hasattr(layer, "layers"))
    stages, height = [], 28
    layers = [layer for layer in network.layers if layer.weights]
    for layer, norm in zip(layers[:-1:2], layers[1::2], strict=True):
        beta, mean, variance = norm.get_weights()
        scale = 1 / np.sqrt(variance + norm.epsilon)
        kernel = layer.get_weights()[0] * scale
        if kernel.ndim == 4:
            stage = nn.Conv2d(*kernel.shape[2:], 3, padding=1)
            kernel, height = kernel.transpose(3, 2, 0, 1), height // 2
            after = [nn.MaxPool2d(2), nn.ReLU()]
            channels = len(kernel)
        else:
            stage = nn.Linear(*kernel.shape)
            # Keras flattens channels last, PyTorch channels first.
            kernel = kernel.reshape(height, height, channels, -1)
            kernel = kernel.transpose(3, 2, 0, 1).reshape(kernel.shape[3], -1)
            stages.append(nn.Flatten())
            after = [nn.ReLU()]
        _set(stage, kernel, beta - mean * scale)
        stages += [stage, *after]
    kernel, bias = layers[-1].get_weights()
    last = nn.Linear(*kernel.shape)
    _set(last, kernel.T, bias)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    net = nn.Sequential(*stages, last, nn.Softmax(1)).to(memory_format=layout)
    constants = {layer.name: layer for layer in model.layers}
    offset, scale = constants["centre"].offset[0], constants["scale"].scale[0]
    tensor = torch.as_tensor(images.transpose(0, 3, 1, 2).copy())

    def forward(batch):
        batch = ((batch + offset) * scale).contiguous(memory_format=layout)
        return net(batch).numpy()

    in_batches = _in_batches(forward)

    def predict():
        with torch.inference_mode():
            return in_batches(tensor)

    return predict


def _set(module, kernel, bias):
    import torch

    module.weight.data = torch.as_tensor(np.ascontiguousarray(kernel))
    module.bias.data = torch.as_tensor(np.ascontiguousarray(bias))


def _in_batches(function, size=500):
    """Return a function that works on parts small enough for the processor's cache."""
    return lambda images: np.concatenate(
        [function(images[i : i + size]) for i in range(0, len(images), size)]
    )
