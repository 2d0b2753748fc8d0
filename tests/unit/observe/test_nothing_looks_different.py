"""What tools and libraries see of classes, functions and instances: the same as without the probe."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.children import Run, copy_program, run, run_both

WRAPT = tuple(int(part) for part in version("wrapt").split(".")[:2])
CLASS_QUESTIONS = (
    *("is", "types", "same", "attributes", "signature", "hints", "doc", "name", "members", "no_arguments"),
    *("too_many", "unknown", "instance", "pickled", "class_pickled", "copied", "deep", "subclass"),
)

MAKER_QUESTIONS = (
    *("repr", "signature", "hints", "coroutine", "kinds", "names", "defaults", "code", "source", "line"),
    *("file", "pickled", "pickled is equal", "oldest pickle", "copied", "deep", "deep in a list", "equal"),
    *("weak", "partial", "wrong arguments", "unknown argument", "isinstance", "bool", "self"),
)

KNOWN = {
    # `object.__new__` looks for abstract methods before it looks at the arguments that it was given.
    ("AbstractKeeper", "too_many"),
    ("AbstractKeeper", "unknown"),
}


class Seen(NamedTuple):
    """What a program said with the probe and without it."""

    observed: dict[str, Any]
    plain: dict[str, Any]
    directory: Path


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_program("zoo", tmp_path_factory.mktemp("program"))


@pytest.fixture(scope="module")
def classes(directory: Path) -> Seen:
    return said_with_and_without(directory, "visit.py")


@pytest.fixture(scope="module")
def makers(directory: Path) -> Seen:
    return said_with_and_without(directory, "same.py", "observed.pickle")


def said_with_and_without(directory: Path, *command: str) -> Seen:
    observed, plain = (run(directory, *command, probe=probe).checked() for probe in (True, False))
    return Seen(json.loads(observed.stdout), json.loads(plain.stdout), directory)


@pytest.mark.parametrize("question", CLASS_QUESTIONS)
def test_a_class_answers_as_without_the_probe(classes: Seen, question: str) -> None:
    different = {
        name: (classes.observed[name][question], answers[question])
        for name, answers in classes.plain.items()
        if classes.observed[name][question] != answers[question] and (name, question) not in KNOWN
    }
    assert different == {}


@pytest.mark.parametrize("question", MAKER_QUESTIONS)
def test_a_maker_answers_as_without_the_probe(makers: Seen, question: str) -> None:
    if question == "unknown argument" and WRAPT < (1, 17):
        pytest.xfail("wrapt before 1.17 words the error of an unbound call without its instance itself")
    different = {
        name: (makers.observed[name][question], answers[question])
        for name, answers in makers.plain.items()
        if isinstance(answers, dict) and makers.observed[name][question] != answers[question]
    }
    assert different == {}


def test_whatever_else_was_asked_is_answered_as_without_the_probe(makers: Seen) -> None:
    answers = [
        {name: answer for name, answer in said.items() if not isinstance(answer, dict)}
        for said in (makers.observed, makers.plain)
    ]
    assert answers[0] == answers[1]
    assert answers[0]["dies"]


def test_every_question_is_asked(classes: Seen, makers: Seen) -> None:
    assert set(classes.plain["OwnKeeper"]) - {"is_function"} == set(CLASS_QUESTIONS)
    assert set(makers.plain["function"]) == set(MAKER_QUESTIONS)


def test_what_was_pickled_under_the_probe_is_read_without_it(makers: Seen) -> None:
    done = run(makers.directory, "unpickle.py", "observed.pickle", probe=False).checked()
    kinds, loaded = done.stdout.splitlines()
    assert "ObservedFunction" not in kinds
    assert "ObservedBoundMethod" not in kinds
    assert loaded == "[]"


def test_a_copy_of_an_object_that_holds_its_own_method_holds_the_method_of_the_copy(tmp_path: Path) -> None:
    program = """
        import copy

        class BoxManager:
            def __init__(self):
                self.callback = self.create_manager
                self.name = "original"

            def create_manager(self):
                return self

        box = BoxManager()
        copied = copy.deepcopy(box)
        print(copied.callback.__self__ is copied, copied.callback() is copied)
    """
    done, _ = run_both(tmp_path, program=program)
    assert done.stdout == "True True\n"


WEAK_METHOD = """
import weakref

class BoxManager:
    def create_manager(self):
        return BoxManager()

box = BoxManager()
method = weakref.WeakMethod(box.create_manager)
print(type(method()()).__name__)
"""


def test_a_weak_reference_to_a_method_leads_back_to_it(tmp_path: Path) -> None:
    run_both(tmp_path, program=WEAK_METHOD)


def test_wrong_arguments_for_a_coroutine_are_an_error_of_the_call(tmp_path: Path) -> None:
    program = """
        import asyncio

        class BoxManager: ...

        async def make_manager(user_id):
            return BoxManager()

        async def main():
            try:
                coroutine = make_manager()
            except TypeError as error:
                print("called:", error)
            else:
                coroutine.close()

        asyncio.run(main())
    """
    run_both(tmp_path, program=program)


def test_a_traceback_through_a_constructor_ends_as_without_the_probe(tmp_path: Path) -> None:
    program = """
        import traceback

        class BoxManager:
            def __init__(self, size):
                raise ValueError(size)

        try:
            BoxManager(3)
        except ValueError as error:
            frames = traceback.extract_tb(error.__traceback__)
            print(repr(error), frames[0].name, frames[-1].name, frames[-1].lineno, error.__context__)
    """
    done, _ = run_both(tmp_path, program=program)
    assert done.stdout == "ValueError(3) <module> __init__ 6 None\n"


def test_run_time_stays_free_of_warnings(directory: Path) -> None:
    done: Run = run(directory, "call.py", options=["-W", "error"])
    assert (done.code, done.stdout, done.stderr) == (0, "", "")
