"""The only place that knows versions of other packages."""

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from sklearn.utils._param_validation import HasMethods as HasMethods
    from sklearn.utils._param_validation import Interval as Interval
    from sklearn.utils._param_validation import (
        InvalidParameterError as InvalidParameterError,
    )
    from sklearn.utils._param_validation import Options as Options
    from sklearn.utils._param_validation import StrOptions as StrOptions

    # scikit-learn has no types, so its decorators would take ours away.
    _Function = TypeVar("_Function", bound=Callable[..., Any])

    def _fit_context(
        *, prefer_skip_nested_validation: bool
    ) -> Callable[[_Function], _Function]: ...

    def validate_params(
        parameter_constraints: dict[str, Any], *, prefer_skip_nested_validation: bool
    ) -> Callable[[_Function], _Function]: ...

    class CallbackSupportMixin:
        def set_callbacks(self, *callbacks: Any) -> Self: ...

else:
    from sklearn.base import _fit_context as _fit_context
    from sklearn.utils._param_validation import HasMethods as HasMethods
    from sklearn.utils._param_validation import Interval as Interval
    from sklearn.utils._param_validation import (
        InvalidParameterError as InvalidParameterError,
    )
    from sklearn.utils._param_validation import Options as Options
    from sklearn.utils._param_validation import StrOptions as StrOptions
    from sklearn.utils._param_validation import validate_params as validate_params

    try:
        from sklearn.callback import CallbackSupportMixin as CallbackSupportMixin
    except ImportError:  # scikit-learn < 1.9

        class CallbackSupportMixin:
            """Nothing: nobody can set callbacks."""


# Where scikit-learn keeps callbacks in an estimator, the last three during a fit only.
CALLBACK_ATTRIBUTES = frozenset(
    {
        "_skl_callbacks",
        "_skl_callbacks_to_teardown",
        "_callback_fit_ctx",
        "_parent_callback_ctx",
    }
)


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
