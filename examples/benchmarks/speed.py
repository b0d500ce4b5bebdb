"""How fast, beside what people would use instead, in one run.

Run with::

    pip install -e '.[bench]'
    python examples/benchmarks/speed.py --json speed.json

`--only` picks measurements; the two races take longest. Contenders sit in processes of
their own and take turns; ratios are medians over the rounds, and each has a round to
warm up that does not count. In the races nobody warms up, but TensorFlow and PyTorch
are imported before.
"""

from common import arguments_for, run
from memory import memory, memory_map
from prediction import first_fit, predict_many, predict_one
from race import deep, race
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
    deep,
]

if __name__ == "__main__":
    run(MEASUREMENTS, arguments_for(MEASUREMENTS, __doc__.splitlines()[0]))
