from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.inventory.trees import scan

from ssot_probe.inventory.facts import Facts, from_json, to_json
from ssot_probe.inventory.source import MOST_BYTES, read_source
from ssot_probe.model.records import ModuleRecord

READABLE = {
    "nothing": b"",
    "a comment": b"# nothing",
    "a byte order mark": b"\xef\xbb\xbfimport a\n",
    "a cookie": "# -*- coding: latin-1 -*-\nimport a\nx = 'é'\n".encode("latin-1"),
    "carriage returns": b"import a\r\nx = 1\r\n",
    "form feeds": b"\x0cimport a\n",
    "an odd escape": b"import a\nx = '\\d'\n",
    "a statement that never runs": b"return\nimport a\n",
}


@pytest.mark.parametrize("content", READABLE.values(), ids=READABLE)
def test_files_are_read_as_the_interpreter_reads_them(content: bytes) -> None:
    facts = read_source(content)
    assert not facts.unreadable
    assert [found.module for found in facts.imports] == (["a"] if b"import" in content else [])


UNREADABLE = {
    "a syntax error": (b"x = 1\n\ndef (:\n", "cannot be parsed: line 3: "),
    "Python 2": (b"import a\nprint 'x'\n", "cannot be parsed: line 2: Missing parentheses"),
    "a null byte": (b"import a\nx = '\0'\n", "cannot be parsed: line 2: holds a null byte"),
    "another encoding than it says": (b"x = 'caf\xe9'\n", "cannot be parsed: "),
    "an unknown encoding": (b"# coding: klingon\n", "cannot be parsed: "),
    "binary data": (b"\xff\xfe\x01\x02", "cannot be parsed: "),
    "an indentation that does not fit": (b"def f():\n  a\n b\n", "cannot be parsed: line 3: "),
    "parentheses": (b"(" * 100_000 + b")" * 100_000, "cannot be parsed: "),
    "minus signs": (b"-" * 100_000 + b"1", "cannot be parsed: "),
    "too much": (b"#" * (MOST_BYTES + 1), "larger than 4 MiB"),
}


@pytest.mark.parametrize(("content", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_says_why(content: bytes, reason: str) -> None:
    assert read_source(content).unreadable.startswith(reason)


DEEP = {
    "a sum": b"x = " + b" + ".join([b"a"] * 50_000) + b"\n",
    "attributes": b"x = a" + b".b" * 50_000 + b"\n",
    "calls": b"x = a" + b"()" * 50_000 + b"\n",
    "else ifs": b"if a:\n  pass\n" + b"elif a:\n  import b\n" * 5_000,
    "functions in functions": b"".join(b" " * i + b"def f():\n" for i in range(99))
    + b" " * 99
    + b"import a\n",
}


@pytest.mark.parametrize("content", DEEP.values(), ids=DEEP)
def test_deep_nesting_is_read_or_said_to_be_too_deep(content: bytes) -> None:
    facts = read_source(content)
    assert facts == Facts(unreadable=facts.unreadable) or not facts.unreadable
    assert from_json(to_json(facts)) == facts


def test_what_cannot_be_read_is_listed_and_the_rest_read(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "from .bad import X\nfrom .good import Y\n",
        "pkg/bad.py": "class X(:\n",
        "pkg/good.py": "class Y: ...\n",
    }
    scanned = scan(tmp_path, files)
    assert scanned.unread == {"pkg/bad.py": scanned.unread["pkg/bad.py"]}
    assert {record.module for record in scanned.of(ModuleRecord)} == {"pkg", "pkg.good"}
    assert scanned.bindings == {("pkg.Y", "pkg.good:Y"), ("pkg.good.Y", "pkg.good:Y")}


def test_nothing_of_the_tree_is_ever_imported(tmp_path: Path) -> None:
    files = {
        "evil_module.py": "open('touched', 'w')\nraise SystemExit\n",
        "sitecustomize.py": "raise SystemExit\n",
    }
    before = set(sys.modules)
    scan(tmp_path, files)
    assert not {name for name in set(sys.modules) - before if "evil" in name}
    assert not (tmp_path / "touched").exists()


@given(st.binary(max_size=200))
def test_any_bytes_give_facts_or_a_reason(content: bytes) -> None:
    facts = read_source(content)
    assert from_json(to_json(facts)) == facts


WORDS = [
    "class A(B, metaclass=C): ...",
    "def f() -> A | None: return A()",
    "import a.b as c",
    "from . import *",
]
WORDS += ["x: A = B()", "__all__ = [*a.__all__, 'b']", "async def g(): yield 1", "X = Y = Z.w", "global q"]
WORDS += [
    "try: import a\nexcept ImportError: a = None",
    "if x: del A",
    "with a as (b, *c): pass",
    "lambda x: x()",
]
WORDS += [
    "[A() for A in b if (c := A)]",
    "match x:\n  case [a, *b] if A(): pass",
    "return A()",
    "importlib.x('')",
]


@given(st.lists(st.sampled_from(WORDS), max_size=8), st.sampled_from(["", "class K:", "def f(self, a=A()):"]))
def test_statements_in_any_order_give_facts_that_survive_json(lines: list[str], around: str) -> None:
    program = "\n".join(lines) or "pass"
    if around:
        program = f"{around}\n" + "\n".join(f" {line}" for line in program.splitlines())
    facts = read_source(program.encode())
    assert from_json(to_json(facts)) == facts


@pytest.mark.parametrize("text", ["", "{}", "[]", "[1]", "null", "[" * 100_000, '["a", 1]'])
def test_what_are_no_facts_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        from_json(text)
