"""The only place that knows versions of other packages."""

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    # scikit-learn has no types, so its decorators would take ours away.
    _Function = TypeVar("_Function", bound=Callable[..., Any])

    def _fit_context(
        *, prefer_skip_nested_validation: bool
    ) -> Callable[[_Function], _Function]: ...

    def validate_params(
        parameter_constraints: dict[str, Any], *, prefer_skip_nested_validation: bool
    ) -> Callable[[_Function], _Function]: ...

else:
    from sklearn.base import _fit_context as _fit_context
    from sklearn.utils._param_validation import validate_params as validate_params


def optional_import(module: str, *, extra: str, why: str) -> ModuleType:
    """Import an optional dependency or say what to install.

    Parameters
    ----------
    module : str
        Dotted name of the module.
    extra : str
        The extra of this package that installs it.
    why : str
        What needs it, as the subject of a sentence.

    Returns
    -------
    module : module
        The imported module.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{why} needs the package {module.partition('.')[0]!r}, which is not "
            f"installed. Install it with: pip install 'fmnist-sk[{extra}]'"
        ) from error
