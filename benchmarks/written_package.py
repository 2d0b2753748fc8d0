"""A package that is written to a directory of its own and imported from there, like somebody's project."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


def write_files(directory: Path, files: Mapping[str, str]) -> None:
    """Write files, each by its name below the directory."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@contextmanager
def importable(files: Mapping[str, str]) -> Iterator[Path]:
    """Write files to a directory that modules can be imported from as long as the context lasts."""
    with TemporaryDirectory(prefix="ssot-probe-bench-") as name:
        directory = Path(name)
        write_files(directory, files)
        sys.path.insert(0, name)
        try:
            yield directory
        finally:
            sys.path.remove(name)
