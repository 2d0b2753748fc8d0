"""Which calls bring generators that begin where they are made."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from types import CodeType
from typing import Any

import pytest

from ssot_probe.observe.direct_iterations import is_iterated_at_once

places: list[tuple[CodeType, int]] = []


def numbers() -> Iterator[int]:
    note()
    return iter((1, 2))


def later() -> AsyncIterator[int]:
    note()

    async def stepped() -> AsyncIterator[int]:
        yield 1

    return stepped()


def note() -> None:
    frame = sys._getframe(2)
    places.append((frame.f_code, frame.f_lasti))


def is_stepped(program: str) -> bool:
    """Run the body of an async function that makes one generator."""
    namespace: dict[str, Any] = {"numbers": numbers, "later": later, "kept": []}
    exec("async def program():\n" + "".join(f"    {line}\n" for line in program.splitlines()), namespace)
    places.clear()
    asyncio.run(namespace["program"]())
    (place,) = places
    return is_iterated_at_once(*place)


@pytest.mark.parametrize(
    "program",
    [
        "for each in numbers():\n    pass",
        "def inner():\n    yield from numbers()\nlist(inner())",
        "async for each in later():\n    pass",
        "return [each async for each in later()]",
        "return {each: each async for each in later() if each}",
        "for each in numbers(\n):\n    kept.append(each)",
    ],
)
def test_a_loop_over_a_call_steps_what_it_brings(program: str) -> None:
    assert is_stepped(program)


@pytest.mark.parametrize(
    "program",
    [
        "kept.append(numbers())",
        "made = numbers()\nfor each in made:\n    pass",
        "kept.append(each for each in numbers())",
        "kept.append(each async for each in later())",
        "return list(numbers())",
        "return numbers()",
        "async for each in (number async for number in later()):\n    pass",
    ],
)
def test_what_is_passed_on_or_kept_may_begin_at_any_time(program: str) -> None:
    assert not is_stepped(program)
