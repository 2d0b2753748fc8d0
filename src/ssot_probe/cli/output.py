"""Where what a command has rendered goes: to standard output, or into a file."""

from __future__ import annotations

import os
import sys

import click

from ssot_probe.errors import UsageError


def write(rendered: str, output: str | None, what: str) -> None:
    """Write a text.

    Args:
        rendered: the text.
        output: the file, None for standard output, which gets escapes for what it cannot encode.
        what: it is, as "The verdicts lie" in that file.

    Raises:
        UsageError: the file cannot be written.
    """
    if output is None:
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        click.echo(rendered.encode(encoding, "backslashreplace").decode(encoding), nl=False)
        return
    try:
        with open(output, "w", encoding="utf-8") as file:
            file.write(rendered)
    except OSError as error:
        raise UsageError(f"--output {output}: cannot be written: {error.strerror}") from error
    click.echo(f"{what} in {os.path.abspath(output)}", err=True)
