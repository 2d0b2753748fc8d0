"""Reads pickle files for the classes and functions that they name. Nothing is ever loaded."""

from __future__ import annotations

import io
import pickletools
from typing import Optional

from ssot_probe.inventory.facts import Facts, Text

MOST_BYTES = 16 * 1024 * 1024

_PUT = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_GET = frozenset({"GET", "BINGET", "LONG_BINGET"})


def read_pickle(content: bytes) -> Facts:
    """Return the names in a file of one or more pickles; where it is none, why it cannot be read."""
    if len(content) > MOST_BYTES:
        return Facts(unreadable=f"larger than {MOST_BYTES // 1024 // 1024} MiB")
    stream = io.BytesIO(content)
    found: dict[str, None] = {}
    try:
        while stream.tell() < len(content):
            found.update(dict.fromkeys(_names(stream)))
    except Exception as error:  # the format's reader raises whatever a broken file leads it to
        reason = str(error) or type(error).__name__
        return Facts(unreadable=f"cannot be read as a pickle: {reason.splitlines()[0][:200]}")
    return Facts(texts=tuple(Text(0, name) for name in found))


def _names(stream: io.BytesIO) -> list[str]:
    """Return the globals of the next pickle, as `module:Name`."""
    names: list[str] = []
    pushed: list[Optional[str]] = []  # the strings that were pushed last; None for anything else
    memo: dict[int, Optional[str]] = {}
    for opcode, argument, _ in pickletools.genops(stream):
        name = opcode.name
        if name in ("GLOBAL", "INST"):
            module, _, qualname = str(argument).partition(" ")
            names.append(f"{module}:{qualname}")
            pushed.append(None)
        elif name == "STACK_GLOBAL":
            if len(pushed) > 1 and pushed[-1] is not None and pushed[-2] is not None:
                names.append(f"{pushed[-2]}:{pushed[-1]}")
            pushed.append(None)
        elif name == "MEMOIZE":
            memo[len(memo)] = pushed[-1] if pushed else None
        elif name in _PUT:
            memo[int(argument or 0)] = pushed[-1] if pushed else None
        elif name in _GET:
            pushed.append(memo.get(int(argument or 0)))
        elif isinstance(argument, str):
            pushed.append(argument)
        elif opcode.stack_after:
            pushed.append(None)
        del pushed[:-2]
    return names
