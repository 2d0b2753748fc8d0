"""Pages: one environment of templates for the process."""

from typing import Any

from jinja2 import DictLoader, Environment, select_autoescape

_TEMPLATES = {
    "base.html": "<!doctype html><title>{{ title }}</title><main>{% block main %}{% endblock %}</main>",
    "tickets.html": (
        "{% extends 'base.html' %}{% block main %}<h1>{{ user.user_id }}</h1><ul>"
        "{% for ticket in tickets %}<li>{{ ticket.title|upper }}</li>{% endfor %}</ul>{% endblock %}"
    ),
}
environment = Environment(loader=DictLoader(_TEMPLATES), autoescape=select_autoescape())
environment.globals["product"] = "Desk"


def page(name: str, **values: Any) -> str:
    """Render a page."""
    return environment.get_template(name).render(**values)
