"""Model files that load without pickle: `save_model` and `load_model`."""

from ._load import load_model
from ._save import save_model

__all__ = ["load_model", "save_model"]

load_model.__module__ = save_model.__module__ = __name__
