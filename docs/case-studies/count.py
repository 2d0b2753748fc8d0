"""Counts executed import statements without the probe: `COUNT=FILE python -c "import count, ..."`.

Each line of the file is what was imported, from which line, how often. Import statements call `__import__`.
"""

from __future__ import annotations

import atexit
import builtins
import os
import sys
from collections import Counter

found: Counter[tuple[str, str, int]] = Counter()
original = builtins.__import__


def counting(name, globals=None, locals=None, fromlist=(), level=0):
    frame = sys._getframe(1)
    asked = "." * level + name + (f" ({', '.join(fromlist)})" if fromlist else "")
    found[asked, os.path.relpath(frame.f_code.co_filename), frame.f_lineno] += 1
    return original(name, globals, locals, fromlist, level)


def write() -> None:
    with open(os.environ["COUNT"], "w") as file:
        for (asked, place, line), count in sorted(found.items()):
            file.write(f"{place}:{line} {asked} {count}\n")


builtins.__import__ = counting
atexit.register(write)
