"""Reads an import statement back from the instruction that executed it."""

from __future__ import annotations

import sys
from opcode import opmap
from types import CodeType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import dis

_EXTENDED_ARG, _IMPORT_NAME, _LOAD_CONST = (
    opmap[name] for name in ("EXTENDED_ARG", "IMPORT_NAME", "LOAD_CONST")
)


class ImportStatement(NamedTuple):
    """What an IMPORT_NAME instruction asked for."""

    written: str  # module as written, without leading dots
    level: int  # number of leading dots
    names: tuple[str, ...]  # names after `from ... import`; ("*",) for a star


class ImportCall(NamedTuple):
    """What a call such as that of `__import__` asked for, as far as the instruction tells."""

    callee: str  # name of what is called, "" where that has none
    written: str  # the module as it is written there, "" where it is computed
    fetches: bool  # it names what is to be fetched from the module
    is_certain: bool  # it imports, rather than that it looks for an attribute
    unpickles: bool  # it is pickle that imports

    def names_another(self, module: str) -> bool:
        """Does it ask for a module by a name, perhaps relative to its package, that is not this one's?"""
        is_this = module == self.written or module.endswith(f".{self.written}")
        return self.callee in _IMPORTS and bool(self.written) and not is_this


class CallSite(NamedTuple):
    """What a call instruction calls."""

    callee: str  # name of what is called, "" where that has none
    is_in_loop: bool  # it is given the variable of a loop


_IMPORTS = frozenset({"__import__", "importer"})
"""Functions in C that import; the second one is what logging calls the first."""

_ONLY_LOOKS = frozenset(
    {
        *(
            "hasattr",
            "getattr",
            "__getattribute__",
            "setattr",
            "delattr",
            "isinstance",
            "issubclass",
            "callable",
            "repr",
            "ascii",
        ),
        *(
            "str",
            "print",
            "format",
            "dir",
            "vars",
            "type",
            "id",
            "len",
            "iter",
            "hash",
            "super",
            "attrgetter",
        ),
    }
)
"""Functions in C that look for attributes and never import."""


class StatementReader:
    """Finds the statement at an instruction; each code object is read once."""

    def __init__(self) -> None:
        self._read: dict[int, tuple[CodeType, dict[int, ImportStatement]]] = {}

    def at(self, code: CodeType, offset: int) -> ImportStatement | None:
        """Return the statement at `frame.f_lasti`, None where the instruction is no import statement."""
        known = self._read.get(id(code))
        if known is None or known[0] is not code:
            if len(self._read) > 4096:
                self._read.clear()
            known = self._read[id(code)] = (code, _statements(code))
        return known[1].get(offset)


def statement_at(code: CodeType, offset: int) -> ImportStatement | None:
    """Return the statement at `frame.f_lasti`, None where the instruction is no import statement."""
    bytecode = code.co_code
    while 0 <= offset < len(bytecode) and bytecode[offset] == _EXTENDED_ARG:
        offset += 2  # on 3.10 `f_lasti` may name a prefix
    if not 0 <= offset < len(bytecode) or bytecode[offset] != _IMPORT_NAME:
        return None
    return _statement(code, bytecode, offset)[0]


def import_by_call(code: CodeType, offset: int) -> ImportCall | None:
    """Return what a call such as `__import__("name")` asked for; None where no call imports.

    A call that looks for an attribute in vain reads the spec's flag too: before 3.12 every such call, since
    then only `getattr` without a default. So older interpreters are believed for certain functions only.
    """
    found = _call_at(code, offset)
    if found is None or found.callee in _ONLY_LOOKS:
        return None
    first = found.arguments[0] if found.arguments else None
    written = first.argval if first is not None and first.opname == "LOAD_CONST" else ""
    unpickles = _unpickles(found.callee, code)
    return ImportCall(
        found.callee,
        written if isinstance(written, str) else "",
        found.count > 3 or any("fromlist" in _keywords(loaded, code) for loaded in found.arguments),
        is_certain=unpickles or found.callee in _IMPORTS or sys.version_info >= (3, 12),
        unpickles=unpickles,
    )


def _unpickles(callee: str, code: CodeType) -> bool:
    """Is this what the functions of pickle are called that are written in C?"""
    if callee == "load":
        return any("pickl" in name.lower() for name in code.co_names)
    return callee in ("loads", "find_class")


def call_at(code: CodeType, offset: int) -> CallSite | None:
    """Return what the call at an instruction calls, None where there is no call."""
    found = _call_at(code, offset)
    if found is None:
        return None
    loops = _loop_variables(code)
    return CallSite(found.callee, any(not loops.isdisjoint(_words(loaded)) for loaded in found.arguments))


def resolve(statement: ImportStatement, package: str) -> str:
    """Return the absolute name of the module that the statement names, seen from inside `package`."""
    if not statement.level:
        return statement.written
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - statement.level + 1])
    return f"{base}.{statement.written}" if statement.written else base


def reads_twice(fetches: bool, has_path: bool) -> bool:
    """Does CPython read the spec's flag twice for one import of a module, with or without a `__path__`?

    On 3.10 and 3.11 a `from` import of a module that is no package looks for `__path__` in vain, and the
    failing look-up reads the flag once more.
    """
    return sys.version_info < (3, 12) and fetches and not has_path


class _Call(NamedTuple):
    """A call instruction, with what the instructions before it tell."""

    callee: str
    count: int  # type: ignore[assignment]  # of the arguments
    arguments: list[dis.Instruction]  # what loads them


def _call_at(code: CodeType, offset: int) -> _Call | None:
    """Return the call at an instruction, None where there is none."""
    import dis

    before: list[dis.Instruction] = []
    keywords: list[dis.Instruction] = []
    call = None
    for found in dis.get_instructions(code):
        if found.offset == offset:
            call = found
            break
        before.append(found)
    if call is None or not call.opname.startswith(("CALL", "PRECALL")):
        return None
    while before and before[-1].opname in ("PRECALL", "KW_NAMES"):
        keywords.append(before.pop())
    missing, position = _taken_from_stack(call), len(before)
    while missing > 0 and position > 0:
        position -= 1
        missing -= dis.stack_effect(before[position].opcode, before[position].arg, jump=False)
    arguments = before[position:] + keywords
    while position > 1 and before[position - 1].opname == "PUSH_NULL":
        position -= 1
    callee = before[position - 1] if position > 0 else call
    name = str(callee.argval) if callee.opname.startswith("LOAD_") else ""
    return _Call(name, call.arg or 0, arguments)


def _loop_variables(code: CodeType) -> set[str]:
    """Return the names of variables that a loop or comprehension binds."""
    import dis

    names: set[str] = set()
    instructions = list(dis.get_instructions(code))
    for position, found in enumerate(instructions):
        if found.opname == "FOR_ITER":
            for bound in instructions[position + 1 : position + 5]:
                if bound.opname.startswith("STORE_"):
                    names.update(_words(bound))
                elif bound.opname not in ("UNPACK_SEQUENCE", "CACHE"):
                    break
    return names


def _words(found: dis.Instruction) -> tuple[str, ...]:
    """Return the names that an instruction mentions."""
    value = found.argval if isinstance(found.argval, tuple) else (found.argval,)
    return tuple(word for word in value if isinstance(word, str)) if found.opname != "LOAD_CONST" else ()


def _keywords(found: dis.Instruction, code: CodeType) -> tuple[object, ...]:
    """Return the names of keyword arguments that an instruction loads: 3.11 does not say them itself."""
    value = code.co_consts[found.arg or 0] if found.opname == "KW_NAMES" else found.argval
    return value if isinstance(value, tuple) else ()


def _taken_from_stack(call: dis.Instruction) -> int:
    """Return how many items the arguments of a call are on the stack."""
    if call.opname == "CALL_FUNCTION_EX":
        return (call.arg or 0) % 2 + 1
    return (call.arg or 0) + (1 if call.opname in ("CALL_KW", "CALL_FUNCTION_KW") else 0)


def _statements(code: CodeType) -> dict[int, ImportStatement]:
    """Return the import statements by the offset of their IMPORT_NAME. `dis` takes 100 times as long."""
    found: dict[int, ImportStatement] = {}
    bytecode = code.co_code
    at = bytecode.find(_IMPORT_NAME)
    while at >= 0:
        if at % 2 == 0:
            statement, first = _statement(code, bytecode, at)
            for offset in range(first, at + 2, 2):  # on 3.10 `f_lasti` may name a prefix
                found[offset] = statement
        at = bytecode.find(_IMPORT_NAME, at + 1)
    return found


def _statement(code: CodeType, bytecode: bytes, at: int) -> tuple[ImportStatement, int]:
    """Return the statement of an IMPORT_NAME, and where its first prefix is.

    The compiler puts level and names right before it.
    """
    name, first = _argument(bytecode, at)
    names, before = _argument(bytecode, first - 2)
    level, _ = _argument(bytecode, before - 2)
    fetched = code.co_consts[names] if bytecode[first - 2] == _LOAD_CONST else None
    statement = ImportStatement(
        written=code.co_names[name],
        level=code.co_consts[level] if bytecode[before - 2] == _LOAD_CONST else level,
        names=fetched if isinstance(fetched, tuple) else (),
    )
    return statement, first


def _argument(bytecode: bytes, at: int) -> tuple[int, int]:
    """Return the argument of the instruction at an offset, and the offset of its first EXTENDED_ARG."""
    value, shift, first = bytecode[at + 1], 8, at
    while first >= 2 and bytecode[first - 2] == _EXTENDED_ARG:
        first -= 2
        value |= bytecode[first + 1] << shift
        shift += 8
    return value, first
