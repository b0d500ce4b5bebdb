"""Help of the command line: fast and complete."""

import subprocess
import sys

import pytest

import fmnist_sk
from fmnist_sk.__main__ import main
from fmnist_sk._pictures import MODES
from fmnist_sk.architectures import ARCHITECTURES
from fmnist_sk.pretrained import PRETRAINED


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from fmnist_sk.__main__ import main\n"
        "try:\n"
        "    main(['train', '--help'])\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        "assert not {'numpy', 'sklearn', 'joblib', 'tensorflow'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("command", ["demo", "train", "evaluate", "predict", "app"])
def test_every_command_has_help_with_examples(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert f"python -m fmnist_sk {command}" in text
    assert max(map(len, text.splitlines())) <= 88
    with pytest.raises(SystemExit):
        main(["--help"])
    assert f"    {command} " in capsys.readouterr().out


def test_help_names_every_architecture(capsys):
    with pytest.raises(SystemExit):
        main(["demo", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert all(name in text for name in ARCHITECTURES)


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_help_warns_of_pickles(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "load only files that you trust" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["evaluate", "predict", "app"])
def test_help_names_every_pretrained_model(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    words = capsys.readouterr().out.replace(",", " ").split()
    assert set(words) >= PRETRAINED


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "app"])
def test_help_names_every_mode_and_every_exit_status(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert f"--mode {{{','.join(MODES)}}}" in text
    assert (
        "Exit status: 0 for success, 1 for an error, 2 for a wrong command line, and "
        "130 for Ctrl-C."
    ) in text


def test_version(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"fmnist-sk {fmnist_sk.__version__}\n"
