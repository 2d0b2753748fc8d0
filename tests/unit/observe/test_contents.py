"""What a module or class holds, sorted: classes, its own functions, and what may be an instance."""

from __future__ import annotations

import gc
from types import ModuleType
from typing import Any

from ssot_probe.observe.contents import Contents

TEXT = """
import collections, functools
from os.path import join

LIMIT = 7
NAMES = ["a"]
text = "b"

class Box:
    size = 1

    def __init__(self):
        self.full = False

    def open(self):
        return self

    @classmethod
    def make(cls):
        return cls()

    @staticmethod
    def shared():
        return box

    @property
    def state(self):
        return 1

    class Lid:
        pass

box = Box()

@functools.lru_cache
def get_box():
    return box

def _make():
    return Box()

def __getattr__(name):
    raise AttributeError(name)
"""


def module_of(text: str) -> Any:
    module = ModuleType("app")
    exec(text, vars(module))
    return module


def test_a_module_s_contents() -> None:
    app = module_of(TEXT)
    contents = Contents(app, "app")
    assert contents.classes == [("Box", app.Box)]
    assert [(name, function.__name__) for name, _, function in contents.functions] == [
        ("get_box", "get_box"),
        ("_make", "_make"),
    ]
    assert contents.functions[0][1] is app.get_box  # as it is stored, with its cache
    assert ("box", app.box) in contents.others
    assert not {"LIMIT", "NAMES", "text", "join", "collections"} & {name for name, _ in contents.others}


def test_a_class_s_contents() -> None:
    app = module_of(TEXT)
    contents = Contents(app.Box, "app")
    assert contents.classes == [("Lid", app.Box.Lid)]
    assert [name for name, _, _ in contents.functions] == ["open", "make", "shared"]


def test_functions_of_other_modules_are_not_its_own() -> None:
    app = module_of("def get_box(): ...")
    other = ModuleType("other")
    vars(other)["get_box"] = app.get_box
    assert Contents(other, "other").functions == []


def test_looking_gives_no_function_a_dictionary() -> None:
    app = module_of("def get_box(): ...\nget_cached = get_box")
    before = len(gc.get_referents(app.get_box))
    Contents(app, "app")
    assert len(gc.get_referents(app.get_box)) == before


def test_objects_that_answer_to_everything_are_not_asked() -> None:
    class Lazy:
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(name)

    app = module_of("")
    lazy = Lazy()
    vars(app)["lazy"] = lazy
    assert [value is lazy for name, value in Contents(app, "app").others if name == "lazy"] == [True]
