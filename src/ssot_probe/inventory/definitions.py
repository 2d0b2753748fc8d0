"""What a file says of its classes and functions: bases, methods, and what a function hands out."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator

from ssot_probe.inventory.expressions import alternatives
from ssot_probe.inventory.facts import ClassFact, FunctionFact, Symbol
from ssot_probe.inventory.guards import last_name
from ssot_probe.inventory.scopes import Scope, expanded, holder_of, is_imported, symbol_of
from ssot_probe.inventory.walk import TYPING, Place, Walk

_FIRST = frozenset(
    {
        *(
            "Optional",
            "Union",
            "Annotated",
            "Awaitable",
            "Iterator",
            "AsyncIterator",
            "Iterable",
            "AsyncIterable",
        ),
        *("Generator", "AsyncGenerator", "ContextManager", "AsyncContextManager", "AbstractContextManager"),
        *("AbstractAsyncContextManager", "Final"),
    }
)
"""Generic types through whose first argument a caller gets hold of an instance; of `Union` through all."""

_NO_METHOD = frozenset({"property", "cached_property", "setter", "getter", "deleter", "abstractproperty"})
_ABSTRACT = frozenset({"abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"})
_NAMED_TUPLES = (("collections", "namedtuple"), ("typing", "NamedTuple"), ("typing_extensions", "NamedTuple"))

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


def class_facts(walk: Walk) -> Iterator[ClassFact]:
    """Yield what the file says of each class statement in it."""
    for node, place, scope in walk.classes:
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        metaclass = keywords.get("metaclass")
        functions = [found for found in _statements(node.body) if isinstance(found, AnyFunction)]
        public = [one.name for one in functions if not one.name.startswith("_") and not _has(one, _NO_METHOD)]
        yield ClassFact(
            qualname=scope.qualname,
            line=first_line(node),
            bases=tuple(_bases(node, place, walk.module)),
            metaclass=None if metaclass is None else symbol_of(metaclass, place.scope),
            names=tuple(scope.meanings),
            methods=tuple(dict.fromkeys(public)),
            abstract=tuple(dict.fromkeys(one.name for one in functions if _has(one, _ABSTRACT))),
        )


def function_facts(walk: Walk) -> Iterator[FunctionFact]:
    """Yield what functions and methods hand out, for those that a module or class offers."""
    for node, scope in walk.functions:
        around = scope.parent
        if around is None or "<locals>" in scope.qualname or node.name in ("__new__", "__init__"):
            continue
        is_method = around.kind == "class"
        fact = FunctionFact(
            qualname=scope.qualname,
            line=first_line(node),
            kind=_kind(node, scope, is_method),
            owner=around.qualname if is_method else "",
            annotated=(),
            calls=(),
            variables=(),
            returns_own=False,
        )
        first = node.args.args[0].arg if node.args.args else ""
        own = first if is_method and _has(node, {"classmethod"}) else ""
        fact = _with_annotation(fact, node, around, own)
        fact = _with_returns(fact, scope, own if is_method else "", first if is_method else "")
        if fact.annotated or fact.calls or fact.variables or fact.returns_own:
            yield fact


def annotation_symbols(annotation: ast.expr | None, scope: Scope) -> Iterator[Symbol]:
    """Yield what a caller may get hold of, by the annotation of a return value or a variable."""
    waiting = [annotation]
    while waiting:
        found = waiting.pop()
        if isinstance(found, ast.Constant) and isinstance(found.value, str):
            waiting.append(_quoted(found.value))
        elif isinstance(found, ast.BinOp) and isinstance(found.op, ast.BitOr):
            waiting += [found.right, found.left]
        elif isinstance(found, ast.Subscript):
            waiting += reversed(_arguments(found))
        elif isinstance(found, (ast.Name, ast.Attribute)):
            symbol = symbol_of(found, scope)
            if symbol is not None:
                yield symbol


def first_line(node: ast.ClassDef | AnyFunction) -> int:
    """Return the line at which the interpreter says that a definition begins: its first decorator's."""
    return node.decorator_list[0].lineno if node.decorator_list else node.lineno


def _bases(node: ast.ClassDef, place: Place, module: Scope) -> Iterator[Symbol]:
    for base in node.bases:
        while isinstance(base, ast.Subscript):
            base = base.value
        if isinstance(base, ast.Call):
            called = expanded(symbol_of(base.func, place.scope), module)
            if any(is_imported(called, *names) for names in _NAMED_TUPLES):
                yield Symbol("import", 0, "builtins", "tuple")
            continue
        symbol = symbol_of(base, place.scope)
        if symbol is not None:
            yield symbol


def _with_annotation(fact: FunctionFact, node: AnyFunction, around: Scope, own: str) -> FunctionFact:
    if node.returns is None:
        return fact
    symbols = []
    for symbol in annotation_symbols(node.returns, around):
        found = expanded(symbol, _outermost(around))
        if any(is_imported(found, module, "Self") for module in TYPING):
            fact = fact._replace(returns_own=fact.returns_own or bool(own))
        else:
            symbols.append(symbol)
    return fact._replace(annotated=tuple(dict.fromkeys(symbols)))


def _with_returns(fact: FunctionFact, scope: Scope, own: str, instance: str) -> FunctionFact:
    calls: list[Symbol] = []
    variables: list[str] = []
    for value in scope.returns:
        for found in alternatives(value):
            for part in _behind_variables(found, scope):
                if isinstance(part, str):
                    variables.append(part)
                elif _is_own_class(part, own, instance):
                    fact = fact._replace(returns_own=True)
                else:
                    symbol = symbol_of(part, scope)
                    if symbol is not None and not is_builtin(symbol, _outermost(scope)):
                        calls.append(symbol)
    return fact._replace(calls=tuple(dict.fromkeys(calls)), variables=tuple(dict.fromkeys(variables)))


def is_builtin(symbol: Symbol, module: Scope) -> bool:
    """Does the symbol mean something that every module has without binding it?"""
    return (
        symbol.kind == "global"
        and symbol.base not in module.meanings
        and "*" not in module.meanings
        and hasattr(builtins, symbol.base)
    )


def _behind_variables(value: ast.expr, scope: Scope) -> Iterator[str | ast.expr]:
    """Yield what is called to make the value, and the global variables that it is taken from."""
    if isinstance(value, ast.Call):
        yield value.func
    if not isinstance(value, ast.Name):
        return
    holder = holder_of(value.id, scope)
    if holder.kind == "module":
        yield value.id
        return
    for meaning in holder.meanings[value.id]:
        if isinstance(meaning.value, ast.expr) and meaning.form == "call":
            yield meaning.value
        elif meaning.form == "alias" and isinstance(meaning.value, ast.Name):
            if holder_of(meaning.value.id, holder).kind == "module":
                yield meaning.value.id
        elif meaning.form == "alias" and isinstance(meaning.value, Symbol):
            continue


def _is_own_class(called: ast.expr, own: str, instance: str) -> bool:
    """Is it `cls`, `type(self)` or `self.__class__`?"""
    if isinstance(called, ast.Name):
        return bool(own) and called.id == own
    if isinstance(called, ast.Attribute):
        return called.attr == "__class__" and last_name(called.value) == instance != ""
    return (
        isinstance(called, ast.Call)
        and last_name(called.func) == "type"
        and len(called.args) == 1
        and last_name(called.args[0]) == instance != ""
    )


def _kind(node: AnyFunction, scope: Scope, is_method: bool) -> str:
    if scope.yields:
        return "generator"
    if isinstance(node, ast.AsyncFunctionDef):
        return "coroutine"
    return "method" if is_method else "function"


def _has(node: AnyFunction, decorators: Iterable[str]) -> bool:
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if last_name(called) in decorators:
            return True
    return False


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a class's body, those under conditions too."""
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:
        found = waiting.pop()
        if isinstance(found, (ast.If, ast.Try, ast.With)):
            blocks = [child for child in ast.iter_child_nodes(found) if not isinstance(child, ast.expr)]
            waiting += reversed(blocks)
        elif isinstance(found, ast.ExceptHandler):
            waiting += reversed(found.body)
        elif isinstance(found, ast.stmt):
            yield found


def _quoted(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # no annotation that anybody could evaluate


def _arguments(annotation: ast.Subscript) -> list[ast.expr]:
    name = last_name(annotation.value)
    inner = annotation.slice
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if name == "Union":
        return list(parts)
    if name == "Coroutine":
        return parts[-1:]
    if name in _FIRST:
        return parts[:1]
    return [annotation.value] if name not in _CONTAINERS else []


_CONTAINERS = frozenset(
    {
        *(
            "list",
            "dict",
            "set",
            "frozenset",
            "tuple",
            "type",
            "List",
            "Dict",
            "Set",
            "FrozenSet",
            "Tuple",
            "Type",
        ),
        *("Sequence", "MutableSequence", "Mapping", "MutableMapping", "Collection", "Callable", "Literal"),
        *("ClassVar", "defaultdict", "deque", "DefaultDict", "Deque", "OrderedDict", "Counter", "ChainMap"),
    }
)
"""Generic types that hold instances, which is not to hand one out, or none at all."""


def _outermost(scope: Scope) -> Scope:
    while scope.parent is not None:
        scope = scope.parent
    return scope
