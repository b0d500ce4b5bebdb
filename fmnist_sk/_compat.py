"""The only place that knows versions of other packages."""

import importlib


def optional_import(module, *, extra, why):
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
