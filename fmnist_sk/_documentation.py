"""Address of the documentation, and links to it from HTML representations."""

# Read the Docs serves the newest release at this address. `[project.urls]` in
# pyproject.toml has the root of the same site.
ADDRESS = "https://fmnist-sk.readthedocs.io/en/stable/"


class DocumentationLinkMixin:
    """Mixin of public estimators: scikit-learn's diagram links to their API page.

    scikit-learn links a diagram only if the root module of the class is
    `_doc_link_module`, so a subclass in another package has no link.
    """

    _doc_link_module = "fmnist_sk"
    _doc_link_template = f"{ADDRESS}api/generated/fmnist_sk.{{estimator_name}}.html"
