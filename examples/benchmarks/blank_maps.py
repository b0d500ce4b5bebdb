"""Blank maps of HiResCAM and Grad-CAM, and the time of one map.

A map is blank if it is 0 everywhere. The maps explain the predicted class by the last
layer, on the 1,000 test images of the sample. The networks are the pretrained networks,
and each architecture with its default settings, trained on the 3,000 training images of
the sample.

Run with ``python examples/benchmarks/blank_maps.py``, which takes several minutes.
"""

from common import arguments_for, median_ms, run

from fmnist_sk import (
    FashionCNNClassifier,
    load_fashion_mnist_sample,
    load_pretrained,
)
from fmnist_sk.architectures import ARCHITECTURES
from fmnist_sk.inspection import grad_cam, layer_outputs

METHODS = {"hirescam": "HiResCAM", "gradcam": "Grad-CAM"}
PRETRAINED = "fashion-mnist", "fashion-mnist-compact"


def models():
    """Yield the names and the fitted classifiers."""
    for name in PRETRAINED:
        yield f'`load_pretrained("{name}")`', load_pretrained(name)
    X, y = load_fashion_mnist_sample(return_X_y=True)
    for name in sorted(ARCHITECTURES):
        model = FashionCNNClassifier(architecture=name, random_state=0)
        yield f'`architecture="{name}"`', model.fit(X, y)


def blank():
    """Share of blank maps of the predicted class, in the last layer"""
    X, _ = load_fashion_mnist_sample(subset="test", return_X_y=True)
    rows, values = [], {}
    for name, model in models():
        last = layer_outputs(model._fitted).graphs.last_blocks()
        layers = [block.output.shape[1:] for block in last]
        shares = {
            method: float(
                (grad_cam(model, X, method=method).max(axis=(1, 2)) == 0).mean()
            )
            for method in METHODS
        }
        values[name] = {"layers": layers, "blank": shares}
        where = " and ".join(f"{n} maps of {h} × {w} pixels" for h, w, n in layers)
        text = "; ".join(f"{METHODS[m]} {share:.1%}" for m, share in shares.items())
        rows.append((f"{name}, {where}", text))
    return rows, values


def time_of_one():
    """Map of one image, lowest of five medians of 40"""
    X, _ = load_fashion_mnist_sample(subset="test", return_X_y=True)
    model = load_pretrained("fashion-mnist-compact")
    one = {
        method: lambda i, method=method: grad_cam(model, X[i : i + 1], method=method)
        for method in METHODS
    }
    values = {method: [] for method in METHODS}
    for _ in range(5):  # in turns, because other work on the machine changes times
        for method, times in values.items():
            times.append(median_ms(one[method], 40))
    return [
        (METHODS[method], f"{min(times):.1f} ms") for method, times in values.items()
    ], values


MEASUREMENTS = [blank, time_of_one]

if __name__ == "__main__":
    run(MEASUREMENTS, arguments_for(MEASUREMENTS, __doc__.split("\n")[0]))
