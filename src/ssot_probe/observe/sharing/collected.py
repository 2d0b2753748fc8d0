"""Says which variables of a script only gather what its work gives back: nobody's work reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any, NamedTuple

from ssot_probe.observe.sharing.anatomy import bases_of, qualified_name
from ssot_probe.observe.sharing.edges import snapshot
from ssot_probe.observe.sharing.functions import code_of, functions_of

_FILLING = frozenset(
    {"add", "append", "appendleft", "extend", "extendleft", "put", "put_nowait", "update"},
)
"""Methods that put something in and give nothing back."""

_UNSEEN = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "PUSH_NULL"})


class _Mention(NamedTuple):
    """A function that names the variable."""

    code: CodeType
    fills: bool
    reads: bool


def is_only_filled(name: str, namespace: Mapping[str, Any]) -> bool:
    """Do only functions of the script name a variable, and do they only put something into it?

    What a method of a class keeps is kept by the service, not by the script that drives it; threads are no
    service. A function without parameters that starts those which fill the variable may read it, as `main`
    does when all is done: it stands outside of the work.
    """
    by_name: dict[str, list[CodeType]] = {}
    mentions = []
    kept = {key: value for key, value in snapshot(lambda: list(namespace.items())) if _is_class(value)}
    if any(name in code.co_names for each in functions_of(kept) for code in code_of(each)):
        return False
    for function in functions_of(
        {key: value for key, value in snapshot(lambda: list(namespace.items())) if key not in kept}
    ):
        codes = list(code_of(function))
        by_name.setdefault(codes[0].co_name, []).extend(codes)
        uses = [fills for code in codes if name in code.co_names for fills in _uses(code, name)]
        if uses:
            mentions.append(_Mention(codes[0], any(uses), not all(uses)))
    filling = {each.code for each in mentions if each.fills}
    return bool(filling) and all(not each.reads or _starts(each.code, filling, by_name) for each in mentions)


def _is_class(value: Any) -> bool:
    bases = bases_of(value) if issubclass(type(value), type) else ()
    return bool(bases) and "threading:Thread" not in map(qualified_name, bases)


def _uses(code: CodeType, name: str) -> Iterator[bool]:
    """Yield for each use of the global whether it only puts something in."""
    from dis import get_instructions

    instructions = [each for each in get_instructions(code) if each.opname not in _UNSEEN]
    for at, instruction in enumerate(instructions):
        if not instruction.opname.endswith(("_GLOBAL", "_NAME")) or instruction.argval != name:
            continue
        following = [(each.opname, each.argval) for each in instructions[at + 1 : at + 3]]
        operation, value = following[0] if following else ("", None)
        calls = operation in ("LOAD_ATTR", "LOAD_METHOD") and value in _FILLING
        stores_entry = operation.startswith("LOAD_") and [each for each, _ in following[1:]] == [
            "STORE_SUBSCR"
        ]
        yield instruction.opname.startswith("LOAD_") and (calls or stores_entry)


def _starts(code: CodeType, filling: set[CodeType], by_name: Mapping[str, list[CodeType]]) -> bool:
    """Does a function without parameters lead, by the names that it mentions, to one that fills?"""
    if code.co_argcount or code.co_kwonlyargcount or code in filling:
        return False
    waiting, seen = [code, *by_name.get(code.co_name, ())], {code}
    while waiting:
        for mentioned in waiting.pop().co_names:
            for each in by_name.get(mentioned, ()):
                if each in filling:
                    return True
                if each not in seen:
                    seen.add(each)
                    waiting.append(each)
    return False
