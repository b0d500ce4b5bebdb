"""Differences between the versions of other packages, all in one place."""

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

    # scikit-learn has no types, so its decorators would hide those of our methods.
    _Function = TypeVar("_Function", bound=Callable[..., Any])

    def _fit_context(
        *, prefer_skip_nested_validation: bool
    ) -> Callable[[_Function], _Function]: ...

    def validate_params(
        parameter_constraints: dict[str, Any], *, prefer_skip_nested_validation: bool
    ) -> Callable[[_Function], _Function]: ...

    def _threadpool_controller_decorator(
        *, limits: int, user_api: str
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
    from sklearn.utils.parallel import (
        _threadpool_controller_decorator as _threadpool_controller_decorator,
    )

    try:
        from sklearn.callback import CallbackSupportMixin as CallbackSupportMixin
    except ImportError:  # scikit-learn < 1.9

        class CallbackSupportMixin:
            """Empty mixin, because this version of scikit-learn has no callbacks."""


# Attributes in which scikit-learn keeps callbacks, the last three only during a fit.
CALLBACK_ATTRIBUTES = frozenset(
    {
        "_skl_callbacks",
        "_skl_callbacks_to_teardown",
        "_callback_fit_ctx",
        "_parent_callback_ctx",
    }
)


def optional_import(module: str, *, extra: str, why: str) -> ModuleType:
    """Import an optional dependency, or raise an error that says what to install.

    Parameters
    ----------
    module : str
        Dotted name of the module.
    extra : str
        Name of the extra of this package that installs it.
    why : str
        Name of the feature that needs the module, the subject of the error message.

    Returns
    -------
    module : module
        Imported module.

    Raises
    ------
    ImportError
        If the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{why} requires the package {module.partition('.')[0]!r}, which is not "
            f"installed. Install it with: pip install 'fmnist-sk[{extra}]'"
        ) from error
