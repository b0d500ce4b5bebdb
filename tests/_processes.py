"""Run code in a new interpreter."""

import json
import subprocess
import sys


def run_python(code, *arguments):
    """Run code with arguments in `sys.argv` and parse its last line as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
