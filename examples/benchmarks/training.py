"""Measurements of training time."""

import statistics
import time

import numpy as np
import peers
from common import Worker, load, median_ms, ratio, take_turns

ROUNDS = 3


def contender(peer, images=60_000, **settings):
    """Prepare a function of `peers` in a worker."""
    X, y, X_test, y_test = load()
    if images > len(X):
        X, y = (np.concatenate([a] * (images // len(a))) for a in (X, y))
    fit, predict = getattr(peers, peer)(X[:images], y[:images], **settings)

    def score():
        from sklearn.metrics import log_loss

        probabilities = predict(X_test)
        hits = probabilities.argmax(axis=1) == y_test
        return 100 * hits.mean(), log_loss(y_test, probabilities)

    return {"fit": fit, "score": score, "ready": lambda: None}


def same_network():
    """The same network, one epoch of 60,000 images in batches of 64"""
    names = (
        "keras_script",
        "scikeras",
        "keras_wrapper",
        "skorch",
        "skorch_float32",
        "skorch_bfloat16",
    )
    workers = {name: Worker(contender, peer=name, batch_size=64) for name in names}
    for precision in "float32", "auto":
        workers[f"ours, {precision}"] = Worker(
            contender,
            peer="ours",
            batch_size=64,
            architecture="two_conv",
            precision=precision,
        )
    take_turns(workers, 1, "fit", 1)
    seconds = take_turns(workers, ROUNDS, "fit", 1)
    for worker in workers.values():
        worker.close()
    best = min(names[3:], key=lambda name: statistics.median(seconds[name]))
    rows = [(name, f"{statistics.median(s):.1f} s") for name, s in seconds.items()]
    for ours in "ours, float32", "ours, auto":
        for name in "keras_script", "scikeras", best:
            rows.append((f"{ours} / {name}", f"{ratio(seconds, ours, name):.2f}"))
    return rows, seconds


def matrix_rate():
    """Floating-point rate of a matrix product and of training"""
    worker = Worker(_matrix_worker)
    values = {}
    for precision in "float32", "bfloat16":
        values[f"product, {precision}"] = worker("product", precision)[0]
        # Forward pass, gradient of the weights, and gradient of the inputs (not for
        # the first layer).
        for architecture in "two_conv", "standard":
            worker("train", architecture, precision)
            values[f"{architecture}, {precision}"] = worker(
                "train", architecture, precision
            )[0]
    worker.close()
    return [(name, f"{rate:.0f} GFLOP/s") for name, rate in values.items()], values


def _matrix_worker():
    from fmnist_sk import FashionCNNClassifier

    X, y, *_ = load()
    # Multiplications per image in the first layer and in the other layers.
    multiplications = {
        "two_conv": (9 * 32 * 26**2, 9 * 32 * 64 * 11**2 + 1600 * 128 + 1280),
        "standard": (9 * 32 * 28**2, 9 * 32 * 64 * 14**2 + 3136 * 128 + 1280),
    }

    def product(precision):
        import tensorflow as tf

        a = tf.cast(tf.random.normal((2048, 2048)), precision)
        multiply = tf.function(lambda a: tf.matmul(a, a)[0, 0])
        multiply(a).numpy()
        milliseconds = median_ms(lambda _: multiply(a).numpy(), 50)
        return 2 * 2048**3 / milliseconds / 1e6

    def train(architecture, precision):
        clf = FashionCNNClassifier(
            architecture=architecture, precision=precision, epochs=1, random_state=0
        )
        start = time.perf_counter()
        clf.fit(X, y)
        first, others = multiplications[architecture]
        flop = 2 * len(X) * (2 * first + 3 * others)
        return flop / (time.perf_counter() - start) / 1e9

    return {"product": product, "train": train}


def growth():
    """Time per image, 600,000 images compared with 60,000"""
    workers = {
        n: Worker(contender, peer="ours", images=n, batch_size=128)
        for n in (60_000, 600_000)
    }
    take_turns(workers, 1, "fit", 1)
    seconds = take_turns(workers, ROUNDS, "fit", 1)
    for worker in workers.values():
        worker.close()
    per_image = {n: [s / n for s in values] for n, values in seconds.items()}
    value = ratio(per_image, 600_000, 60_000)
    return [("600,000 / 60,000", f"{value:.2f}")], per_image


def cores():
    """Training throughput on two cores compared with one"""
    rows, values = [], {}
    for architecture in "standard", "compact", "vgg", "two_conv":
        images = 20_000 if architecture == "vgg" else 60_000
        workers = {
            f"{architecture}, {n}": Worker(
                contender,
                peer="ours",
                architecture=architecture,
                images=images,
                cores=n,
            )
            for n in (1, 2)
        }
        take_turns(workers, 1, "fit", 1)
        seconds = take_turns(workers, ROUNDS, "fit", 1)
        for worker in workers.values():
            worker.close()
        one, two = seconds
        rows.append((architecture, f"{ratio(seconds, one, two):.2f} ×"))
        values |= seconds
    return rows, values


def early_stopping():
    """Cost of held-out images and of early stopping, with the same number of epochs"""
    worker = Worker(_early_stopping_worker)
    values = {"plain": [], "watched": [], "stopping": []}
    for i in range(ROUNDS + 1):
        for name, seconds in values.items():
            taken = worker("fit", name)[1]
            if i:
                seconds.append(taken)
    worker.close()
    return [
        ("held-out images only measured / not given", _of(values, "watched", "plain")),
        (
            "early stopping / held-out images measured",
            _of(values, "stopping", "watched"),
        ),
    ], values


def _of(values, a, b):
    return f"{ratio(values, a, b):.2f}"


def _early_stopping_worker():
    from fmnist_sk import FashionCNNClassifier

    X, y, *_ = load()
    held_out = {"X_val": X[50_000:], "y_val": y[50_000:]}

    def fit(how):
        clf = FashionCNNClassifier(
            epochs=3,
            random_state=0,
            early_stopping=how == "stopping",
            n_iter_no_change=100,
        )
        clf.fit(X[:50_000], y[:50_000], **({} if how == "plain" else held_out))

    return {"fit": fit}
