"""Reading a call back from its instruction: what is called, and whether it imports."""

from __future__ import annotations

import ast
import dis
import inspect
import pickle
import sys
from collections.abc import Iterator
from types import CodeType

import pytest

from ssot_probe.observe.import_sites import call_at, import_by_call

CALLEES = {
    "__import__('x')": "__import__",
    "__import__('x', fromlist=['L'])": "__import__",
    "pickle.loads(b'x')": "loads",
    "a.b.loads(x.y, *[1])": "loads",
    "self.importer(used)": "importer",
    "f(a + b, c[d], k=1)": "f",
    "getattr(a, 'b')(c)": "",
    "getattr(m, 'x', None)": "getattr",
    "f(*a, **k)": "f",
    "f(**k)": "f",
    "f()": "f",
    "a.f()": "f",
    "f(g(x), h(y=2))": "f",
    "f(lambda: 1)": "f",
    "pickle.dumps(X(1).y, protocol=2)": "dumps",
    "f(f'{a}{b!r}')": "f",
    "f({'a': 1}, (1, b))": "f",
    "(lambda: 1)()": "",
}


@pytest.mark.parametrize("text", CALLEES)
def test_a_call_names_what_it_calls(text: str) -> None:
    code = next(
        found
        for found in codes(compile(f"def go(a=1):\n    return {text}\n", "t", "exec"))
        if found.co_name == "go"
    )
    found = call_at(code, offsets_of_calls(code)[-1])
    assert found is not None
    assert found.callee == CALLEES[text]


@pytest.mark.parametrize(
    ("text", "is_in_loop"),
    [
        ("for name in dir(m):\n    getattr(m, name)", True),
        ("for key, module in found.items():\n    getattr(module, 'x')", True),
        ("for name in dir(m):\n    pass\ngetattr(m, 'x')", False),
        ("getattr(m, name)", False),
    ],
)
def test_a_call_in_a_loop_is_given_its_variable(text: str, is_in_loop: bool) -> None:
    code = compile(text, "t", "exec")
    calls = [call_at(code, offset) for offset in offsets_of_calls(code)]
    assert [call.is_in_loop for call in calls if call is not None and call.callee == "getattr"] == [
        is_in_loop
    ]


def test_a_call_that_imports_tells_the_module_as_written() -> None:
    code = compile("__import__('some.module')", "t", "exec")
    found = import_by_call(code, offsets_of_calls(code)[-1])
    assert found is not None
    assert (found.callee, found.written, found.fetches, found.is_certain) == (
        "__import__",
        "some.module",
        False,
        True,
    )


@pytest.mark.parametrize(
    "text", ["hasattr(m, 'x')", "getattr(m, 'x')", "isinstance(m, int)", "m.x", "repr(m)"]
)
def test_looking_for_an_attribute_is_no_import(text: str) -> None:
    code = compile(text, "t", "exec")
    assert [import_by_call(code, found.offset) for found in dis.get_instructions(code)].count(None) == len(
        list(dis.get_instructions(code))
    )


@pytest.mark.parametrize(
    ("text", "unpickles"),
    [
        ("pickle.load(file)", True),
        ("loads(text)", True),
        ("loader.load(name)", False),
        ("super.find_class(module, name)", True),
    ],
)
def test_a_call_of_pickle_is_told_by_its_name(text: str, unpickles: bool) -> None:
    code = compile(text, "t", "exec")
    found = import_by_call(code, offsets_of_calls(code)[-1])
    assert found is not None
    assert found.unpickles == unpickles
    assert found.is_certain == (unpickles or sys.version_info >= (3, 12))


@pytest.mark.parametrize("module", [ast, dis, inspect, pickle])
def test_any_instruction_can_be_asked_about(module: object) -> None:
    text = inspect.getsource(module)  # type: ignore[arg-type]
    for code in codes(compile(text, "t", "exec")):
        for offset in offsets_of_calls(code)[:20]:
            import_by_call(code, offset)
            assert call_at(code, offset) is not None
        assert call_at(code, -1) is None


def codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and all that are defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def offsets_of_calls(code: CodeType) -> list[int]:
    """Return where calls are made."""
    return [
        found.offset
        for found in dis.get_instructions(code)
        if found.opname.startswith("CALL") and not found.opname.startswith("CALL_INTRINSIC")
    ]
