import ast
import os
import subprocess
import sys
import types
import warnings
from collections.abc import Iterator
from textwrap import dedent, indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssot_probe.model.source_digest import (
    Definition,
    definitions_in,
    file_digest,
    name_on_any_version,
)

EVERY_FORM = dedent(
    '''
    import enum, functools
    from dataclasses import dataclass
    from typing import NamedTuple

    def plain(): pass
    def typed(a: int, *, b: "str" = "") -> None: "text"
    def defaults(a=lambda: 1, *rest, b=(lambda: 2)(), **more): return [a]
    async def asynchronous(): return None
    def generator():
        yield lambda: 3
    async def asynchronous_generator():
        yield [x async for x in asynchronous_generator()]

    def decorator(found):
        @functools.wraps(found)
        def wrapper(*args):
            return found(*args)
        return wrapper

    @decorator
    @(lambda found:
        found)
    # why
    def decorated():
        """Text."""

    class Plain:
        attribute = lambda self: 1
        all = [(lambda: i) for i in (lambda: range(3))()]
        pairs = {(lambda: 1): 1 for i in ()}
        lazily = ((lambda: i) for i in ())
        __slots__ = ("a",)
        def method(self):
            def nested():
                return [[(lambda: k) for k in (1, 2)] for j in [(lambda: 2)] if (lambda: j)]
            class Inner:
                def deeper(self): return {lambda: x for x in ()}
            return nested, Inner
        @property
        def value(self): return 1
        @value.setter
        def value(self, new): pass
        @classmethod
        def make(cls): return cls()
        @staticmethod
        def helper(): pass
        def __private(self): pass
        async def later(self): pass

    class Sub(Plain): pass

    class Meta(type):
        def __call__(cls): return super().__call__()

    class Made(Plain, metaclass=Meta): x: int = 1

    @dataclass(
        frozen=True,
    )
    class Data:
        a: int
        def twice(self): return self.a * 2

    class Pair(NamedTuple):
        a: int
        def swap(self): return self

    class Colour(enum.Enum):
        RED = 1
        def shade(self): return 1

    def twice(): return 1
    def twice(): return 2
    if plain:
        def under_a_condition(): pass
    try:
        class Tried: pass
    except ImportError:
        class Tried: x = 1

    def declares():
        global announced, Announced
        def announced():
            class Local:
                def inside(self): pass
            return Local
        class Announced:
            def inside(self): return f"{(lambda: 3)()} text"
    '''
)


def defined(text: str, name: str) -> Definition:
    return next(one for one in definitions_in(text.encode()) if one.qualified_name == name)


def digest(text: str, name: str) -> str:
    return defined(text, name).digest


def live(code: types.CodeType, around: str = "") -> Iterator[tuple[str, int]]:
    """Yield the name, where this Python knows it, and the first line of each code in a code."""
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            name = getattr(inner, "co_qualname", inner.co_name)
            if not inner.co_name.endswith(("comp>", "expr>")):
                yield name, inner.co_firstlineno
            yield from live(inner)


def test_every_definition_has_the_name_and_first_line_of_its_code() -> None:
    found = [
        (one.qualified_name, one.first_line) for one in definitions_in(EVERY_FORM.encode()) if one.first_line
    ]
    if sys.version_info < (3, 11):
        found = [(name.rpartition(".")[2], line) for name, line in found]
    assert sorted(found) == sorted(live(compile(EVERY_FORM, "x", "exec")))


def test_functions_classes_and_the_module_are_told_apart() -> None:
    kinds = {one.qualified_name: one.kind for one in definitions_in(EVERY_FORM.encode())}
    assert kinds[""] == "module"
    assert kinds["Plain"] == kinds["Plain.method.<locals>.Inner"] == "class"
    assert kinds["Plain.method"] == kinds["Plain.<lambda>"] == kinds["asynchronous"] == "function"


def test_two_definitions_of_one_name_differ_in_their_first_lines() -> None:
    first, second = [one for one in definitions_in(EVERY_FORM.encode()) if one.qualified_name == "twice"]
    assert second.first_line == first.first_line + 1
    assert first.digest != second.digest


def test_a_definition_that_moves_within_its_file_keeps_its_digest() -> None:
    moved = "\n\nimport os\n" + EVERY_FORM
    before = [(one.qualified_name, one.digest) for one in definitions_in(EVERY_FORM.encode())[1:]]
    assert [(one.qualified_name, one.digest) for one in definitions_in(moved.encode())[1:]] == before


COMMENTED = '''
@decorator  # so that it is known

def f(a):
    # first

    x = a  # second
    """A text

      # of three lines
    """
    return (x +
# third
  1)


# after
'''

PLAIN = '''
@decorator
def f(a):
    x = a
    """A text

      # of three lines
    """
    return (x +
  1)
'''


def test_comments_and_blank_lines_do_not_count() -> None:
    assert digest(COMMENTED, "f") == digest(PLAIN, "f")


@pytest.mark.parametrize("prefix", ["    ", "\t", "        "])
def test_how_far_a_definition_is_indented_does_not_count(prefix: str) -> None:
    inside = "class Around:\n" + indent(PLAIN, prefix)
    assert digest(inside, "Around.f") == digest(PLAIN, "f")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("@decorator", "@decorator()"),
        ("(a)", "(b)"),
        ("x = a", "x = +a"),
        ("A text", "A  text"),
        ("  # of three lines", "  # of two lines"),
        ("A text\n\n", "A text\n"),
        ("def f", "async def f"),
        ("  1)", "  2)"),
    ],
)
def test_a_changed_token_counts(before: str, after: str) -> None:
    assert digest(PLAIN.replace(before, after), "f") != digest(PLAIN, "f")


def test_what_a_nested_block_belongs_to_counts() -> None:
    inside, after = "def f():\n if a:\n  b()\n  c()\n", "def f():\n if a:\n  b()\n c()\n"
    assert digest(inside, "f") != digest(after, "f")


def test_a_lambda_is_its_expression_alone() -> None:
    first, second = "x = call(lambda: 1,\n 2)\n", "class A:\n  y = [\n    lambda: 1, # it\n  ]"
    assert digest(first, "<lambda>") == digest(second, "A.<lambda>")
    assert digest("é = 'ä', lambda: 1", "<lambda>") == digest(first, "<lambda>")
    assert digest("x = lambda: 2", "<lambda>") != digest(first, "<lambda>")


@pytest.mark.parametrize(
    "other",
    [
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        b"# -*- coding: latin-1 -*-\n" + PLAIN.encode("latin-1"),
        PLAIN.replace("\n@", "\n\f@").replace("\n    x", "\n\f    x").encode(),
        PLAIN.rstrip("\n").encode(),
    ],
    ids=["CRLF", "CR", "byte order mark", "latin-1", "form feed", "no line end"],
)
def test_how_the_text_is_written_does_not_count(other: bytes) -> None:
    found = next(one for one in definitions_in(other) if one.qualified_name == "f")
    assert found.digest == digest(PLAIN, "f")


def test_a_text_in_another_encoding_is_the_same_text() -> None:
    text = "def f():\n    return 'ä', lambda: 'ö'\n"
    latin = definitions_in(b"# coding: latin-1\n" + text.encode("latin-1"))[1:]
    assert [one.digest for one in latin] == [one.digest for one in definitions_in(text.encode())[1:]]


@pytest.mark.parametrize(
    "content",
    [
        b"def f(:\n",
        b"def f(): pass\n\0",
        b"# coding: nonsense\ndef f(): pass",
        b"def f(): return '\xff'",
        b"x = " + b"(" * 5000,
        b"",
    ],
)
def test_of_a_file_that_cannot_be_parsed_the_module_is_known(content: bytes) -> None:
    assert definitions_in(content) == [Definition("module", "", 0, file_digest(content))]


def test_a_module_has_the_digest_of_its_file() -> None:
    assert definitions_in(b"x = 1\n")[0] == Definition("module", "", 0, file_digest(b"x = 1\n"))
    assert file_digest(b"x = 1\r\n") == file_digest(b"x = 1\n") != file_digest(b"x = 2\n")


def test_a_file_that_is_too_large_is_known_as_a_whole() -> None:
    assert len(definitions_in(b"def f(): pass\n", most_bytes=10)) == 1


def test_reading_warns_of_nothing() -> None:
    text = r"""
def f():
    x = "\d\N{DASH}\'" + '\8' + b"\w"
    return f"{x:\>3} \N{EM DASH} {x}" + rf"\d\" \{x} \{{ \N{x} \N{x:{x}}" + '''\p
''' + "\
"
"""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(definitions_in(text.encode())) == 2


def test_a_changed_escape_counts() -> None:
    assert digest(r"def f(): return '\n'", "f") != digest(r"def f(): return '\t'", "f")


@given(st.text(alphabet="'\"\\#\nfrb{}x \t()"))
def test_no_text_is_too_odd(text: str) -> None:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        definitions_in(text.encode())
    else:
        assert len(definitions_in("".join(["def g(): pass\n", text]).encode())) >= 2


def test_a_name_does_not_depend_on_the_version_of_python() -> None:
    assert name_on_any_version("f.<locals>.<listcomp>.<setcomp>.<lambda>") == "f.<locals>.<lambda>"
    assert name_on_any_version("f.<locals>.<genexpr>.<lambda>") == "f.<locals>.<genexpr>.<lambda>"
    assert name_on_any_version("A.f") == "A.f"


def test_importing_the_module_loads_nothing_more() -> None:
    program = (
        "import sys; import ssot_probe.model, typing; before = set(sys.modules)\n"
        "import ssot_probe.model.source_digest as it\n"
        "print(*sorted(set(sys.modules) - before - {it.__name__}))"
    )
    path = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": path, "SSOT_PROBE": ""},
    )
    assert done.stdout.split() == []
