"""Store a small model file of the present format in `tests/data`.

Run it once for each format, with the code that first writes the format. Each file is an
ensemble that `partial_fit` has trained, because its state has the most parts. Beside it
are images, the probabilities of the model, and those after five more `partial_fit`.
"""

from pathlib import Path

import numpy as np

from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample, save_model
from fmnist_sk.architectures import Ensemble
from fmnist_sk.persistence._format import FORMAT

FOLDER = Path(__file__).with_name("data")
LABELS = ["bag", "boot", "coat"]

if __name__ == "__main__":
    X, y = load_fashion_mnist_sample(return_X_y=True)
    X = X.reshape(-1, 28, 28)[:300, ::3, ::3]
    y = np.array(LABELS)[y[:300] % 3]
    clf = FashionCNNClassifier(
        architecture=Ensemble("two_conv", ("compact", {"filters": 2})),
        filters=2,
        dense_units=4,
        dropout=0.1,
        batch_size=64,
        temperature=1.5,
        tta="shift",
        learning_rate=0.01,
        class_weight={"bag": 1.0, "boot": 2.0, "coat": 1.0},
        random_state=0,
    )
    for _ in range(2):
        clf.partial_fit(X, y, classes=LABELS)
    save_model(clf, FOLDER / f"format_{FORMAT}.skops")
    X, y = X[:20], y[:20]
    before = clf.predict_proba(X)
    for _ in range(5):
        clf.partial_fit(X, y)
    after = clf.predict_proba(X)
    np.savez_compressed(
        FOLDER / f"format_{FORMAT}.npz", X=X, y=y, before=before, after=after
    )
