"""Speed, memory and accuracy compared with other tools, in one run.

Run with::

    pip install -e '.[bench]'
    python examples/benchmarks/speed.py --json speed.json

`--only` selects measurements. `race` and `deep`, which train completely, take longest.
Every library runs in its own process, and the processes take turns. Ratios are medians
over the rounds, without a first round for warm-up. Complete training runs have no
warm-up, but TensorFlow and PyTorch are imported beforehand.
"""

from common import arguments_for, run
from memory import memory, memory_map
from prediction import first_fit, predict_many, predict_one
from race import deep, race
from training import cores, early_stopping, growth, matrix_rate, same_network

MEASUREMENTS = [
    matrix_rate,
    same_network,
    predict_one,
    predict_many,
    first_fit,
    memory,
    memory_map,
    growth,
    cores,
    early_stopping,
    race,
    deep,
]

if __name__ == "__main__":
    run(MEASUREMENTS, arguments_for(MEASUREMENTS, __doc__.splitlines()[0]))
