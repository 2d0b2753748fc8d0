"""Shows on a terminal how far the reading of something large has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

WORTH_SHOWING = 50 * 1024 * 1024
"""Bytes from which on reading takes long enough to be shown."""


@contextmanager
def progress(
    total: int, stream: TextIO, what: str = "reading the recording", worth_showing: int = WORTH_SHOWING
) -> Iterator[Callable[[int], None]]:
    """Show a bar on the stream while in use; yield the function that is to be told of bytes read."""
    if total < worth_showing or not stream.isatty():
        yield lambda size: None
        return
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        yield lambda size: None
        return
    with Progress(console=Console(file=stream), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda size: bar.advance(task, size)
