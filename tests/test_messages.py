"""Errors, warnings and help texts use the words of scikit-learn and Keras."""

import ast
import re
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parents[1] / "fmnist_sk").rglob("*.py"))
OUTPUT = {"print", "warnings.warn", "warn_user"}
# Words and word orders that a message had once. Readers do not search for them:
# "continue" (not "go on"), "contain" (not "hold"), "per image" (not "an image").
PRIVATE = re.compile(
    r"\b(as you asked|go(es)? on|going on|h[oe]lds? (no|the|types|a)|must hold|mend"
    r"|is told|tells?|there is no such|does not know|the ones?"
    r"|(features|nats|pixels|values) an? (class|image|pixel))\b",
    re.I,
)


def messages_in(source):
    """Yield the line and the text of each message that a user can see."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            texts = node.exc.args
        elif isinstance(node, ast.Call):
            is_output = ast.unparse(node.func) in OUTPUT
            helps = [k.value for k in node.keywords if k.arg in ("help", "description")]
            texts = [*(node.args if is_output else ()), *helps]
        else:
            continue
        for text in texts:
            parts = [
                part.value
                for part in ast.walk(text)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            ]
            yield node.lineno, " ".join("".join(parts).split())


def private_words(source):
    return [
        (line, match[0])
        for line, text in messages_in(source)
        if (match := PRIVATE.search(text))
    ]


def test_messages_use_common_words():
    sources = {file: file.read_text(encoding="utf-8") for file in FILES}
    found = {str(file): private_words(source) for file, source in sources.items()}
    assert {file: words for file, words in found.items() if words} == {}
    assert sum(len(list(messages_in(source))) for source in sources.values()) > 100


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ('raise ValueError(f"Training cannot go on: {x}.")', "go on"),
        ('raise ValueError("needs 3 values an "\n    f"image")', "values an image"),
        ('warnings.warn("Mend its method.", stacklevel=2)', "Mend"),
        ('parser.add_argument("x", help="tells its accuracy")', "tells"),
    ],
)
def test_private_words_are_found(statement, word):
    assert private_words(statement) == [(1, word)]
