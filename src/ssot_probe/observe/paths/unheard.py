"""Says why uses of a class cannot all be heard: some kinds are used without running their code."""

from __future__ import annotations

from types import MemberDescriptorType, ModuleType

from ssot_probe.observe import census
from ssot_probe.observe.candidates import plain_function
from ssot_probe.observe.inherited_constructors import inherited_constructor

PROTOCOL = "a protocol is used in annotations"
EXCEPTION = "raising and catching it runs none of its code"
ENUM = "its members are read, which runs none of its code"
TYPED_DICT = "it makes plain dictionaries"
TUPLE = "a tuple can be made past its constructor, as `_make` does"
VALUES = "it holds values, and reading them is not seen"
HIDDEN = "no name of its module leads to it"
IN_C = "it is constructed by code that is not Python"
BY_METACLASS = "its metaclass constructs it, and may hand out what is there"
VALIDATED = "it is also constructed past its constructor, by code that is not Python"
NO_EVENTS = "no place among the tools of sys.monitoring is left"
HELD = "it was held elsewhere before it could be listened to"
NO_WRAPPER = "before Python 3.12 nothing tells of its calls"
PROGRAM = "its module runs as the program, which may use it before it can be listened to"
IN_MAIN = "classes of the program itself are constructed without being heard"
DISPATCHING = "it hands calls to whatever is registered with it"
REPLACED = "what constructs or calls it was exchanged after it was loaded"
UNSEEN = "it was loaded past the import system, and found later"
UNPICKLED = "something of its module was unpickled, which may run none of its code"
COPIED = "functions that run its code were made of it, and are not heard before Python 3.12"
NOT_PYTHON = "it is not written in Python"
STRANGE = "its metaclass compares or hashes it"

_EXTENSIONS = (".so", ".pyd")


def why_unheard(cls: type) -> str:
    """Return why a class may be used although nothing is heard of it, "" where that cannot be."""
    traits = census.traits(cls)
    if "protocol" in traits:
        return PROTOCOL
    if "exception" in traits:
        return EXCEPTION
    if "enum" in traits:
        return ENUM
    if "typed-dict" in traits:
        return TUPLE if issubclass(cls, tuple) else TYPED_DICT
    if "__pydantic_validator__" in vars(cls):
        return VALIDATED
    if _has_own_call(cls):
        return BY_METACLASS
    if _holds_only_values(cls):
        return VALUES
    if plain_function(vars(cls).get("__init__")) or plain_function(vars(cls).get("__new__")):
        return ""
    if "__init__" in vars(cls) or inherited_constructor(cls) is None:
        return IN_C
    return ""


def is_not_python(module: ModuleType) -> bool:
    """Is it a module in C, of which nothing is heard?"""
    file = vars(module).get("__file__")
    return isinstance(file, str) and file.endswith(_EXTENSIONS)


def told(names: dict[str, str], most: int = 40) -> str:
    """Return names with their reasons in one line."""
    entries = [f"{name}: {why}" for name, why in sorted(names.items())]
    more = [f"and {len(entries) - most} more"] if len(entries) > most else []
    return "; ".join([*entries[:most], *more])


def _has_own_call(cls: type) -> bool:
    return any(
        "__call__" in vars(base)
        for base in census.metaclasses(cls)
        if base is not type and base is not object
    )


def _holds_only_values(cls: type) -> bool:
    """Is it a namespace of constants? A class that has any method is one to make instances of."""
    values = {
        name: value
        for name, value in vars(cls).items()
        if not name.startswith("__") and type(value) is not MemberDescriptorType
    }
    is_made = any(plain_function(value) for value in vars(cls).values()) or any(
        type(value) is property for value in values.values()
    )
    return bool(values) and not is_made and cls.__bases__ == (object,)
