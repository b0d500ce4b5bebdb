"""Warnings that name the line of the user's code."""

import sys
import warnings

# Packages whose functions may lie between the user's call and a warning.
_BETWEEN = {"fmnist_sk", "imblearn", "joblib", "sklearn"}


def warn_user(message: str) -> None:
    """Warn with a UserWarning that names the line which called this package.

    Calls through scikit-learn, such as a pipeline that fits its steps, name the line
    that called scikit-learn. Every step warns: Python would show equal warnings of a
    line once, but it forgets them whenever a filter changes, as in `check_array`.

    Parameters
    ----------
    message : str
        Text of the warning.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back and _package_of(frame) in _BETWEEN:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)


def _package_of(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0]
