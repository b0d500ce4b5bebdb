"""How fast, beside what people would use instead, in one run.

Run with::

    pip install -e '.[bench]'
    python examples/benchmarks/speed.py --json speed.json

All of it takes about 40 minutes on two cores, of which the race takes 30; `--only`
picks measurements. Contenders sit in processes of their own and take turns; ratios are
medians over the rounds, and each has a round to warm up that does not count.
"""

from common import arguments_for, run
from memory import memory, memory_map
from prediction import first_fit, predict_many, predict_one
from race import race
from training import early_stopping, growth, matrix_rate, same_network, threads

MEASUREMENTS = [
    matrix_rate,
    same_network,
    predict_one,
    predict_many,
    first_fit,
    memory,
    memory_map,
    growth,
    threads,
    early_stopping,
    race,
]

if __name__ == "__main__":
    run(MEASUREMENTS, arguments_for(MEASUREMENTS, __doc__.splitlines()[0]))
