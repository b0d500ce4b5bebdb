"""Check an installed fmnist-sk: `python smoke_test.py`, outside the repository.

Needs nothing but the package. Besides the code it covers what a wrong build would leave
out: the sample, the pretrained weights, the type marker, the files of the web page, the
command, and a README that works on PyPI.
"""

import re
import subprocess
import sys
import sysconfig
from importlib.metadata import metadata, version
from pathlib import Path

import fmnist_sk
from fmnist_sk import (
    FashionCNNClassifier,
    load_fashion_mnist_sample,
    load_pretrained,
)

PACKAGE = Path(fmnist_sk.__file__).parent
COMMAND = Path(sysconfig.get_path("scripts"), "fmnist-sk")


def output_of(*command):
    """Return what a command prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


if PACKAGE.parent != Path(sysconfig.get_path("purelib")):
    sys.exit(f"{PACKAGE} is not an installed package.")
assert version("fmnist-sk") == fmnist_sk.__version__
assert (PACKAGE / "py.typed").exists()
page = (PACKAGE / "app" / "static" / "index.html").read_text(encoding="utf-8")
for link in re.findall(r'(?:href|src)="(static/[^"]*)"', page):
    assert (PACKAGE / "app" / link).exists(), link
readme = metadata("fmnist-sk").get_payload()
assert "# fmnist_sk" in readme
assert not re.findall(r'(?:\]\(|src=")(?!https?:|#)[^)"]*', readme)
assert output_of(COMMAND, "--version") == f"fmnist-sk {fmnist_sk.__version__}"
assert "demo" in output_of(sys.executable, "-m", "fmnist_sk", "--help")

X, y = load_fashion_mnist_sample(subset="test", return_X_y=True)
for name in "fashion-mnist", "fashion-mnist-compact":
    accuracy = load_pretrained(name).score(X[:200], y[:200])
    assert accuracy > 0.9, (name, accuracy)

clf = FashionCNNClassifier(architecture="compact", epochs=2, random_state=0)
assert clf.fit(X[:100], y[:100]).predict(X[:3]).shape == (3,)
assert fmnist_sk.ImageReshaper().fit_transform(X[:3]).shape == (3, 28, 28, 1)
print(f"fmnist-sk {fmnist_sk.__version__} works, installed in {PACKAGE.parent}")
