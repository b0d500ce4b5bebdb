"""Train the networks that `load_pretrained` returns, and write their files.

Each network is trained on 55,000 of the 60,000 training images. The other 5,000 are
held out to choose the networks and to fit the temperature. Run the command again to
resume an interrupted training run after its last complete epoch. Networks that are
already trained are not trained again. On one core an epoch takes about half a minute.

Run with ``python examples/train_pretrained.py [--folder FOLDER]``. To train several
networks at the same time, first run the command with the name of one network in each
process.
"""

import argparse
import hashlib
from pathlib import Path

import joblib
import keras
import numpy as np
from sklearn.metrics import classification_report, confusion_matrix, log_loss
from sklearn.model_selection import train_test_split

import fmnist_sk
from fmnist_sk import CLASS_NAMES, FashionCNNClassifier, fetch_fashion_mnist
from fmnist_sk._training import fit_temperature
from fmnist_sk.metrics import expected_calibration_error
from fmnist_sk.pretrained import join, pack, unpack

MIRRORED_ERASED = {
    "horizontal_flip": 0.5,
    "shift": 0.04,
    "erasing": 0.5,
    "erasing_size": 0.4,
}
NETWORKS = {
    "vgg": {
        "architecture": "vgg",
        "filters": (48, 80, 160),
        "augmentation": MIRRORED_ERASED | {"cutmix": 0.3},
        "epochs": 90,
    },
    "resnet": {
        "architecture": "resnet",
        "augmentation": MIRRORED_ERASED | {"erasing": 0.75},
        "epochs": 90,
    },
    # Light augmentation is enough to prevent overfitting of so few weights.
    "compact": {
        "architecture": "resnet",
        "filters": (16, 32, 32),
        "dropout": 0.0,
        "augmentation": "light",
        "epochs": 90,
    },
}


def split():
    """Return 55,000 training images, 5,000 held-out images, and their labels."""
    X, y = fetch_fashion_mnist(subset="train", return_X_y=True)
    return train_test_split(X, y, test_size=5000, stratify=y, random_state=0)


def train(name, folder):
    """Train one network, or resume its training, and save it to a file."""
    path = folder / f"{name}.joblib"
    if path.exists():
        return
    X, X_val, y, y_val = split()
    classifier = FashionCNNClassifier(
        **NETWORKS[name],
        temperature="auto",
        callbacks=keras.callbacks.BackupAndRestore(folder / name),
        random_state=0,
        verbose=2,
    )
    classifier.fit(X, y, X_val=X_val, y_val=y_val)
    joblib.dump(classifier.set_params(callbacks=None), path)


def figures(classifier, X, y):
    """Format the accuracy, log loss, Brier score and calibration error as text."""
    probabilities = classifier.predict_proba(X)
    accuracy = (probabilities.argmax(axis=1) == y).mean()
    brier = ((probabilities - np.eye(10)[y]) ** 2).sum(axis=1).mean()
    return (
        f"accuracy {accuracy:.2%}, log loss {log_loss(y, probabilities):.4f}, Brier "
        f"score {brier:.4f}, calibration error "
        f"{expected_calibration_error(y, probabilities):.4f}"
    )


def write(name, classifier):
    """Write the file that `load_pretrained` reads, and return its content as read."""
    content = pack(classifier)
    path = Path(fmnist_sk.__file__).parent / "_data" / f"{name}.npz"
    path.write_bytes(content)
    print(
        f"{name}: {len(content):,} bytes, SHA-256", hashlib.sha256(content).hexdigest()
    )
    return unpack(content)


def report(classifier):
    """Print the figures of the model card, measured on the test images."""
    X, y = fetch_fashion_mnist(subset="test", return_X_y=True)
    print("test images:", figures(classifier, X, y))
    predicted = classifier.predict(X)
    print(classification_report(y, predicted, target_names=CLASS_NAMES, digits=3))
    confusion = confusion_matrix(y, predicted)
    np.fill_diagonal(confusion, 0)
    for i in np.argsort(-confusion, axis=None)[:8]:
        true, taken = np.unravel_index(i, confusion.shape)
        print(
            f"{CLASS_NAMES[true]} taken for {CLASS_NAMES[taken]}: {confusion.flat[i]}"
        )


def calibrated(classifier):
    """Fit the temperature to the held-out images, and store it as a parameter."""
    _, X, _, y = split()
    classifier.set_params(temperature=None).temperature_ = 1.0
    logits = classifier.decision_function(X)
    temperature = round(fit_temperature(logits, y, np.ones(len(y))), 3)
    # A number, because fine-tuning may have no held-out images to fit "auto" to.
    classifier.set_params(temperature=temperature).temperature_ = temperature
    print("temperature", temperature, "held out:", figures(classifier, X, y))
    return classifier


def main():
    """Run the script from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(NETWORKS)}")
    parser.add_argument("--folder", type=Path, default=Path("pretrained-training"))
    arguments = parser.parse_args()
    arguments.folder.mkdir(exist_ok=True)
    for name in arguments.names or NETWORKS:
        train(name, arguments.folder)
    if arguments.names:
        return  # Other processes may still be training the other networks.
    vgg, resnet, compact = (
        joblib.load(arguments.folder / f"{name}.joblib") for name in NETWORKS
    )
    for name, classifier in {
        "fashion-mnist": join([vgg, resnet]),
        "fashion-mnist-compact": compact,
    }.items():
        report(write(name, calibrated(classifier)))


if __name__ == "__main__":
    main()
