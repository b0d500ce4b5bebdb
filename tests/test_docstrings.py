"""Docstrings follow numpydoc and the rules of the package for their language."""

import ast
import re
import warnings
from pathlib import Path

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.hooks.validate_docstrings import parse_config, process_file

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "fmnist_sk").rglob("*.py"))
OTHER_FILES = [
    file
    for folder in ("tests", "examples")
    for file in sorted((ROOT / folder).rglob("*.py"))
]
# A summary is an imperative that a maintainer would write: "Return", "Check", "Load".
# It is not a clause without a noun: "What a function reads".
NO_SUMMARY = re.compile(
    r"(give|gives|giving|tell|tells|telling|what|how|where|of|those|which|whose)\b",
    re.I,
)
# A description starts with a noun phrase: "Random generator.", "Parent task.". These
# words start clauses, other phrases and imperatives instead.
NO_NOUN = re.compile(
    "(after|also|as|at|before|by|called|controls|determines|for|from|given|gives|how|if"
    "|in|is|it|of|on|only|returns|see|shows|sets|takes|that|these|they|this|those|to"
    "|used|uses|what|whatever|when|where|which|who|whose|with|without)"
    r"\b",
    re.I,
)
FIELDS = ("Parameters", "Other Parameters", "Attributes", "Returns", "Yields")


def docstrings_of(source):
    """Yield the name and the docstring of a module and of everything in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(
            node,
            ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
        ):
            docstring = ast.get_docstring(node)
            if docstring:
                yield getattr(node, "name", "module"), docstring


def wrong_summaries(source):
    return [
        (name, docstring.partition("\n")[0])
        for name, docstring in docstrings_of(source)
        if NO_SUMMARY.match(docstring)
    ]


def wrong_descriptions(source):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # unknown sections: numpydoc's checks find them
        parsed = [(name, NumpyDocString(doc)) for name, doc in docstrings_of(source)]
    return [
        (name, field.name or field.type, description)
        for name, docstring in parsed
        for section in FIELDS
        for field in docstring[section]
        if NO_NOUN.match(description := " ".join(field.desc)) or not description
    ]


def problems_of(rule):
    found = {
        str(file.relative_to(ROOT)): rule(file.read_text(encoding="utf-8"))
        for file in [*FILES, *OTHER_FILES]
    }
    return {file: problems for file, problems in found.items() if problems}


def test_summaries_start_with_an_imperative():
    assert problems_of(wrong_summaries) == {}


def test_descriptions_start_with_a_noun():
    assert problems_of(wrong_descriptions) == {}


@pytest.fixture(scope="module")
def config():
    return parse_config(ROOT)


def test_docstrings_follow_numpydoc(config):
    assert config["exclude"].search("classifier.FashionCNNClassifier.__init__")
    assert not config["exclude"].search("_augmenter.ImageAugmenter.fit")
    assert [problem for file in FILES for problem in process_file(file, config)] == []


def test_the_api_reference_has_all_sections(config):
    """Functions of the public API have all sections, not only a summary."""
    reference = (ROOT / "docs" / "api.rst").read_text(encoding="utf-8")
    public = set(re.findall(r"^   (\w+)$", reference, re.M))
    problems = [
        problem
        for file in FILES
        for problem in process_file(file, {**config, "overrides": {}})
        if problem[1].split(".")[1:2] and problem[1].split(".")[1] in public
    ]
    assert {"FashionCNNClassifier", "load_pretrained", "grad_cam"} <= public
    assert problems == []


@pytest.mark.parametrize("word", ["Give", "Tell", "Gives"])
def test_a_wrong_summary_is_found(word):
    source = f'def _scores(X):\n    """{word} the scores."""\n'
    assert wrong_summaries(source) == [("_scores", f"{word} the scores.")]
    assert not wrong_summaries(source.replace(word, "Return"))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("What is drawn from.", "Random generator."),
        ("Those of the model.", "Weights of the model."),
        ("How it is trained.", "Default settings for training."),
        ("", "Images."),
    ],
)
@pytest.mark.parametrize("section", ["Parameters", "Attributes", "Returns"])
def test_a_wrong_description_is_found(section, wrong, right):
    lines = ["Return x.", "", section, "-" * len(section), "x : object", "    {}", ""]
    source = "def f(x):\n" + "\n".join(f"    {line}" for line in ['"""', *lines, '"""'])
    assert wrong_descriptions(source.format(wrong)) == [("f", "x", wrong)]
    assert not wrong_descriptions(source.format(right))


def test_a_missing_parameter_is_found(config, tmp_path):
    file = tmp_path / "module.py"
    file.write_text(
        '"""Module."""\n\n\ndef f(x, y):\n    """Return x.\n\n    Parameters\n'
        '    ----------\n    x : int\n        Number.\n    """\n    return x\n',
        encoding="utf-8",
    )
    assert {problem[2] for problem in process_file(file, config)} == {"PR01", "RT01"}
