"""Places in the code as attributes: each field of a record that is a place has names of its own."""

from __future__ import annotations

from typing import Any

from ssot_probe.model.site import NOWHERE, Site
from ssot_probe.wire.otlp_json import AttributeValue

SITES = {
    "site": {
        "file": "code.file.path",
        "line": "code.line.number",
        "function": "code.function.name",
        "module": "ssot.site.module",
    },
    "definition": {"file": "ssot.maker.file", "line": "ssot.maker.line"},
    "given_back": {
        "file": "ssot.residue.file",
        "line": "ssot.residue.line",
        "function": "ssot.residue.function",
        "module": "ssot.residue.module",
    },
    "defined": {
        "file": "ssot.definition.file",
        "line": "ssot.definition.line",
        "function": "ssot.definition.function",
        "module": "ssot.definition.module",
    },
}
"""Field of a record -> field of the place -> attribute."""


def put_site(attributes: dict[str, AttributeValue], site: Site, names: dict[str, str]) -> None:
    """Add what is known of a place, under these names."""
    for field, attribute in names.items():
        value = getattr(site, field)
        if value:
            attributes[attribute] = value


def read_site(attributes: dict[str, AttributeValue], names: dict[str, str]) -> Site:
    """Return the place that stands under these names.

    Raises:
        ValueError: an attribute of another type than its field's.
    """
    values: list[Any] = []
    for default, attribute in zip(NOWHERE, names.values()):
        value = attributes.get(attribute, default)
        if type(value) is not type(default):
            raise ValueError(f"attribute {attribute} is {value!r}")
        values.append(value)
    return Site(*values, *NOWHERE[len(values) :])
