"""Generators that are observed behave as they do without the probe, whatever is done to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.children import run_both

from ssot_probe.model.records import BlindRecord, MakeRecord

MAKERS = """
import contextlib

class BoxManager:
    pass

def get_managers(limit):
    log = []
    count = 0
    while count < limit:
        try:
            sent = yield BoxManager()
            log.append(("sent", sent))
        except KeyError as error:
            log.append(("caught", repr(error), repr(error.__context__), len(frames(error))))
        except GeneratorExit:
            log.append("closed")
            if limit == 99:
                yield BoxManager()  # ignores that it was closed
            raise
        count += 1
    if limit == 7:
        raise ValueError("seven")
    if limit == 8:
        raise StopIteration("eight")
    return log

def frames(error):
    found, frame = [], error.__traceback__
    while frame is not None:
        found.append(frame.tb_frame.f_code.co_name)
        frame = frame.tb_next
    return found

async def get_managers_soon(limit):
    for count in range(limit):
        try:
            sent = yield BoxManager()
            print("sent", sent)
        except KeyError as error:
            print("caught", repr(error), repr(error.__context__))
        finally:
            await pause()
    if limit == 7:
        raise ValueError("seven")

async def pause():
    import asyncio
    await asyncio.sleep(0)

@contextlib.contextmanager
def open_manager(swallow=False):
    manager = BoxManager()
    try:
        yield manager
    except KeyError as error:
        print("in the manager", repr(error), repr(error.__context__))
        if not swallow:
            raise
    finally:
        print("closed")
"""

SYNCHRONOUS = """
import gc, inspect, sys, types, weakref
from makers import *

def show(call, *arguments):
    try:
        value = call(*arguments)
        print(type(value).__name__, value if not isinstance(value, BoxManager) else "")
    except BaseException as error:
        # What is thrown into a generator that has not begun shows where the one around it begins.
        names = frames(error) if "early" not in str(error) else []
        if sys.version_info < (3, 11):
            names = [name for name in names if not name.startswith("ssot_probe")]
        cause, context = type(error.__cause__).__name__, type(error.__context__).__name__
        print(type(error).__name__, error, getattr(error, "value", ""), cause, context, names)

generator = get_managers(3)
print(inspect.isgenerator(generator), type(generator) is types.GeneratorType)
print(inspect.isgeneratorfunction(get_managers))
print(generator.__name__, generator.__qualname__, inspect.getgeneratorstate(generator))
show(generator.send, 5)
show(next, generator)
print(inspect.getgeneratorstate(generator), generator.gi_running)
show(generator.send, "a")
show(generator.throw, KeyError("b"))
show(generator.send, "c")
show(next, generator)

for limit in (0, 1, 7, 8):
    generator = get_managers(limit)
    for _ in range(limit + 2):
        show(next, generator)

generator = get_managers(3)
show(generator.throw, KeyError("early"))
show(next, generator)

generator = get_managers(3)
show(generator.close)
show(next, generator)

generator = get_managers(99)
next(generator)
show(generator.close)

generator = get_managers(3)
next(generator)
show(generator.close)
show(generator.close)

generator = get_managers(3)
next(generator)
show(generator.throw, ZeroDivisionError("through"))
show(next, generator)

def outer():
    got = yield from get_managers(1)
    print("result", got)
show(len, list(outer()))

def handling():
    generator = get_managers(2)
    next(generator)
    try:
        raise LookupError("around")
    except LookupError:
        show(generator.throw, KeyError("inside"))
handling()

# what is yielded is not kept alive, and the generator itself goes as soon as nobody holds it
generator = get_managers(3)
kept = weakref.ref(next(generator))
print(kept() is None)
generator = None

with open_manager() as manager:
    print(type(manager).__name__)
try:
    with open_manager() as manager:
        raise KeyError("x")
except KeyError as error:
    print(repr(error), repr(error.__context__), frames(error)[:1])
with open_manager(swallow=True):
    raise KeyError("y")
try:
    with open_manager():
        raise StopIteration("z")
except StopIteration as error:
    print(repr(error), repr(error.__context__))

@open_manager()
def decorated():
    return 5
print(decorated(), decorated())
show(get_managers)
show(open_manager, 1, 2, 3)
"""

ASYNCHRONOUS = """
import asyncio, inspect, types
from makers import *

async def show(awaitable):
    try:
        value = await awaitable
        print(type(value).__name__)
    except BaseException as error:
        print(type(error).__name__, error, type(error.__cause__).__name__, type(error.__context__).__name__)

async def main():
    generator = get_managers_soon(3)
    print(inspect.isasyncgen(generator), type(generator) is types.AsyncGeneratorType)
    print(inspect.isasyncgenfunction(get_managers_soon), generator.__name__, generator.__qualname__)
    await show(generator.asend(None))
    await show(generator.asend("a"))
    await show(generator.athrow(KeyError("b")))
    await show(generator.__anext__())
    await show(generator.__anext__())
    generator = get_managers_soon(7)
    async for manager in generator:
        pass

async def closing():
    generator = get_managers_soon(3)
    await show(generator.__anext__())
    await show(generator.aclose())
    await show(generator.__anext__())
    generator = get_managers_soon(3)
    await show(generator.asend(1))
    await show(generator.aclose())
    generator = get_managers_soon(3)
    await show(generator.__anext__())
    await show(generator.athrow(ZeroDivisionError("through")))

async def leaving_open():
    global left
    left = get_managers_soon(5)
    async for manager in left:
        break
    async for manager in get_managers_soon(5):
        break
    await asyncio.sleep(0)

async def cancelled():
    async def work():
        async for manager in get_managers_soon(1000):
            await asyncio.sleep(10)
    task = asyncio.ensure_future(work())
    await asyncio.sleep(0.01)
    task.cancel()
    await show(task)

for program in (main, closing, leaving_open, cancelled):
    try:
        asyncio.run(program())
    except ValueError as error:
        print(repr(error))
"""


@pytest.mark.parametrize(
    ("program", "least"), [(SYNCHRONOUS, 20), (ASYNCHRONOUS, 15)], ids=["generators", "async generators"]
)
def test_an_observed_generator_does_what_it_does_without_the_probe(
    tmp_path: Path, program: str, least: int
) -> None:
    observed, _ = run_both(tmp_path, files={"makers.py": MAKERS}, program=program)
    assert observed.code == 0, observed.stderr
    handed_out = [record for record in observed.of(MakeRecord) if record.kind == "generator"]
    assert sum(record.count for record in handed_out) >= least
    assert not [record for record in observed.of(BlindRecord) if record.subject.startswith("makers:")]


DRIVEN = """
import random, sys
from makers import *

for seed in range(300):
    chance = random.Random(seed)
    generator = get_managers(chance.choice([0, 1, 2, 5, 7, 8, 99]))
    for _ in range(8):
        do = chance.choice(["next", "send", "key", "zero", "exit", "close"])
        try:
            if do == "next":
                value = next(generator)
            elif do == "send":
                value = generator.send(chance.random())
            elif do == "close":
                value = generator.close()
            else:
                error = {"key": KeyError(seed), "zero": ZeroDivisionError(seed), "exit": GeneratorExit()}[do]
                value = generator.throw(error)
            print(seed, do, type(value).__name__)
        except BaseException as error:
            value = getattr(error, "value", "")
            print(seed, do, type(error).__name__, error, value if not isinstance(value, list) else len(value))
"""


def test_a_generator_that_is_driven_at_random_answers_as_without_the_probe(tmp_path: Path) -> None:
    run_both(tmp_path, files={"makers.py": MAKERS}, program=DRIVEN)
