"""Draw the picture of the README and of the landing page, `_static/overview.png`.

It shows the first test image of each class in the sample, with the prediction of the
pretrained classifier and the heat map of `grad_cam`. Run the script again after either
has changed: `python docs/make_overview.py`.
"""

import argparse
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from fmnist_sk import CLASS_NAMES, load_fashion_mnist_sample, load_pretrained
from fmnist_sk.inspection import grad_cam

PICTURE = Path(__file__).parent / "_static" / "overview.png"


def main():
    """Predict ten images, draw them in two rows and write the picture."""
    parser = argparse.ArgumentParser(description="Draw the picture of the README.")
    parser.add_argument("--output", type=Path, default=PICTURE, help="PNG file")
    output = parser.parse_args().output

    X, y = load_fashion_mnist_sample(subset="test", return_X_y=True)
    X = X[[np.flatnonzero(y == label)[0] for label in range(len(CLASS_NAMES))]]
    model = load_pretrained()
    probabilities = model.predict_proba(X)
    heat_maps = grad_cam(model, X)

    figure, axes = plt.subplots(
        2, len(X), figsize=(12, 2.9), layout="constrained", facecolor="white"
    )
    for column, image in enumerate(X.reshape(-1, 28, 28)):
        predicted = probabilities[column].argmax()
        axes[0, column].imshow(image, cmap="gray")
        axes[0, column].set_title(
            f"{CLASS_NAMES[predicted]}\n{100 * probabilities[column, predicted]:.1f} %",
            fontsize=12,
        )
        axes[1, column].imshow(image, cmap="gray")
        axes[1, column].imshow(heat_maps[column], cmap="inferno", alpha=0.6)
    for ax in axes.flat:
        ax.set_axis_off()
    figure.get_layout_engine().set(h_pad=0.01, hspace=0)
    figure.savefig(output, dpi=100, pil_kwargs={"optimize": True})


if __name__ == "__main__":
    main()
