"""Link every public name in prose to its page in the API reference.

`FashionCNNClassifier` in a page or a docstring becomes a link, and so do
`FashionCNNClassifier.fit`, `load_pretrained()` and `Ensemble("compact", "vgg")`. Text
needs no role for it. scikit-learn's names, such as `GridSearchCV`, link to its pages.
Headings, code blocks and text that is a link already stay as they are.
"""

import re
from collections import Counter

from docutils import nodes
from sphinx import addnodes
from sphinx.ext.intersphinx import InventoryAdapter
from sphinx.transforms.post_transforms import SphinxPostTransform

# A name with dots or without, and possibly a call.
NAME = re.compile(r"([A-Za-z_][\w.]*)(\(.*\))?", re.S)
NO_PROSE = (nodes.title, nodes.rubric, nodes.reference, addnodes.pending_xref)
# Kinds of objects that are known by their last name; others belong to a class.
ON_THEIR_OWN = ("class", "data", "exception", "function")


def names_of_this_project(env):
    """Map short and full names of this project's objects to their full names."""
    names = {}
    for full, entry in env.domains.python_domain.objects.items():
        if not entry.aliased:
            n_parts = 1 if entry.objtype in ON_THEIR_OWN else 2
            names[".".join(full.split(".")[-n_parts:])] = full
            names[full] = full
    return names


def names_of_other_projects(env):
    """Map full names, and scikit-learn's distinctive short names, to full names.

    Without a network the inventories are missing, and there are no such names.
    """
    inventories = InventoryAdapter(env).named_inventory
    names = {}
    for inventory in inventories.values():
        for kind, entries in inventory.items():
            if kind.startswith("py:"):
                names |= {full: full for full in entries if "." in full}
    public = inventories.get("sklearn", {})
    frequency = Counter(
        full.rpartition(".")[2] for entries in public.values() for full in entries
    )
    for full in (*public.get("py:class", {}), *public.get("py:function", {})):
        short = full.rpartition(".")[2]
        # `clone` or `shuffle` can mean something else, and many classes have a
        # `predict_proba`.
        if frequency[short] == 1 and re.search("[A-Z_]", short):
            names[short] = full
    return names


def is_prose(literal):
    """Return whether no node around a literal makes it a heading or a link."""
    node = literal.parent
    while node is not None and not isinstance(node, NO_PROSE):
        node = node.parent
    return node is None


class ApiLinks(SphinxPostTransform):
    """Turn literal text that names an object into a reference to the object."""

    default_priority = 5  # before the references are resolved, at 10

    def run(self, **kwargs):
        """Replace the literals of one document."""
        names = {**names_of_other_projects(self.env), **names_of_this_project(self.env)}
        for literal in list(self.document.findall(nodes.literal)):
            match = NAME.fullmatch(literal.astext())
            target = match and names.get(match[1])
            if target and is_prose(literal) and not self.is_here(target):
                reference = addnodes.pending_xref(
                    refdomain="py",
                    reftype="obj",
                    reftarget=target,
                    refdoc=self.env.docname,
                )
                literal.replace_self(reference)
                literal["classes"] += ["xref", "py", "py-obj"]
                reference += literal

    def is_here(self, target):
        """Return whether the page is that of the object, which needs no link then.

        Methods are further down on the page of their class, so they have links.
        """
        entry = self.env.domains.python_domain.objects.get(target)
        here = entry and entry.docname == self.env.docname
        return here and entry.objtype in ON_THEIR_OWN


def setup(app):
    """Register the transform."""
    app.add_post_transform(ApiLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
