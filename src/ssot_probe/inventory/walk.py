"""Walks once through the syntax tree of a file, and notes what to look at when all scopes are known."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ssot_probe.inventory import guards
from ssot_probe.inventory.expressions import forms, stored_names
from ssot_probe.inventory.facts import Imported, Symbol
from ssot_probe.inventory.scopes import Meaning, Scope, expanded, is_imported, symbol_of

TYPING = ("typing", "typing_extensions")


class Place(NamedTuple):
    """Where in the file a node stands."""

    scope: Scope
    guard: str = ""
    is_annotation: bool = False


class Seen(NamedTuple):
    """A node that is looked at again when all scopes are known."""

    node: Any
    place: Place


class Walk:
    """What was found on the way.

    Attributes:
        module: the outermost scope.
        imports: import statements.
        calls: calls, in classes and functions too.
        classes: class statements, with the place that they stand in.
        functions: functions, with the scope of their body.
        silent: what may use a class without running its code: attributes, comparisons, checks.
        texts: string literals that stand for themselves.
        exports: statements and calls that make `__all__`.

    What is still to be visited stands in a list, as deep nesting would exhaust the interpreter's stack.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.module = Scope("module", None)
        self.imports: list[Imported] = []
        self.calls: list[Seen] = []
        self.classes: list[tuple[ast.ClassDef, Place, Scope]] = []
        self.functions: list[tuple[ast.FunctionDef | ast.AsyncFunctionDef, Scope]] = []
        self.silent: list[Seen] = []
        self.texts: list[tuple[int, str]] = []
        self.exports: list[ast.stmt] = []
        self._handlers: dict[type, Callable[[Any, Place], None]] = {
            ast.Import: self._import,
            ast.ImportFrom: self._import_from,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.Lambda: self._lambda,
            ast.ClassDef: self._class,
            ast.If: self._if,
            ast.Try: self._try,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.Match: self._match,
            ast.While: self._while,
            ast.For: self._for,
            ast.AsyncFor: self._for,
            ast.Assign: self._assign,
            ast.AnnAssign: self._annotated,
            ast.AugAssign: self._augmented,
            ast.NamedExpr: self._named,
            ast.Delete: self._delete,
            ast.Global: self._global,
            ast.Nonlocal: self._nonlocal,
            ast.Return: self._return,
            ast.Yield: self._yield,
            ast.YieldFrom: self._yield,
            ast.Call: self._call,
            ast.Attribute: self._silent,
            ast.Compare: self._silent,
            ast.Constant: self._constant,
            ast.JoinedStr: self._joined,
            ast.Expr: self._expression,
            ast.ListComp: self._comprehension,
            ast.SetComp: self._comprehension,
            ast.DictComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.Name: _pass,
        }
        if hasattr(ast, "TryStar"):  # 3.11
            self._handlers[ast.TryStar] = self._try
        self._waiting: list[tuple[ast.AST, Place]] = []
        self._block(reversed(tree.body), Place(self.module))
        self._run()
        self._handlers.clear()  # they refer back: without a cycle, the tree goes as soon as it is read

    def _run(self) -> None:
        waiting, handlers = self._waiting, self._handlers
        while waiting:
            node, place = waiting.pop()
            handle = handlers.get(type(node))
            before = len(waiting)
            if handle is not None:
                handle(node, place)
            else:
                self._children(node, place)
            if len(waiting) > before + 1:
                waiting[before:] = waiting[before:][::-1]

    def _children(self, node: ast.AST, place: Place) -> None:
        waiting = self._waiting
        for name in node._fields:
            value = getattr(node, name, None)
            if type(value) is list:
                waiting.extend((child, place) for child in value if isinstance(child, ast.AST))
            elif isinstance(value, ast.AST) and value._fields:
                waiting.append((value, place))

    def _block(self, nodes: Iterable[ast.AST | None], place: Place) -> None:
        self._waiting.extend((node, place) for node in nodes if node is not None)

    def _under(self, nodes: Iterable[ast.AST], place: Place, guard: str) -> None:
        self._block(nodes, place._replace(guard=guards.inside(place.guard, guard)) if guard else place)

    # what imports

    def _import(self, node: ast.Import, place: Place) -> None:
        for alias in node.names:
            self._note_import(node, place, 0, alias.name, ())
            top = alias.name if alias.asname else alias.name.partition(".")[0]
            self._bind(place, alias.asname or top, "alias", Symbol("import", 0, top), node.lineno)

    def _import_from(self, node: ast.ImportFrom, place: Place) -> None:
        module = node.module or ""
        self._note_import(node, place, node.level, module, tuple(alias.name for alias in node.names))
        for alias in node.names:
            if alias.name == "*":
                self._bind(place, "*", "star", Symbol("import", node.level, module), node.lineno)
            else:
                symbol = Symbol("import", node.level, module, alias.name)
                self._bind(place, alias.asname or alias.name, "alias", symbol, node.lineno)

    def _note_import(
        self, node: ast.stmt, place: Place, level: int, module: str, names: tuple[str, ...]
    ) -> None:
        scope = place.scope
        self.imports.append(
            Imported(node.lineno, scope.code, level, module, names, place.guard, scope.at_load, "", False)
        )

    # what opens a scope

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, place: Place) -> None:
        qualname = place.scope.inner_name(node.name)
        self._bind(place, node.name, "function", Symbol("local", 0, qualname), node.lineno)
        scope = Scope("function", place.scope, qualname)
        self.functions.append((node, scope))
        self._parameters(node.args, scope, place)
        self._block(node.decorator_list, place)
        self._block([node.returns], place._replace(is_annotation=True))
        self._block(node.body, Place(scope, guards.in_function(place.guard)))

    def _lambda(self, node: ast.Lambda, place: Place) -> None:
        scope = Scope("function", place.scope, place.scope.inner_name("<lambda>"))
        self._parameters(node.args, scope, place)
        self._block([node.body], Place(scope, guards.in_function(place.guard)))

    def _parameters(self, arguments: ast.arguments, scope: Scope, around: Place) -> None:
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        named += [rest for rest in (arguments.vararg, arguments.kwarg) if rest is not None]
        for argument in named:
            scope.bind(argument.arg, Meaning("other", None, "", argument.lineno))
            self._block([argument.annotation], around._replace(is_annotation=True))
        self._block([*arguments.defaults, *arguments.kw_defaults], around)

    def _class(self, node: ast.ClassDef, place: Place) -> None:
        qualname = place.scope.inner_name(node.name)
        self._bind(place, node.name, "class", Symbol("local", 0, qualname), node.lineno)
        scope = Scope("class", place.scope, qualname)
        self.classes.append((node, place, scope))
        self._block([*node.decorator_list, *node.bases], place)
        self._block((keyword.value for keyword in node.keywords), place)
        self._block(node.body, place._replace(scope=scope))

    def _comprehension(self, node: Any, place: Place) -> None:
        is_lazy = isinstance(node, ast.GeneratorExp)
        scope = Scope("comprehension", place.scope, place.scope.inner_name("<genexpr>") if is_lazy else "")
        inner = place._replace(scope=scope)
        for generator in node.generators:
            for name in stored_names(generator.target):
                scope.bind(name, Meaning("other", None, "", node.lineno))
            self._block([generator.iter, *generator.ifs], inner)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._block(parts, inner)

    # what may keep a statement from running

    def _if(self, node: ast.If, place: Place) -> None:
        body, otherwise = guards.of_if(node.test, self.is_type_checking)
        self._block([node.test], place)
        self._under(node.body, place, body)
        self._under(node.orelse, place, otherwise)

    def _try(self, node: ast.Try, place: Place) -> None:
        is_caught = any(guards.catches_import_errors(handler) for handler in node.handlers)
        # Where any error is caught, the body may end after its first statement.
        self._under(node.body[:1], place, guards.TRY if is_caught else "")
        rest = guards.TRY if is_caught else guards.BRANCH if node.handlers else ""
        self._under(node.body[1:], place, rest)
        for handler in node.handlers:
            if handler.type is not None:
                self.silent.append(Seen(handler.type, place))
            self._block([handler.type], place)
            catches = guards.catches_import_errors(handler)
            if handler.name:
                self._bind(place._replace(guard=guards.BRANCH), handler.name, "other", None, handler.lineno)
            self._under(handler.body, place, guards.EXCEPT if catches else guards.BRANCH)
        self._under(node.orelse, place, guards.BRANCH if is_caught else "")
        self._block(node.finalbody, place)

    def _with(self, node: ast.With | ast.AsyncWith, place: Place) -> None:
        is_caught = any(guards.suppresses_import_errors(item.context_expr) for item in node.items)
        for item in node.items:
            self._block([item.context_expr], place)
            if item.optional_vars is not None:
                self._assign_to(item.optional_vars, None, place, node.lineno)
        self._under(node.body, place, guards.TRY if is_caught else "")

    def _match(self, node: ast.Match, place: Place) -> None:
        self._block([node.subject], place)
        branch = place._replace(guard=guards.inside(place.guard, guards.BRANCH))
        for case in node.cases:
            for pattern in ast.walk(case.pattern):
                if isinstance(pattern, ast.MatchClass):
                    self.silent.append(Seen(pattern.cls, place))
                name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
                if isinstance(name, str):
                    self._bind(branch, name, "other", None, node.lineno)
            self._block([case.guard, *case.body], branch)

    def is_type_checking(self, test: ast.expr) -> bool:
        """Is it the constant that only type checkers take for true, under whatever name?"""
        if guards.last_name(test) == "TYPE_CHECKING":
            return True
        if not isinstance(test, (ast.Name, ast.Attribute)):
            return False
        symbol = expanded(symbol_of(test, self.module), self.module)
        return any(is_imported(symbol, module, "TYPE_CHECKING") for module in TYPING)

    # what gives a name a meaning

    def _bind(self, place: Place, name: str, form: str, value: Symbol | ast.expr | None, line: int) -> None:
        scope, guard = place.scope, place.guard
        while scope.kind == "comprehension" and scope.parent is not None:
            scope = scope.parent  # a walrus binds around the comprehension
        if name in scope.elsewhere:
            return
        if name in scope.globals:
            scope, guard = self.module, guards.inside(guard, guards.BRANCH)
        scope.bind(name, Meaning(form, value, guard, line))

    def _assign(self, node: ast.Assign, place: Place) -> None:
        if _is_exports(node.targets[0]) and place.scope is self.module:
            self.exports.append(node)
            return
        for target in node.targets:
            self._assign_to(target, node.value, place, node.lineno)
        self._block([*node.targets, node.value], place)

    def _assign_to(self, target: ast.expr, value: ast.expr | None, place: Place, line: int) -> None:
        if isinstance(target, ast.Name):
            for form, expression in forms(value):
                self._bind(place, target.id, form, expression, line)
                place = place._replace(guard=guards.inside(place.guard, guards.BRANCH))
        elif isinstance(target, (ast.Tuple, ast.List)):
            values: list[Any] = [None] * len(target.elts)
            if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(values):
                values = value.elts
            for part, one in zip(target.elts, values):
                self._assign_to(part, one, place, line)
        elif isinstance(target, ast.Starred):
            self._assign_to(target.value, None, place, line)

    def _annotated(self, node: ast.AnnAssign, place: Place) -> None:
        if _is_exports(node.target) and place.scope is self.module:
            self.exports.append(node)
            return
        if isinstance(node.target, ast.Name) and (node.value is not None or place.scope is self.module):
            if place.scope is self.module:
                self._bind(place, node.target.id, "typed", node.annotation, node.lineno)
                beside = place._replace(guard=guards.inside(place.guard, guards.BRANCH))
                self._assign_to(node.target, node.value, beside, node.lineno)
            else:
                self._assign_to(node.target, node.value, place, node.lineno)
        self._block([node.value], place)
        self._block([node.annotation], place._replace(is_annotation=True))

    def _augmented(self, node: ast.AugAssign, place: Place) -> None:
        if _is_exports(node.target) and place.scope is self.module:
            self.exports.append(node)
            return
        self._block([node.target, node.value], place)

    def _named(self, node: ast.NamedExpr, place: Place) -> None:
        self._assign_to(node.target, node.value, place, node.lineno)
        self._block([node.value], place)

    def _for(self, node: ast.For | ast.AsyncFor, place: Place) -> None:
        self._assign_to(node.target, None, place, node.lineno)
        self._block([node.target, node.iter], place)
        self._under([*node.body, *node.orelse], place, guards.BRANCH)

    def _while(self, node: ast.While, place: Place) -> None:
        self._block([node.test], place)
        self._under([*node.body, *node.orelse], place, guards.BRANCH)

    def _delete(self, node: ast.Delete, place: Place) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name) and not place.guard:
                place.scope.meanings.pop(target.id, None)
        self._block(node.targets, place)

    def _global(self, node: ast.Global, place: Place) -> None:
        place.scope.globals.update(node.names)

    def _nonlocal(self, node: ast.Nonlocal, place: Place) -> None:
        place.scope.elsewhere.update(node.names)

    # what is looked at later

    def _return(self, node: ast.Return, place: Place) -> None:
        if node.value is not None:
            place.scope.returns.append(node.value)
            self._block([node.value], place)

    def _yield(self, node: ast.Yield | ast.YieldFrom, place: Place) -> None:
        place.scope.yields = True
        if isinstance(node, ast.Yield) and node.value is not None:
            place.scope.returns.append(node.value)  # what it yields is handed out as well
        self._children(node, place)

    def _call(self, node: ast.Call, place: Place) -> None:
        self.calls.append(Seen(node, place))
        arguments: list[ast.AST] = [*node.args, *(keyword.value for keyword in node.keywords)]
        if guards.last_name(node.func) in ("getLogger", "get_logger"):  # the name of a logger, of no module
            arguments = [argument for argument in arguments if not isinstance(argument, ast.Constant)]
        self._block([node.func, *arguments], place)

    def _silent(self, node: ast.Attribute | ast.Compare, place: Place) -> None:
        if not place.is_annotation:
            self.silent.append(Seen(node, place))
        self._children(node, place)

    def _constant(self, node: ast.Constant, place: Place) -> None:
        if type(node.value) is str and not place.is_annotation:
            self.texts.append((node.lineno, node.value))

    def _joined(self, node: ast.JoinedStr, place: Place) -> None:
        self._block((part for part in node.values if not isinstance(part, ast.Constant)), place)

    def _expression(self, node: ast.Expr, place: Place) -> None:
        value = node.value
        if isinstance(value, ast.Constant):
            return
        called = value.func if isinstance(value, ast.Call) else None
        changes_exports = isinstance(called, ast.Attribute) and _is_exports(called.value)
        if changes_exports and place.scope is self.module:
            self.exports.append(node)
        else:
            self._block([value], place)


def _is_exports(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "__all__"


def _pass(node: ast.AST, place: Place) -> None:
    """Take no notice."""
