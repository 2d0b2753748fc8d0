from __future__ import annotations

from pathlib import Path

import pytest
from unit.inventory.trees import scan

from ssot_probe.model.records import MakeRecord

CLASSES = {"lib.py": "class Manager: ...\nclass Other: ...\n"}
HEAD = "from lib import Manager\nimport lib, typing\nfrom typing import *\n"

MAKING = [
    "def make() -> Manager: ...",
    "def make() -> 'Manager': ...",
    "def make() -> lib.Manager: ...",
    "def make() -> Optional[Manager]: ...",
    "def make() -> typing.Optional['Manager']: ...",
    "def make() -> Manager | None: ...",
    "def make() -> 'None | Manager': ...",
    "def make() -> Union[None, Manager]: ...",
    "def make() -> Awaitable[Manager]: ...",
    "def make() -> Coroutine[Any, Any, Manager]: ...",
    "def make() -> AsyncIterator[Manager]: ...",
    "def make() -> Generator[Manager, None, None]: ...",
    "def make() -> Annotated[Manager, 1]: ...",
    "def make(): return Manager()",
    "def make(): return lib.Manager(1)",
    "def make():\n    m = Manager()\n    m.x = 1\n    return m",
    "def make():\n    m = None\n    if m is None:\n        m = Manager()\n    return m",
    "def make():\n    m = cache[1] = Manager()\n    return m",
    "def make():\n    with lock:\n        return (m := Manager())",
    "def make(m=None):\n    return m or Manager()",
    "def make(m=None):\n    return Manager() if m is None else m",
    "def make():\n    from lib import Manager as M\n    return M()",
    "_m = Manager()\ndef make(): return _m",
    "_m = None\ndef make():\n    global _m\n    if _m is None:\n        _m = Manager()\n    return _m",
    "_m: Optional[Manager] = None\ndef make(): return _m",
    "_m = None\n_m = _m or Manager()\ndef make():\n    m = _m\n    return m",
    "def inner(): return Manager()\ndef make(): return inner()",
    "make2 = Manager\ndef make(): return make2()",
]
SILENT = [
    "def make(): return Manager",
    "def make() -> type[Manager]: ...",
    "def make() -> Type[Manager]: ...",
    "def make() -> list[Manager]: ...",
    "def make() -> Dict[str, Manager]: ...",
    "def make() -> Callable[[], Manager]: ...",
    "def make() -> None:\n    Manager()",
    "def make(Manager): return Manager()",
    "def make():\n    def inner(): return Manager()\n    return 1",
    "def make():\n    Manager = print\n    return Manager()",
    "def make():\n    return lambda: Manager()",
    "def make() -> 'not valid (': ...",
    "def make(): return make()",
]


@pytest.mark.parametrize("program", MAKING)
def test_a_function_that_returns_an_instance_is_a_maker(tmp_path: Path, program: str) -> None:
    made = scan(tmp_path, {**CLASSES, "m.py": HEAD + program}).makers
    assert ("m:make", "function", "lib:Manager") in made
    assert {maker for maker, _, _ in made} <= {"m:make", "m:inner"}


@pytest.mark.parametrize("program", SILENT)
def test_a_function_that_only_mentions_a_class_is_none(tmp_path: Path, program: str) -> None:
    assert not scan(tmp_path, {**CLASSES, "m.py": HEAD + program}).makers


def test_methods_and_coroutines_say_what_they_are(tmp_path: Path) -> None:
    program = """
        from __future__ import annotations
        from typing import Self
        class Manager:
            @classmethod
            def of(cls): return cls()
            @classmethod
            def new(cls) -> Self: ...
            def clone(self): return type(self)()
            def copy(self): return self.__class__(1)
            def fluent(self) -> Self: return self
            @staticmethod
            def shared() -> Manager: ...
            async def later(self) -> Manager: ...
            async def each(self) -> AsyncIterator[Manager]:
                yield 1
            def __init__(self) -> Manager: ...
            class Inner:
                def outer(self) -> Manager: ...
        async def make():
            return Manager.of()
    """
    makers = {(name, kind) for name, kind, _ in scan(tmp_path, {"m.py": program}).makers}
    assert makers == {
        *(("m:Manager.of", "method"), ("m:Manager.new", "method"), ("m:Manager.clone", "method")),
        *(("m:Manager.copy", "method"), ("m:Manager.shared", "method"), ("m:Manager.later", "coroutine")),
        *(("m:Manager.each", "generator"), ("m:Manager.Inner.outer", "method"), ("m:make", "coroutine")),
    }


def test_what_a_generator_yields_is_handed_out(tmp_path: Path) -> None:
    program = """
        from contextlib import contextmanager
        class Manager: pass
        @contextmanager
        def opened():
            manager = Manager()
            yield manager
        def numbers():
            yield 1
    """
    assert {(name, kind) for name, kind, _ in scan(tmp_path, {"m.py": program}).makers} == {
        ("m:opened", "generator")
    }


def test_a_record_of_a_maker_says_where_it_is_defined(tmp_path: Path) -> None:
    program = "from lib import Manager\n\n@cache\ndef make() -> Manager: ...\n"
    (record,) = scan(tmp_path, {**CLASSES, "m.py": program}).of(MakeRecord)
    assert (record.definition.file, record.definition.line) == ("m.py", 3)
    assert record.site == ("", 0, "", "")
    assert (record.outcome, record.serial, record.count, record.unattributed) == ("declared", 0, 1, 0)


def test_every_call_of_a_class_is_listed_with_its_place(tmp_path: Path) -> None:
    program = """\
        from lib import Manager as M
        import lib
        a = M()
        def f(x=lib.Manager()):
            return [M(i) for i in x], {"k": lib.Other()}, M.create(), M
        class C:
            m = M()
        M
    """
    scanned = scan(tmp_path, {**CLASSES, "m.py": program})
    assert scanned.constructions == [
        *[("lib:Manager", "m.py", 3), ("lib:Manager", "m.py", 4), ("lib:Manager", "m.py", 5)],
        *[("lib:Other", "m.py", 5), ("lib:Manager", "m.py", 7)],
    ]
    constructed = [record for record in scanned.of(MakeRecord) if record.kind == "constructor"]
    assert [record.site.function for record in constructed] == ["<module>", "<module>", "f", "f", "C"]
    assert (constructed[0].maker, constructed[0].definition.line) == ("lib:Manager", 1)


def test_what_a_function_hands_out_is_known_through_functions_that_pass_it_on(tmp_path: Path) -> None:
    program = """
        from lib import Manager
        def a(): return b()
        def b(): return c() if x else a()
        def c(): return d()
        async def d(): return await e()
        async def e(): return Manager()
    """
    makers = {name for name, _, _ in scan(tmp_path, {**CLASSES, "m.py": program}).makers}
    assert makers == {"m:a", "m:b", "m:c", "m:d", "m:e"}


def test_an_annotation_that_only_type_checkers_can_resolve_counts(tmp_path: Path) -> None:
    program = """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from lib import Manager
        def make() -> "Manager": ...
    """
    assert scan(tmp_path, {**CLASSES, "m.py": program}).makers == {("m:make", "function", "lib:Manager")}
