"""Describes class objects: name, place, bases, and what kind of class it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType

from ssot_probe.model.names import qualify, split
from ssot_probe.observe.candidates import plain_function
from ssot_probe.observe.modules import namespace_of

_TEST_WORDS = ("Mock", "Fake", "Stub", "Dummy")


def qualified_name(cls: type) -> str:
    """Return `module:QualName` as the class itself says it."""
    return qualify(str(cls.__module__), cls.__qualname__)


def is_strange(cls: type) -> bool:
    """Does its metaclass compare or hash it? Whoever looks it up in a table would call that."""
    metaclass = type(cls)
    return metaclass.__hash__ is not type.__hash__ or metaclass.__eq__ is not type.__eq__


def base_names(cls: type) -> tuple[str, ...]:
    """Return the qualified names of all bases, nearest first, without `object`."""
    return tuple(qualified_name(base) for base in cls.__mro__[1:-1])


def traits(cls: type) -> tuple[str, ...]:
    """Return what sets a class apart from an ordinary implementation of something."""
    found = []
    if getattr(cls, "__abstractmethods__", None):
        found.append("abstract")
    if vars(cls).get("_is_protocol", False):
        found.append("protocol")
    if issubclass(cls, BaseException):
        found.append("exception")
    if any(base.__module__ == "enum" for base in metaclasses(cls)):
        found.append("enum")
    if type(cls).__name__ == "_TypedDictMeta" or issubclass(cls, tuple):
        found.append("typed-dict")
    if is_test_double(cls):
        found.append("test-double")
    return tuple(found)


def metaclasses(cls: type) -> tuple[type, ...]:
    """Return the class's metaclass and its bases, nearest first."""
    metaclass: type = type(cls)
    return metaclass.__mro__


def is_test_double(cls: type) -> bool:
    """Does the class stand in for another in tests, by its name, its base or its module?"""
    if cls.__name__.lstrip("_").startswith(_TEST_WORDS):
        return True
    if any(base.__module__ == "unittest.mock" for base in cls.__mro__):
        return True
    parts = str(cls.__module__).split(".")
    return any(part in ("tests", "conftest") or part.startswith("test_") for part in parts)


def module_of(cls: type, bound_in: str = "") -> str:
    """Return the module that defines the class.

    `types.new_class` claims its classes, as those of `make_dataclass`, for itself: they belong to `bound_in`.
    """
    return bound_in if bound_in and cls.__module__ == "types" else str(cls.__module__)


def file_of(cls: type, bound_in: str = "") -> str:
    """Return the file of the module that defines the class, else of its methods; "" for neither."""
    file = namespace_of(sys.modules.get(module_of(cls, bound_in))).get("__file__")
    return str(file or next((code.co_filename for code in _method_codes(cls)), ""))


def line_of(cls: type) -> int:
    """Return the line at which the class's definition begins, or one that is near; 0 if none is known.

    3.13 stores it. Before, only the first method is at hand: `line_in_code` knows better, and takes its time.
    """
    stored = vars(cls).get("__firstlineno__")
    if isinstance(stored, int):
        return stored
    codes = list(_method_codes(cls))
    in_files = [code for code in codes if not code.co_filename.startswith("<")]  # some are made from text
    return min((code.co_firstlineno for code in in_files or codes), default=0)


def line_in_code(name: str) -> int:
    """Return the line at which a class begins, first decorator included, by its qualified name; 0 if unknown.

    The code of a class body is a constant of its module's code, which is read again from its loader.
    """
    module, qualname = split(name)
    code = module_code(module)
    body = None if code is None else body_code(code, qualname)
    return 0 if body is None else body.co_firstlineno


def module_code(name: str) -> CodeType | None:
    """Return the code object of a loaded module, read again from its loader."""
    names = namespace_of(sys.modules.get(name))
    loader = names.get("__loader__")
    name = getattr(names.get("__spec__"), "name", name)  # as the loader of `python -m package` knows it
    get_code = getattr(loader, "get_code", None)
    if get_code is None:
        return None
    try:
        code = get_code(name)
    except Exception:  # a loader may refuse: the line is then taken from the first method
        return None
    return code if isinstance(code, CodeType) else None


def body_code(module_code: CodeType, qualified: str) -> CodeType | None:
    """Return the code of a class's body, by the class's qualified name in its module."""
    return next((code for qualname, code in _bodies(module_code, "") if qualname == qualified), None)


def _bodies(code: CodeType, prefix: str) -> Iterator[tuple[str, CodeType]]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            name = prefix + constant.co_name
            if not constant.co_flags & 0x1:  # CO_OPTIMIZED: functions have it, class bodies do not
                yield name, constant
                yield from _bodies(constant, name + ".")
            else:
                yield from _bodies(constant, name + ".<locals>.")


def _method_codes(cls: type) -> Iterator[CodeType]:
    for value in vars(cls).values():
        function = plain_function(value)
        if function is not None and function.__module__ == cls.__module__:
            yield function.__code__
