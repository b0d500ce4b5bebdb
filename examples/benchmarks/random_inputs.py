"""Random inputs of every kind, for each entry point that takes data.

Every call must be right, or raise a ValueError or TypeError in words about the
argument. It may change no argument. If it fails, the estimator must be as it was. The
strategies are those of ``tests/test_properties.py``, which draws a few inputs. Needs
the extra ``test``.

Run with ``python examples/benchmarks/random_inputs.py [--n 5000] [--seed 1]``, which
takes about half an hour.
"""

import argparse
import json
import sys
import tempfile
import time
import zlib
from collections import Counter
from pathlib import Path

from common import machine
from hypothesis import HealthCheck, Phase, given, seed, settings

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from _properties import ENTRY_POINTS, examine, fitted
from _random_commands import command_lines, run_command

COMMANDS = "command line"
FAULTS = ("unexplained", "wrong", "changed argument", "half-fitted")


def run_all(name, strategy, function, n, first_seed):
    """Call a function with random inputs.

    Parameters
    ----------
    name : str
        Name of the entry point, which is a part of the seed.
    strategy : hypothesis.strategies.SearchStrategy
        Strategy of the inputs.
    function : callable
        Function of an input that returns its faults by kind, whether the input was
        refused, and its description.
    n : int
        Number of inputs.
    first_seed : int
        Seed.

    Returns
    -------
    counts : collections.Counter
        Numbers of inputs, of refused inputs and of each fault.
    examples : list of tuple
        Kind, description and input of the first faults.
    """
    counts, examples = Counter(), []

    @seed(zlib.crc32(f"{first_seed} {name}".encode()))
    @settings(
        max_examples=n,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def check(drawn):
        faults, refused, description = function(drawn)
        counts.update({"inputs": 1, "refused": int(refused)})
        counts.update(faults.keys())
        if len(examples) < 20:
            examples.extend((*fault, description) for fault in faults.items())

    check()
    return counts, examples


def _call(call):
    return (*examine(call), call.name)


def _command(arguments):
    fault, refused = run_command(arguments)
    return {"unexplained": fault} if fault else {}, refused, " ".join(arguments)


def main():
    """Print a table with a row for each entry point."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    names = [*ENTRY_POINTS, COMMANDS]
    parser.add_argument("--n", type=int, default=5000, help="inputs per entry point")
    parser.add_argument("--seed", type=int, default=0, help="seed of the inputs")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--json", help="file for all counts and the first faults")
    arguments = parser.parse_args()
    about = machine()
    print("; ".join(f"{key} {value}" for key, value in about.items()))
    columns = ("inputs", "refused", *FAULTS)
    print(f"\n| entry point | {' | '.join(columns)} | seconds |")
    print("|---" * (len(columns) + 2) + "|")
    fitted()  # before hypothesis draws anything
    results = {"machine": about, "n": arguments.n, "seed": arguments.seed}
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.only:
            strategy, function = ENTRY_POINTS.get(name), _call
            if name == COMMANDS:
                strategy, function = command_lines(folder), _command
            start = time.perf_counter()
            counts, examples = run_all(
                name, strategy, function, arguments.n, arguments.seed
            )
            seconds = time.perf_counter() - start
            cells = (f"{counts[column]:,}" for column in columns)
            print(f"| `{name}` | {' | '.join(cells)} | {seconds:.0f} |", flush=True)
            for kind, text, description in examples:
                print(f"{kind}: {text} ({description})", file=sys.stderr)
            results[name] = {**counts, "seconds": seconds, "examples": examples}
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
