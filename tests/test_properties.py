"""Random input of every kind: right answers or clear errors, and nothing changed.

`examples/benchmarks/random_inputs.py` makes the same calls with thousands of inputs.
"""

import pytest
from _properties import ENTRY_POINTS, examine, fitted
from _random_commands import command_lines, run_command
from hypothesis import HealthCheck, Phase, given, settings

# Every run draws the same inputs, so that a failure is about the change.
COMMON = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module", autouse=True)
def estimators():
    """Estimators of all calls, fitted before hypothesis draws anything."""
    return fitted()


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_any_input_is_used_rightly_or_refused_clearly(name):
    @settings(COMMON, max_examples=40)
    @given(ENTRY_POINTS[name])
    def check(call):
        faults, _ = examine(call)
        assert not faults, call.name

    check()


def test_any_command_line_is_run_or_refused_in_one_line(tmp_path):
    @settings(COMMON, max_examples=60)
    @given(command_lines(tmp_path))
    def check(arguments):
        fault, _ = run_command(arguments)
        assert fault is None, arguments

    check()
