"""Finds instances that a module constructed at its top level, or in a class body, while it was loaded.

They are made before the constructor can be wrapped: `manager = ConnectionManager()` below its class. The
code tells whether a name was bound to the result of calling the class itself, and where.
"""

from __future__ import annotations

import dis
from collections.abc import Callable
from types import CodeType

_LOADS = ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_ATTR", "LOAD_METHOD")
_STATEMENT_ENDS = ("STORE_", "POP_TOP", "RETURN_", "POP_JUMP", "JUMP_")


def construction_of(code: CodeType, name: str, is_class: Callable[[str], bool]) -> int | None:
    """Return the offset of the call that made what a module's top level, or a class body, bound to a name.

    Args:
        code: of the module or class body.
        name: what the instance is bound to.
        is_class: does a name or attribute that is loaded mean the instance's class?

    Returns:
        The offset of the call instruction, None where the name was not bound to a call of the class.
    """
    found: int | None = None
    call: int | None = None
    calls_class = was_class = False
    for instruction in dis.get_instructions(code):
        operation, value = instruction.opname, instruction.argval
        if operation in ("STORE_NAME", "STORE_GLOBAL") and value == name:
            found = call if calls_class else None
        if operation.startswith(_STATEMENT_ENDS):
            call, calls_class = None, False
        elif operation.startswith("CALL"):
            call = instruction.offset
        elif operation.startswith(_LOADS):
            if was_class and operation.startswith(("LOAD_ATTR", "LOAD_METHOD")):
                calls_class = False  # an attribute of the class is called, such as a class method
            is_now = isinstance(value, str) and is_class(value)
            calls_class = calls_class or is_now
            was_class = is_now and not operation.startswith("LOAD_METHOD")
            continue
        was_class = was_class and operation in ("PUSH_NULL", "CACHE")
    return found
