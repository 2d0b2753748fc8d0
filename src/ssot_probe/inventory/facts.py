"""What the content of one file says, free of its path, so that files of one content share it.

Names are kept as they are written, as symbols: where they lead is decided over the whole tree.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Optional

READER_VERSION = 5
"""Goes up whenever the same content gives other facts: what an older reader left in the cache is not used."""


class Symbol(NamedTuple):
    """A name as its file means it."""

    kind: str  # "global": in the module; "import": in a module that is imported; "local": a definition here
    level: int  # dots of a relative import
    base: str  # name in the module, name of the imported module, or qualified name of the definition
    path: str = ""  # attributes behind it, with dots


class Imported(NamedTuple):
    """An import statement, or a call that imports a module by its literal name."""

    line: int
    function: str  # qualified name of the code around it, "<module>" at the top
    level: int
    module: str  # as written, without leading dots
    names: tuple[str, ...]  # fetched from it
    guard: str  # as in ImportRecord
    at_load: bool
    package: str  # what a relative call is relative to; "" for the file's own package
    is_call: bool


class ClassFact(NamedTuple):
    """A class statement."""

    qualname: str
    line: int  # of the first decorator, where there is one
    bases: tuple[Symbol, ...]
    metaclass: Optional[Symbol]
    names: tuple[str, ...]  # everything that its body binds
    methods: tuple[str, ...]  # public ones
    abstract: tuple[str, ...]  # of the names, those that are left to subclasses


class FunctionFact(NamedTuple):
    """A function that a module or class offers, and what it hands out."""

    qualname: str
    line: int  # of the first decorator, where there is one
    kind: str  # "function" | "coroutine" | "generator" | "method"
    owner: str  # qualified name of the class around it, "" in a module
    annotated: tuple[Symbol, ...]  # what its return annotation names
    calls: tuple[Symbol, ...]  # what it calls and returns or yields the result of
    variables: tuple[str, ...]  # global variables that it returns
    returns_own: bool  # it returns an instance of the class that it is called on, or declares to


class Binding(NamedTuple):
    """A statement at the top of a module, or a `global` one in a function, that gives a name a meaning."""

    name: str  # "*" for a star import
    form: (
        str  # "class" | "function" | "alias" | "call": its result | "typed": as annotated | "star" | "other"
    )
    symbol: Optional[Symbol]
    guard: str  # "" for a statement that always runs and so replaces what was before
    line: int


class Call(NamedTuple):
    """A call of something that may be a class."""

    line: int
    function: str
    symbol: Symbol


class SilentUse(NamedTuple):
    """What may be a class is used without any of its code being run."""

    line: int
    function: str
    symbol: Symbol
    attribute: str  # that is read of it; "" where something is compared with it, checked against it, caught


class Text(NamedTuple):
    """A literal, or a word in a configuration file, that reads like the name of a module or thing in one."""

    line: int
    text: str


class Exported(NamedTuple):
    """What `__all__` lists."""

    names: tuple[str, ...]
    others: tuple[Symbol, ...]  # further lists that it takes in, as `other.__all__`
    removed: tuple[str, ...]  # names that it takes out again
    is_whole: bool  # False where a part of it is computed


class Facts(NamedTuple):
    """Everything that is kept of one file."""

    imports: tuple[Imported, ...] = ()
    computed: tuple[tuple[int, str], ...] = ()  # line and function of imports whose module is computed
    classes: tuple[ClassFact, ...] = ()
    functions: tuple[FunctionFact, ...] = ()
    bindings: tuple[Binding, ...] = ()
    calls: tuple[Call, ...] = ()
    silent: tuple[SilentUse, ...] = ()  # the first of each kind
    runs: tuple[tuple[int, str], ...] = ()  # line and function of what runs source text
    texts: tuple[Text, ...] = ()
    exported: Optional[Exported] = None
    deprecated: tuple[int, ...] = ()  # lines at the top that warn of the module itself
    is_dynamic: bool = False  # a module-level `__getattr__` answers for names that nobody binds
    unreadable: str = ""  # why nothing else is known


def to_json(facts: Facts) -> str:
    """Return the facts as one line of JSON."""
    return json.dumps(facts, separators=(",", ":"))


def from_json(text: str) -> Facts:
    """Read what `to_json` wrote.

    Raises:
        ValueError: the text is something else.
    """
    try:
        return _facts(*json.loads(text))
    except (TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not facts of a file: {error}") from error


def _facts(
    imports: Any,
    computed: Any,
    classes: Any,
    functions: Any,
    bindings: Any,
    calls: Any,
    silent: Any,
    runs: Any,
    texts: Any,
    exported: Any,
    deprecated: Any,
    is_dynamic: bool,
    unreadable: str,
) -> Facts:
    return Facts(
        tuple(
            Imported(line, function, level, module, tuple(names), *others)
            for line, function, level, module, names, *others in imports
        ),
        tuple((line, function) for line, function in computed),
        tuple(
            ClassFact(
                qualname,
                line,
                _symbols(bases),
                None if metaclass is None else Symbol(*metaclass),
                *map(tuple, lists),
            )
            for qualname, line, bases, metaclass, *lists in classes
        ),
        tuple(
            FunctionFact(
                *(qualname, line, kind, owner),
                *(_symbols(annotated), _symbols(made), tuple(variables), own),
            )
            for qualname, line, kind, owner, annotated, made, variables, own in functions
        ),
        tuple(
            Binding(name, form, None if symbol is None else Symbol(*symbol), guard, line)
            for name, form, symbol, guard, line in bindings
        ),
        tuple(Call(line, function, Symbol(*symbol)) for line, function, symbol in calls),
        tuple(SilentUse(line, function, Symbol(*symbol), name) for line, function, symbol, name in silent),
        tuple((line, function) for line, function in runs),
        tuple(Text(line, text) for line, text in texts),
        None if exported is None else _exported(*exported),
        tuple(deprecated),
        is_dynamic,
        unreadable,
    )


def _exported(names: Any, others: Any, removed: Any, is_whole: bool) -> Exported:
    return Exported(tuple(names), _symbols(others), tuple(removed), is_whole)


def _symbols(values: Any) -> tuple[Symbol, ...]:
    return tuple(Symbol(*value) for value in values)
