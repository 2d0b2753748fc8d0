"""Makes text from a recording safe to print: what could act on a terminal is shown instead of obeyed."""

from __future__ import annotations


def clean(text: str) -> str:
    """Return the text with control, format and other unprintable characters written as escapes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
