"""Effect of each default setting on the accuracy on held-out training images.

Run with::

    python examples/benchmarks/recipes.py --architectures standard compact

Every row changes one setting, trains on 50,000 images and measures on the other 10,000.
The test images are not used. Each row needs one complete training run per seed:
`compact` is quick, and `vgg` takes hours on two cores. Needs psutil.
"""

import argparse
import json
import time

import numpy as np
from common import load, machine, summary
from sklearn.metrics import log_loss

from fmnist_sk import FashionCNNClassifier

CONSTANT = {"lr_schedule": "constant"}
VARIANTS = {
    "standard": {
        "the recipe": {},
        "learning rate 0.003 instead of 0.01": {"learning_rate": 3e-3},
        "constant learning rate 0.001": CONSTANT,
        "no weight decay": {"weight_decay": 0.0},
        "no dropout": {"dropout": 0.0},
        "dropout 0.3": {"dropout": 0.3},
        "no augmentation": {"augmentation": None},
        "no batch normalisation": {"batch_norm": False},
        "Nesterov instead of AdamW": {"optimizer": "nesterov"},
        "label smoothing 0.05": {"label_smoothing": 0.05},
        "5 epochs": {"epochs": 5},
        "8 epochs": {"epochs": 8},
        "float32": {"precision": "float32"},
        'augmentation `"light"`': {"augmentation": "light"},
        'augmentation `"standard"`': {"augmentation": "standard"},
        'augmentation `"strong"`': {"augmentation": "strong"},
        '`"light"`, predictions of both mirror images': {
            "augmentation": "light",
            "tta": "flip",
        },
    },
    "compact": {
        "the recipe": {},
        "learning rate 0.003 instead of 0.01": {"learning_rate": 3e-3},
        "constant learning rate 0.001": CONSTANT,
        "no weight decay": {"weight_decay": 0.0},
        "no batch normalisation": {"batch_norm": False},
        "Nesterov instead of AdamW": {"optimizer": "nesterov"},
        "float32": {"precision": "float32"},
    },
    "vgg": {
        "the recipe": {},
        "predictions of the image alone": {"tta": None},
        "no label smoothing": {"label_smoothing": 0.0},
        "nothing erased": {"augmentation": "light"},
        "no augmentation": {"augmentation": None},
        "rotated and zoomed instead": {"augmentation": "standard"},
        "Nesterov instead of AdamW": {"optimizer": "nesterov"},
    },
}


def measure(architecture, parameters, seeds):
    """Return the accuracy in percent, the log loss and the seconds of each seed."""
    X, y, *_ = load()
    results = []
    for seed in seeds:
        clf = FashionCNNClassifier(
            architecture=architecture, random_state=seed, **parameters
        )
        start = time.perf_counter()
        clf.fit(X[:50_000], y[:50_000])
        seconds = time.perf_counter() - start
        probabilities = clf.predict_proba(X[50_000:])
        hits = probabilities.argmax(axis=1) == y[50_000:]
        results.append(
            (100 * hits.mean(), log_loss(y[50_000:], probabilities), seconds)
        )
    return results


def main():
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--architectures", nargs="+", choices=VARIANTS, default=list(VARIANTS)
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", help="file for all single values")
    arguments = parser.parse_args()
    results = {"machine": machine()}
    print("; ".join(f"{key} {value}" for key, value in results["machine"].items()))
    for architecture in arguments.architectures:
        print(f"\n| `{architecture}` | accuracy | NLL | time |\n|---|---|---|---|")
        for name, parameters in VARIANTS[architecture].items():
            values = measure(architecture, parameters, range(arguments.seeds))
            results[f"{architecture}, {name}"] = values
            accuracy, nll, seconds = np.transpose(values)
            print(
                f"| {name} | {summary(accuracy)} % | {nll.mean():.3f} | "
                f"{np.median(seconds):.0f} s |",
                flush=True,
            )
            if arguments.json:
                with open(arguments.json, "w", encoding="utf-8") as file:
                    json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
