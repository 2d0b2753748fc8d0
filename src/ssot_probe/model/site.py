"""A place in source code."""

from __future__ import annotations

from typing import NamedTuple


class Site(NamedTuple):
    """A place in source code: where somebody imported, called or constructed something."""

    file: str  # relative to the project where it lies inside, else as the interpreter knows it
    line: int  # 1-based; 0 where the interpreter knows none
    function: str  # qualified name of the enclosing function, "<module>" at the top of a module
    module: str  # name of the enclosing module


NOWHERE = Site(file="", line=0, function="", module="")
