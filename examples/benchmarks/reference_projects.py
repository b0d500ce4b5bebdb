"""The five reference projects on all of Fashion-MNIST, three seeds each.

Run with::

    python examples/benchmarks/reference_projects.py --seeds 3

The script runs the examples in `examples/reference_projects` with `--full`. On two
cores each example takes some minutes. The third one is the slowest.
"""

import argparse
import json
import runpy
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from common import machine, summary

EXAMPLES = Path(__file__).parents[1] / "reference_projects"
CLAIMS = {
    "plot_1_several_convolutions": "about 90 %, loss < 0.22",
    "plot_2_learning_curves": "no figure",
    "plot_3_three_convolutions": "93 % training, 89 % test",
    "plot_4_confidence": "about 91 %",
    "plot_5_augmentation": "about 92 %",
}


def run(name, arguments):
    """Run an example as a script and return its figures."""
    sys.argv = [name, "--full", *arguments]
    found = runpy.run_path(str(EXAMPLES / f"{name}.py"))
    keys = ("accuracy", "nll", "seconds", "train_accuracy")
    return {key: float(found[key]) for key in keys if key in found}


def main():
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=CLAIMS, default=list(CLAIMS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", help="epochs of the third project (default: 5)")
    parser.add_argument("--json", help="file to write all single values to")
    options = parser.parse_args()
    mpl.use("Agg")
    results = {"machine": machine()}
    rows = []
    for name in options.only:
        extra = ["--epochs", options.epochs] if options.epochs and "_3_" in name else []
        values = []
        for seed in range(options.seeds):
            values.append(run(name, ["--seed", str(seed), *extra]))
            mpl.pyplot.close("all")
        results[name] = values
        columns = {key: [v[key] for v in values] for key in values[0]}
        accuracy = summary([100 * a for a in columns["accuracy"]])
        ours = f"{accuracy} %, NLL {np.mean(columns['nll']):.3f}"
        if "train_accuracy" in columns:
            ours += f", training {100 * np.mean(columns['train_accuracy']):.1f} %"
        seconds = np.median(columns["seconds"])
        rows.append(f"| {name} | {CLAIMS[name]} | {ours} | {seconds:.0f} s |")
        if options.json:
            Path(options.json).write_text(
                json.dumps(results, indent=1), encoding="utf-8"
            )
    print("; ".join(f"{key} {value}" for key, value in results["machine"].items()))
    print("| project | project's figures | this package | time |\n|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
