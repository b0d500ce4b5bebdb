"""Differences between versions of other packages, and optional dependencies."""

import json

import pytest
from sklearn.utils import _param_validation

from fmnist_sk import _compat


@pytest.mark.parametrize(
    "name",
    [
        "HasMethods",
        "Interval",
        "InvalidParameterError",
        "StrOptions",
        "validate_params",
    ],
)
def test_parameter_validation_is_that_of_scikit_learn(name):
    assert getattr(_compat, name) is getattr(_param_validation, name)


def test_an_optional_module_is_imported():
    assert _compat.optional_import("json", extra="none", why="This test") is json


def test_a_missing_module_names_the_extra_that_installs_it():
    with pytest.raises(ImportError) as caught:
        _compat.optional_import("no_such_package.io", extra="skops", why="save_model")
    assert str(caught.value) == (
        "save_model requires the package 'no_such_package', which is not installed. "
        "Install it with: pip install 'fmnist-sk[skops]'"
    )
