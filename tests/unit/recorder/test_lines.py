"""The line of an instruction is the one that the interpreter itself would give."""

from __future__ import annotations

import inspect
import json.decoder
import textwrap
from types import CodeType

import pytest

from ssot_probe.recorder import lines
from ssot_probe.recorder.lines import LineReader


def codes_in(code: CodeType) -> list[CodeType]:
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return [code, *(each for one in inner for each in codes_in(one))]


CODES = [
    each
    for module in (inspect, json.decoder, textwrap)
    for each in codes_in(compile(inspect.getsource(module), module.__name__, "exec"))
]


def test_every_instruction_of_real_code_is_placed_where_the_interpreter_places_it() -> None:
    reader = LineReader()
    for code in CODES:
        for start, end, line in code.co_lines():
            for offset in range(start, end, 2):
                assert reader.at(code, offset) == (line or 0)


def test_an_offset_outside_of_the_code_has_no_line() -> None:
    code = compile("\n\nx = 1", "app.py", "exec")
    assert LineReader().at(code, -1) == 0


def test_a_bounded_number_of_tables_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_CODES", 5)
    reader = LineReader()
    for code in CODES[:50]:
        reader.at(code, 0)
        assert len(reader._tables) <= 5
