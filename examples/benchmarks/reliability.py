"""Damaged model files, and processes that are killed while they write.

Run with::

    python examples/benchmarks/reliability.py --json reliability.json

The script needs Linux. Complete figures take an hour. Each measurement is a
function of the arguments whose docstring is the title of its table, and which returns
pairs of texts and all values. To add a measurement, add the function to `MEASUREMENTS`.
"""

import argparse
import functools

from common import run
from damaged_files import damaged_files
from killed_processes import killed_processes

MEASUREMENTS = (damaged_files, killed_processes)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [measurement.__name__ for measurement in MEASUREMENTS]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--json", help="file for all single values")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument(
        "--files", type=int, default=20_000, help="damaged files (%(default)s)"
    )
    parser.add_argument(
        "--bomb-mib",
        type=int,
        default=512,
        help="content of an oversized file in MiB (%(default)s)",
    )
    parser.add_argument(
        "--kills", type=int, default=200, help="killed processes (%(default)s)"
    )
    arguments = parser.parse_args()
    measurements = [functools.partial(m, arguments) for m in MEASUREMENTS]
    for measurement, function in zip(measurements, MEASUREMENTS, strict=True):
        functools.update_wrapper(measurement, function)
    run(measurements, arguments)


if __name__ == "__main__":
    main()
