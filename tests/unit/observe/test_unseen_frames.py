"""The probe's frames do not show: not in the lines that warnings and logs name, and not in tracebacks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.children import run_both

POLICY = """
    packages = ["shop", "main"]
    [[concept]]
    name = "manager"
    classes = ["*Manager"]
"""

SHOP = """
    import logging, warnings

    class Manager:
        def __init__(self, tell=None):
            if tell is not None:
                tell()

        def work(self, tell):
            tell()

    class OwnNewManager:
        def __new__(cls, tell):
            tell()
            return object.__new__(cls)

    def make_manager(tell):
        tell()
        return Manager()

    async def make_manager_later(tell):
        tell()
        return Manager()

    def warn():
        warnings.warn("old", DeprecationWarning, stacklevel=3)

    def log():
        logging.warning("old", stacklevel=3)

    def fail():
        raise ValueError("no")
"""

WAYS = {
    "constructor": "shop.Manager(tell)",
    "own __new__": "shop.OwnNewManager(tell)",
    "factory": "shop.make_manager(tell)",
    "method": "shop.Manager().work(tell)",
    "coroutine": "asyncio.run(shop.make_manager_later(tell))",
}


def said(directory: Path, call: str, program: str) -> str:
    """Run the program both ways, which must say the same, and return what it said."""
    files = {"shop.py": SHOP}
    done, _ = run_both(directory, program=program.replace("CALL", call), files=files, policy=POLICY)
    return done.stdout


@pytest.mark.parametrize("call", WAYS.values(), ids=WAYS)
def test_a_warning_names_the_line_that_called(tmp_path: Path, call: str) -> None:
    program = """
        import asyncio, os, shop, warnings
        warnings.simplefilter("always")
        tell = shop.warn
        with warnings.catch_warnings(record=True) as caught:
            CALL
        print(os.path.basename(caught[0].filename), caught[0].lineno)
    """
    expected = "main.py 6\n" if "asyncio" not in call else "events.py"
    assert said(tmp_path, call, program).startswith(expected)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="logging counts importlib's frames there")
@pytest.mark.parametrize("call", WAYS.values(), ids=WAYS)
def test_a_log_names_the_line_that_called(tmp_path: Path, call: str) -> None:
    program = """
        import asyncio, logging, shop, sys
        logging.basicConfig(format="%(filename)s %(lineno)s", stream=sys.stdout)
        tell = shop.log
        CALL
    """
    expected = "main.py 5\n" if "asyncio" not in call else "events.py"
    assert said(tmp_path, call, program).startswith(expected)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="raising again adds the frame again there")
@pytest.mark.parametrize("call", WAYS.values(), ids=WAYS)
def test_a_traceback_is_the_same_line_by_line(tmp_path: Path, call: str) -> None:
    program = """
        import asyncio, shop, traceback
        tell = shop.fail
        for _ in range(2):
            try:
                CALL
            except ValueError as error:
                print("".join(traceback.format_exception(error)))
    """
    assert "ValueError: no" in said(tmp_path, call, program)


def test_what_stops_the_program_passes_through_unchanged(tmp_path: Path) -> None:
    program = """
        import shop
        def leave():
            raise SystemExit(0)
        shop.make_manager(leave)
    """
    assert said(tmp_path, "", program) == ""
