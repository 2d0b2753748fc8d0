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
    """What a call of `__import__` asked for, as far as the instruction tells."""

    fetches: bool  # it names what is to be fetched from the module
    written: str  # the module that it names, perhaps relative to its package; "" where that is no constant

    def names(self, module: str) -> bool:
        """Does it name this module?"""
        return module == self.written or module.endswith(f".{self.written}")


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
    then only `getattr` without a default. So older interpreters are believed where `__import__` is called.
    """
    import dis

    instructions = list(dis.get_instructions(code))
    position = next((index for index, found in enumerate(instructions) if found.offset == offset), 0)
    call = instructions[position]
    if not call.opname.startswith(("CALL", "PRECALL")):
        return None
    loading = _loading_of_callee(instructions[:position], call)
    name = str(instructions[loading].argval) if loading is not None else ""
    if name != "__import__" and (sys.version_info < (3, 12) or name == "getattr"):
        return None
    arguments = instructions[loading:position]
    fetches = any("fromlist" in found.argval for found in arguments if isinstance(found.argval, tuple))
    constants = [found.argval for found in arguments if found.opname == "LOAD_CONST"]
    written = next((value for value in constants if isinstance(value, str)), "")
    return ImportCall((call.arg or 0) > 3 or fetches, written)


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


def _loading_of_callee(before: list[dis.Instruction], call: dis.Instruction) -> int | None:
    """Return the position of the instruction that loaded what is called, None where there is not one."""
    import dis

    missing = _taken_from_stack(call)
    for position in range(len(before) - 1, -1, -1):
        found = before[position]
        if found.opname != "PRECALL" or position < len(before) - 1:
            missing -= dis.stack_effect(found.opcode, found.arg, jump=False)
        if missing <= 0:
            return position + 1 if found.opname == "PUSH_NULL" else position
    return None


def _taken_from_stack(call: dis.Instruction) -> int:
    """Return how many items a call takes from the stack: what it calls, arguments, and a slot for `self`."""
    if call.opname == "CALL_FUNCTION_EX":
        return (call.arg or 0) % 2 + (2 if sys.version_info < (3, 11) else 3)
    return (call.arg or 0) + {"CALL_FUNCTION": 1, "CALL_KW": 3}.get(call.opname, 2)


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
