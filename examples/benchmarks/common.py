"""Shared tools of the benchmarks: versions, worker processes, turns and tables."""

import argparse
import atexit
import json
import multiprocessing
import os
import platform
import statistics
import time
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import psutil

from fmnist_sk import fetch_fashion_mnist

PACKAGES = (
    "tensorflow",
    "keras",
    "scikit-learn",
    "scikeras",
    "numpy",
    "pillow",
    "torch",
    "skorch",
    "onnxruntime",
)


def load():
    """Return the training and the test images, as rows of uint8, and their labels."""
    train = fetch_fashion_mnist(return_X_y=True)
    return *train, *fetch_fashion_mnist(subset="test", return_X_y=True)


def machine():
    """Return the versions and the processor as a dict."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions | {"cores": psutil.cpu_count(), "processor": _processor()}


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            lines = [line for line in file if line.startswith("model name")]
        return lines[0].partition(":")[2].strip()
    except (OSError, IndexError):
        return platform.processor()


def summary(values):
    """Format the mean and, for several values, the standard deviation."""
    spread = f" ± {np.std(values, ddof=1):.2f}" if len(values) > 1 else ""
    return f"{np.mean(values):.2f}{spread}"


def median_ms(function, n):
    """Return the median time in milliseconds of `function(i)` for i from 0 to n - 1."""
    times = []
    for i in range(n):
        start = time.perf_counter()
        function(i)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


class Worker:
    """Separate process, so that the threads of one library do not disturb another.

    Parameters
    ----------
    prepare : callable
        Function called in the process with `arguments`. It returns a dict of
        functions.
    cores : int, default=None
        Number of cores that the process may use. None stands for all cores.
    **arguments : dict
        Arguments of `prepare`.
    """

    def __init__(self, prepare, *, cores=None, **arguments):
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        # Not a daemon, because a daemon may not start processes.
        self._process = context.Process(
            target=_serve, args=(theirs, cores, prepare, arguments)
        )
        self._process.start()
        theirs.close()
        atexit.register(self.close)

    def __call__(self, function, *arguments):
        """Call one of the functions, and return its result and the seconds it took."""
        self._pipe.send((function, arguments))
        return self._pipe.recv()

    def close(self):
        """End the process, even if it waits for joblib's workers."""
        self._pipe.close()
        self._process.join(timeout=10)
        self._process.kill()


def _serve(pipe, cores, prepare, arguments):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if cores:
        process = psutil.Process()
        process.cpu_affinity(process.cpu_affinity()[:cores])
    functions = prepare(**arguments)
    while True:
        try:
            name, arguments = pipe.recv()
        except EOFError:
            return
        start = time.perf_counter()
        result = functions[name](*arguments)
        pipe.send((result, time.perf_counter() - start))


def take_turns(workers, rounds, function, *arguments):
    """Time a function of several workers in turns, in a different order each round.

    Returns
    -------
    seconds : dict of list
        Seconds per round, with the names of the workers as keys.
    """
    seconds = {name: [] for name in workers}
    names = list(workers)
    for i in range(rounds):
        for name in names[i % len(names) :] + names[: i % len(names)]:
            seconds[name].append(workers[name](function, *arguments)[1])
    return seconds


def ratio(seconds, of, to):
    """Return the median over the rounds of the ratio of two workers' times."""
    return statistics.median(
        a / b for a, b in zip(seconds[of], seconds[to], strict=True)
    )


def run(measurements, arguments):
    """Run measurements, print Markdown tables, and write all values as JSON.

    A measurement is a function whose docstring is the title of the table. It returns a
    list of rows (pairs of texts) and the measured values.
    """
    about = machine()
    print("; ".join(f"{key} {value}" for key, value in about.items()))
    results = {"machine": about}
    for measurement in measurements:
        if measurement.__name__ not in arguments.only:
            continue
        rows, values = measurement()
        results[measurement.__name__] = values
        print(f"\n| {measurement.__doc__.strip()} | |\n|---|---|")
        print("\n".join(f"| {what} | {text} |" for what, text in rows), flush=True)
        if arguments.json:
            with open(arguments.json, "w", encoding="utf-8") as file:
                json.dump(results, file, indent=1)


def arguments_for(measurements, description, **numbers):
    """Read the arguments of `run` from the command line.

    `numbers` are options with a number as value: pairs of default and help.
    """
    parser = argparse.ArgumentParser(description=description)
    for name, (default, text) in numbers.items():
        parser.add_argument(
            f"--{name}",
            type=type(default),
            default=default,
            help=f"{text} (default: %(default)s)",
        )
    names = [measurement.__name__ for measurement in measurements]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--json", help="file for all single values")
    return parser.parse_args()
