"""Insert a heading above each group of a class's parameters.

A class with many parameters lists their groups in its docstring, in the order of the
parameters:

    - Network: `architecture`, `filters`
    - Training: `epochs`, `batch_size`

The list helps readers of `help()` as it is. On the page of the class, the name of a
group also becomes a heading above the first parameter of the group.
"""

import re

GROUP = re.compile(r"^- ([A-Z][\w ]*): ((?:`\w+`(?:,\s+)?)+)$", re.M)


def groups_of(docstring):
    """Return the groups that a docstring lists.

    Parameters
    ----------
    docstring : str
        Docstring without indentation.

    Returns
    -------
    groups : dict of str to list of str
        Names of the parameters in each group.
    """
    return {
        name: re.findall(r"\w+", parameters)
        for name, parameters in GROUP.findall(docstring)
    }


def insert_headings(app, what, name, obj, options, lines):
    """Insert the headings into a docstring that numpydoc has turned into fields."""
    if what != "class":
        return
    heading_of = {
        parameters[0]: group
        for group, parameters in groups_of("\n".join(lines)).items()
    }
    for position, line in reversed(list(enumerate(lines))):
        parameter = re.match(r"( +)\*\*(\w+)\*\* : ", line)
        if parameter and (heading := heading_of.pop(parameter[2], None)):
            lines[position:position] = [f"{parameter[1]}.. rubric:: {heading}", ""]


def setup(app):
    """Connect the function to autodoc, after numpydoc's own."""
    app.connect("autodoc-process-docstring", insert_headings, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
