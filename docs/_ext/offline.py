"""Build the pages without a network, also if every warning is an error.

intersphinx downloads the inventories of other projects. If that fails, the links to
these projects become plain text. With a network, wrong links are found as usual.
"""

import builtins
import logging
import re
import sys

from sphinx.ext.intersphinx import InventoryAdapter


def demote(record):
    """Turn the warning about a failed download, which has no type, into information.

    `suppress_warnings` needs a type. The second place of an inventory in
    `intersphinx_mapping` is no way out: Sphinx 9.0 replaces a cached inventory by it.
    """
    if record.msg.startswith("failed to reach any of the inventories"):
        record.levelno, record.levelname = logging.INFO, "INFO"
    return True


def leave_as_text(app, env, node, contnode):
    """Return the text of a reference to a project whose inventory is missing."""
    missing = set(app.config.intersphinx_mapping) - set(
        InventoryAdapter(env).named_inventory
    )
    root = re.split("[.:]", node["reftarget"])[0]
    if hasattr(builtins, root) or root in sys.stdlib_module_names:
        root = "python"
    # Inherited methods, such as `set_output`, refer to sections of its pages.
    if node["refdomain"] == "std" and node["refdoc"].startswith("api/generated/"):
        root = "sklearn"
    return contnode if root in missing else None


def setup(app):
    """Connect the functions to Sphinx, the second one after intersphinx."""
    logging.getLogger("sphinx.sphinx.ext.intersphinx").addFilter(demote)
    app.connect("missing-reference", leave_as_text, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
