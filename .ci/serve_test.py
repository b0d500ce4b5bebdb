"""Predict with an installed fmnist-sk on a machine without TensorFlow.

`python serve_test.py export` writes model.onnx and photo.png, and `python serve_test.py
predict` predicts from these files.
"""

import subprocess
import sys
from importlib.util import find_spec

import numpy as np
from PIL import Image
from sklearn.pipeline import make_pipeline

from fmnist_sk import (
    OnnxClassifier,
    PhotoConverter,
    export_onnx,
    load_fashion_mnist_sample,
    load_pretrained,
)

MISSING = {"tensorflow", "keras", "scikeras", "pandas", "matplotlib"}

assert not [name for name in MISSING if find_spec(name)]
X, y = load_fashion_mnist_sample(subset="test", return_X_y=True)
boot = X[y == 9][0].reshape(28, 28)
if sys.argv[1:] == ["export"]:
    export_onnx(load_pretrained(), "model.onnx")
    Image.fromarray(255 - boot).resize((400, 400)).save("photo.png")
else:
    assert find_spec("onnx") is None
    model = OnnxClassifier("model.onnx")
    assert model.score(X, y) > 0.94
    assert make_pipeline(PhotoConverter(), model).predict(["photo.png"]) == [9]
    options = "--model", "model.onnx", "--class-names", "fashion-mnist", "photo.png"
    command = [sys.executable, "-m", "fmnist_sk", "predict", *options]
    shown = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert "photo.png  Ankle boot" in shown, shown
    print("Predictions without TensorFlow work, with NumPy", np.__version__)
