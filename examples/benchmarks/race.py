"""Accuracy and time of complete training runs."""

import statistics

import numpy as np
from common import Worker, summary
from training import contender

BASE = ("Keras script, 10 epochs (B)", "keras_script", 32, 10, 2, {})


def race():
    """Complete training: accuracy, log loss and time, 60,000 and 10,000 images"""
    return _race(
        # Name, peer, batch size, epochs, seeds, parameters.
        BASE,
        ("SciKeras, 10 epochs", "scikeras", 32, 10, 1, {}),
        ("skorch, bfloat16, 10 epochs", "skorch_bfloat16", 32, 10, 1, {}),
        ("MLPClassifier, 20 epochs", "mlp", 200, 20, 1, {}),
        ("HistGradientBoosting, 100", "gradient_boosting", 0, 100, 1, {}),
        ("FashionCNNClassifier()", "ours", "auto", None, 5, {}),
        ('"compact"', "ours", "auto", None, 5, {"architecture": "compact"}),
    )


def deep():
    """Complete training of the deeper networks"""
    return _race(
        BASE,
        ('"vgg"', "ours", "auto", None, 3, {"architecture": "vgg"}),
        ('"resnet"', "ours", "auto", None, 3, {"architecture": "resnet"}),
    )


def _race(*entries):
    values = {name: [] for name, *_ in entries}
    for seed in range(5):
        for name, peer, batch_size, epochs, seeds, parameters in entries:
            if seed >= seeds:
                continue
            worker = Worker(
                contender, peer=peer, batch_size=batch_size, seed=seed, **parameters
            )
            worker("ready")  # The preparation is not timed.
            seconds = worker("fit", epochs)[1]
            accuracy, nll = worker("score")[0]
            worker.close()
            values[name].append((seconds, accuracy, nll))
            print(f"{name}, seed {seed}: {values[name][-1]}", flush=True)
    base = statistics.median(seconds for seconds, *_ in values[entries[0][0]])
    rows = []
    for name, results in values.items():
        seconds, accuracy, nll = (list(column) for column in zip(*results, strict=True))
        time_taken = statistics.median(seconds)
        rows.append(
            (
                name,
                f"{summary(accuracy)} %, NLL {np.mean(nll):.3f}, {time_taken:.0f} s, "
                f"{time_taken / base:.2f} B",
            )
        )
    return rows, values
