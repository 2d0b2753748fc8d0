"""Digests of source, by which two sides that never met can tell whether they mean the same code."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Optional, Union

if TYPE_CHECKING:
    import ast
    from re import Match

MODULE, CLASS, FUNCTION = "module", "class", "function"

MOST_BYTES = 4 * 1024 * 1024
"""Of a larger file only its own digest is known."""

_FIRST_WITHOUT_CODE_OF_ITS_OWN = (3, 12)
"""Python from which on a comprehension other than a generator expression runs in the code around it."""

_COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>")


class Definition(NamedTuple):
    """Something that source defines, as a digest knows it."""

    kind: str  # MODULE | CLASS | FUNCTION, lambdas too
    qualified_name: str  # in the module, as its code object has it; "" of the module
    first_line: int  # that of its code object: its first decorator's; 0 of the module
    digest: str


def file_digest(content: bytes) -> str:
    """Return the digest of a file, and of the module in it; the form of line ends does not count."""
    return _digest(content.replace(b"\r\n", b"\n"))


def definitions_in(content: bytes, most_bytes: int = MOST_BYTES) -> list[Definition]:
    """Return the module that a file holds, and all that it defines, in the order of their first lines.

    A digest is that of the lines of a definition, its decorators included: it depends neither on where these
    stand, nor on comments, blank lines, how far all of it is indented, or the version of Python.

    Args:
        content: of the file. Of one that cannot be parsed here the module alone is returned.
        most_bytes: of a larger one too; the interpreter does nothing else while it parses.
    """
    whole = Definition(MODULE, "", 0, file_digest(content))
    if len(content) > most_bytes:
        return [whole]
    try:
        return [whole, *sorted(_Reader(content).definitions(), key=lambda found: found.first_line)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [whole]


def name_on_any_version(qualified_name: str) -> str:
    """Return a name of code without what depends on the version of Python: comprehensions around it."""
    if "comp>" not in qualified_name:
        return qualified_name
    parts = qualified_name.split(".")
    kept = [part for part in parts[:-1] if part not in _COMPREHENSIONS]
    return ".".join([*kept, parts[-1]])


def _digest(content: bytes) -> str:
    from hashlib import blake2b

    return blake2b(content, digest_size=8, person=b"ssot-probe").hexdigest()


class _Scope(NamedTuple):
    name: str  # qualified; "" of the module
    kind: str  # MODULE | CLASS | FUNCTION | "comprehension"
    globals: set[str]

    def inner_name(self, name: str) -> str:
        if self.kind == MODULE or name in self.globals:
            return name
        return f"{self.name}.<locals>.{name}" if self.kind == FUNCTION else f"{self.name}.{name}"


class _Task(NamedTuple):
    node: ast.AST
    scope: _Scope
    text: Optional[ast.JoinedStr]  # the f-string around it: before 3.12 nothing in one has a place of its own


_Defining = Union["ast.ClassDef", "ast.FunctionDef", "ast.AsyncFunctionDef"]


class _Reader:
    """Reads one file. It parses the text with no escapes in it, since these may make the parser warn."""

    def __init__(self, content: bytes) -> None:
        import ast
        import re
        import sys
        from importlib.util import decode_source

        self._ast = ast
        self._token = re.compile(_TOKEN, re.DOTALL)
        self._escape = re.compile(_ESCAPE, re.DOTALL)
        self._line_end = re.compile(r"\n[ \t\f]*")
        self._page_start = re.compile(r"^[ \t\f]*\f")  # the interpreter counts the indentation from there
        text = decode_source(content)
        self._lines = text.split("\n")
        try:
            self._tree = ast.parse(self._token.sub(self._without_escapes, text))
        except SyntaxError:  # quotes in quotes, which only a parser understands
            self._tree = ast.parse(text)
        self._inlined = sys.version_info >= _FIRST_WITHOUT_CODE_OF_ITS_OWN

    def definitions(self) -> list[Definition]:
        ast = self._ast
        found: list[Definition] = []
        waiting = [_Task(self._tree, _Scope("", MODULE, set()), None)]
        while waiting:
            node, scope, text = waiting.pop()
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                name = scope.inner_name(node.name)
                kind = CLASS if isinstance(node, ast.ClassDef) else FUNCTION
                first = min([node.lineno, *(each.lineno for each in node.decorator_list[:1])])
                digest = self._digest_of_lines(first, node.end_lineno or first)
                found.append(Definition(kind, name, first, digest))
                inner = _Scope(name, kind, set())
                waiting += [_Task(each, inner, text) for each in reversed(node.body)]
                waiting += [_Task(each, scope, text) for each in self._around(node)]
            elif isinstance(node, ast.Lambda):
                name = scope.inner_name("<lambda>")
                found.append(Definition(FUNCTION, name, node.lineno, self._digest_of_part(text or node)))
                waiting.append(_Task(node.body, _Scope(name, FUNCTION, set()), text))
                waiting.append(_Task(node.args, scope, text))
            elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
                waiting += self._in_comprehension(node, scope, text)
            else:
                if isinstance(node, ast.Global):
                    scope.globals.update(node.names)
                around = text or (node if isinstance(node, ast.JoinedStr) else None)
                children = list(ast.iter_child_nodes(node))
                waiting += [_Task(each, scope, around) for each in reversed(children)]
        return found

    def _around(self, node: _Defining) -> list[ast.AST]:
        """Return the parts of a definition that belong to the code around it, the last one first."""
        inside = set(map(id, node.body))
        children = [each for each in self._ast.iter_child_nodes(node) if id(each) not in inside]
        return children[::-1]

    def _in_comprehension(
        self,
        node: Union[ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp],
        scope: _Scope,
        text: Optional[ast.JoinedStr],
    ) -> list[_Task]:
        """Return the parts of a comprehension: what it goes through first belongs to the code around it."""
        inner = scope
        if not self._inlined or isinstance(node, self._ast.GeneratorExp):
            name = f"<{type(node).__name__.lower().replace('generatorexp', 'genexpr')}>"
            inner = _Scope(scope.inner_name(name), "comprehension", set())
        first = node.generators[0].iter
        waiting: list[ast.AST] = list(self._ast.iter_child_nodes(node))
        tasks: list[_Task] = []
        while waiting:
            found = waiting.pop()
            if isinstance(found, self._ast.comprehension):
                waiting += self._ast.iter_child_nodes(found)
            else:
                tasks.append(_Task(found, scope if found is first else inner, text))
        return tasks

    def _digest_of_lines(self, first: int, last: int) -> str:
        text = self._token.sub(self._without_comments, "\n".join(self._lines[first - 1 : last]))
        lines = [self._page_start.sub("", line.rstrip()) for line in text.split("\n") if line.strip()]
        indentation = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
        moved = "\n".join(_moved_left(line, indentation) for line in lines)
        return _digest(moved.encode("utf-8", "surrogatepass"))

    def _digest_of_part(self, node: ast.expr) -> str:
        """Return the digest of an expression, in which no indentation means anything."""
        lines = [line.encode() for line in self._lines[node.lineno - 1 : node.end_lineno]]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        text = self._token.sub(self._without_comments, b"\n".join(lines).decode("utf-8", "replace"))
        kept = (line.strip() for line in text.split("\n") if line.strip())
        return _digest("\n".join(kept).encode())

    def _without_comments(self, token: Match[str]) -> str:
        """Drop a comment; of a string leave all but how far its lines are indented, on one line."""
        return "" if token["comment"] else self._line_end.sub("\0", token[0])

    def _without_escapes(self, token: Match[str]) -> str:
        return token[0] if token["comment"] else self._escape.sub(_of_same_length, token[0])


def _moved_left(line: str, indentation: str) -> str:
    return line[len(indentation) :] if line.startswith(indentation) else line.lstrip()


def _of_same_length(escape: Match[str]) -> str:
    if escape[1] in "\\\"'\n":
        return escape[0]
    return f"_{escape[1]}" if escape[1] in "{}" else "_" * len(escape[0])


_TOKEN = (
    r"(?P<comment>[ \t\f]*#[^\n]*)"
    r'|"""(?:[^\\]|\\.)*?"""'
    r"|'''(?:[^\\]|\\.)*?'''"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'(?:[^'\\\n]|\\.)*'"
)
"""Finds comments and strings."""

_ESCAPE = r"\\(N\{[A-Za-z0-9 -]+\}|.)"
