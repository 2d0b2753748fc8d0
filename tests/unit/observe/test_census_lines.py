from __future__ import annotations

import sys
from typing import Any

import pytest

from ssot_probe.observe.census import line_of


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="3.13 stores the line of a class statement itself")
def test_code_that_is_made_from_text_says_nothing_of_where_a_class_is() -> None:
    made: dict[str, Any] = {"__name__": __name__}
    exec("def header(self): ...", made)

    def method(self: object) -> None: ...

    cls = type("Made", (), {"__module__": __name__, "header": made["header"], "method": method})
    assert line_of(cls) == method.__code__.co_firstlineno
