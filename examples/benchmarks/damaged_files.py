"""Measurement of `load_model` on damaged, forged and oversized model files."""

import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from common import Worker

TESTS = Path(__file__).parents[2] / "tests"
MODEL = TESTS / "data" / "format_2.skops"
# Of a hundred files, so many are forged and oversized. All others are damaged.
FORGED, OVERSIZED = 18, 2
# Events of Python's audit hooks that loading a file must not cause.
FORBIDDEN = re.compile(
    r"pickle\.find_class|os\.(system|exec|fork|posix_spawn|remove|rename|mkdir|rmdir)"
    r"|subprocess\..*|socket\..*|shutil\..*|ctypes\..*"
)
WRITING = set("wax+")


def damaged_files(arguments):
    """Model files that are damaged, forged with a digest that fits, or oversized"""
    sys.path.insert(0, str(TESTS))  # the tests try a few hundred of the same files
    import _mutants

    _mutants.BOMB_BYTES = arguments.bomb_mib * 2**20
    groups = {
        "damaged": _mutants.DAMAGE,
        "forged": _mutants.FORGERIES,
        "oversized": _mutants.BOMBS,
    }
    original = MODEL.read_bytes()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.skops"
        # In a process of its own, so that the memory of making files does not count.
        worker = Worker(_prepare, path=str(path))
        for number in range(arguments.files):
            group = _group(number)
            name, content = _mutants.mutant(
                groups[group], arguments.seed * arguments.files + number, original
            )
            path.write_bytes(content)
            outcome = worker("load")[0]
            found.append({"group": group, "kind": name, **outcome})
        n_events = worker("events")[0]
        worker.close()
        extra = [each.name for each in Path(folder).iterdir() if each != path]
    return _rows(found, n_events, extra), found


def _group(number):
    position = number % 100
    if position < OVERSIZED:
        return "oversized"
    return "forged" if position < OVERSIZED + FORGED else "damaged"


def _rows(found, n_events, extra):
    rows = []
    for group in "damaged", "forged", "oversized":
        outcomes = [each for each in found if each["group"] == group]
        counts = Counter(each["outcome"] for each in outcomes)
        text = ", ".join(f"{n:,} {name}" for name, n in counts.most_common())
        rows += [
            (f"{len(outcomes):,} {group} files", text),
            ("longest time", f"{max(each['seconds'] for each in outcomes):.2f} s"),
            (
                "highest memory above the loaded library",
                f"{max(each['mb'] for each in outcomes):.0f} MB",
            ),
        ]
    return [
        *rows,
        ("events that run code or change files", f"{n_events}"),
        ("other files written", f"{len(extra)}"),
    ]


def _prepare(path):
    import warnings

    import joblib

    from fmnist_sk import load_model

    warnings.simplefilter("ignore")
    original = joblib.hash(load_model(MODEL))
    events, watching = [], []

    def hook(event, details):
        if watching and (
            FORBIDDEN.fullmatch(event)
            or (event == "open" and WRITING & set(str(details[1])))
        ):
            events.append((event, str(details)[:200]))

    sys.addaudithook(hook)

    def attempt():
        watching.append(True)
        try:
            return load_model(path), None
        except Exception as error:
            return None, error
        finally:
            watching.clear()

    def load():
        _reset_peak()
        before = _memory("VmRSS")
        start = time.perf_counter()
        model, error = attempt()
        seconds = time.perf_counter() - start
        mb = (_memory("VmHWM") - before) / 1024
        return {"outcome": _outcome(model, error), "seconds": seconds, "mb": mb} | (
            {"error": f"{type(error).__name__}: {error}"[:300]} if error else {}
        )

    def _outcome(model, error):
        if error is None:
            try:
                same = joblib.hash(model) == original
            except Exception:  # what no model contains
                same = False
            return "identical models" if same else "other models"
        if type(error) not in (ValueError, TypeError):
            return "undocumented errors"
        return "documented errors" if path in str(error) else "errors without the name"

    def count():
        for event in events[:20]:
            print(event, file=sys.stderr)
        return len(events)

    return {"load": load, "events": count}


def _reset_peak():
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def _memory(name):
    """Return a memory figure of this process in KiB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition(f"{name}:")[2].split()[0])
