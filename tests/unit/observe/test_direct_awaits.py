"""Whether a call is awaited at once is read from the instruction after it."""

from __future__ import annotations

import sys
from types import CodeType
from typing import Any

import pytest

from ssot_probe.observe.call_answers import CallAnswers
from ssot_probe.observe.direct_awaits import is_awaited_at_once


class Waiter:
    def __init__(self) -> None:
        self.answers: list[bool] = []

    async def wait(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe(1)
        self.answers.append(is_awaited_at_once(caller.f_code, caller.f_lasti))
        return self.wait()


def answers_of(body: str) -> list[bool]:
    names: dict[str, Any] = {"call": Waiter(), "keep": lambda one: one}
    exec("async def run(*args, **kwargs):\n" + "\n".join(f"    {line}" for line in body.split("\n")), names)
    coroutine = names["run"]()
    with pytest.raises(StopIteration):
        coroutine.send(None)
    answers: list[bool] = names["call"].answers
    return answers


@pytest.mark.parametrize(
    "body",
    [
        "await call()",
        "await call(1, x=2)",
        "await call(*args, **kwargs)",
        "one = await call()",
        "return await call()",
        "if (await call()) is None: pass",
        "for _ in range(2):\n    await call()",
    ],
)
def test_a_call_that_is_awaited_where_it_stands_is(body: str) -> None:
    assert set(answers_of(body)) == {True}


@pytest.mark.parametrize("body", ["one = call()\nawait one", "await keep(call())", "call().close()"])
def test_a_call_whose_result_goes_elsewhere_first_is_not(body: str) -> None:
    assert answers_of(body) == [False]


def test_what_was_found_out_is_remembered() -> None:
    awaits = CallAnswers(is_awaited_at_once)
    code: CodeType = test_what_was_found_out_is_remembered.__code__
    assert awaits.known((id(code), 0)) is None
    assert awaits.look(code, 0) == (code, False)
    assert awaits.known((id(code), 0)) == (code, False)


def test_any_offset_can_be_asked_about() -> None:
    code = is_awaited_at_once.__code__
    assert not any(is_awaited_at_once(code, offset) for offset in range(-1, len(code.co_code) + 4))
