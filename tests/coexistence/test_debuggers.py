"""Debuggers and shells: they stop where they stop without the probe, and show what they show."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from coexistence.support.application import FILES
from coexistence.support.cases import Case, parameters, play
from coexistence.support.compare import STAGING, alone, assert_seen, beside
from coexistence.support.debugger import Debugger
from coexistence.support.environments import Environment
from coexistence.support.seen import seen
from coexistence.support.service import free_port
from support.children import environment_of_child, write_files


def steady(text: str) -> str:
    """Leave out addresses, and the frames of wrappers that a list of all frames shows."""
    text = re.sub(r"0x[0-9a-f]+", "ADDRESS", text)
    return re.sub(r"^ +<ssot_probe, .*\n", "", text, flags=re.MULTILINE)


def pdb(*commands: str, is_same: bool = True) -> Any:
    """Play the program under pdb, with these commands; it need not stop at the same places."""

    def in_this_way(directory: Path, environment: Environment) -> None:
        words = [word for command in commands for word in ("-c", command)]
        done, found = beside(
            directory,
            environment,
            *("-m", "pdb", *words, "main.py"),
            files=FILES,
            steady=steady if is_same else lambda text: text[text.find("[2, 2, 3") :],
        )
        assert "[2, 2, 3" in done.stdout
        expected = alone(environment.python)
        assert "(Pdb)" in done.stdout
        assert found.findings["SSOT301", "shop.manager:OrderManager"] == 1
        assert found.verdicts == expected.verdicts
        assert found.uses == expected.uses
        assert (found.lost, found.void) == ({}, [])

    return in_this_way


BREAKPOINT = {
    **FILES,
    "shop/old.py": FILES["shop/old.py"].replace(
        "            return 0\n", "            return 0\n            breakpoint()\n"
    ),
    ".pdbrc": "p orders\nc\n",
}


def at_breakpoint(directory: Path, environment: Environment) -> None:
    """Play a program that calls breakpoint() in a function that is watched.

    Since 3.12 what listens to the function may be called once more just then, and the debugger stops there.
    """

    def without_values(text: str) -> str:
        return text[text.find("[2, 2, 3") :] if sys.version_info >= (3, 12) else steady(text)

    done, found = beside(directory, environment, "main.py", files=BREAKPOINT, steady=without_values)
    assert done.stdout.count("['anna']") >= 1, done.stdout
    assert_seen(found, alone(environment.python))


def debugged(steps: Sequence[str], **lines: Sequence[int]) -> Any:
    """Play the program under debugpy, with breakpoints in modules of the shop."""

    def in_this_way(directory: Path, environment: Environment) -> None:
        told = []
        for name in ("plain", "observed"):
            root = directory / name
            write_files(root, FILES)
            port = free_port()
            recordings = root / "recordings"
            process = subprocess.Popen(
                [
                    *(environment.python, "-Xfrozen_modules=off", "-m", "debugpy"),
                    *("--listen", f"127.0.0.1:{port}", "--wait-for-client", "main.py"),
                ],
                cwd=root,
                env=environment_of_child(recordings, name == "observed", STAGING),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            try:
                files = {root / "shop" / f"{module}.py": numbers for module, numbers in lines.items()}
                places = Debugger(port).walk(files, steps)
                out, _ = process.communicate(timeout=60)
            finally:
                process.kill()
            told.append((process.returncode, out, places))
        plain, observed = told
        assert observed == plain
        found = seen(root, recordings)
        expected = alone(environment.python)
        assert found.findings["SSOT301", "shop.manager:OrderManager"] == 1
        assert found.verdicts == expected.verdicts
        assert found.uses == expected.uses
        assert (found.lost, found.void) == ({}, [])

    return in_this_way


def interactive(*command: str) -> Any:
    """Play the program in an interpreter that goes on interactively."""

    def in_this_way(directory: Path, environment: Environment) -> None:
        done, found = beside(directory, environment, *command, files=FILES, steady=steady)
        assert done.code == 0, done.stderr
        expected = alone(environment.python)
        assert found.verdicts == expected.verdicts
        assert found.uses == expected.uses
        assert (found.lost, found.void) == ({}, [])

    return in_this_way


RELOADING = """\
    import os, time
    from pathlib import Path
    from IPython.core.interactiveshell import InteractiveShell

    shell, old = InteractiveShell.instance(), Path("shop/old.py")

    def run(*lines):
        for line in lines:
            assert shell.run_cell(line).success

    run("%load_ext autoreload", "%autoreload 2", "import main")
    run("from shop.old import total", "print(total([1]))")
    old.write_text(old.read_text().replace("len(orders)", "len(orders) + 1"))
    os.utime(old, (time.time() + 9, time.time() + 9))
    run("print(total([1]))", "print(total([1]))")
    """


def autoreload(directory: Path, environment: Environment) -> None:
    """Play IPython, which puts new code into functions that are there."""
    files = {**FILES, "session.py": RELOADING}
    more = {"IPYTHONDIR": str(directory / "ipython")}
    done, found = beside(directory, environment, *("session.py",), files=files, more=more, steady=steady)
    assert done.code == 0, done.stderr
    assert "1\n2\n2\n" in done.stdout, done.stdout
    assert found.verdicts["shop.old"] == "LIVE"
    assert found.findings["SSOT301", "shop.manager:OrderManager"] == 1
    assert found.lost == {}


STOPS = "places where it stops and steps to, what it shows; findings, verdicts and calls"

CASES = [
    Case(
        "pdb",
        "breakpoints in what is observed",
        pdb(
            "b shop/manager.py:8",
            "b shop/old.py:4",
            "c",
            "p what",
            "w",
            "c",
            "c",
            "p orders",
            "cl 1",
            "cl 2",
            "c",
        ),
        STOPS,
        is_thin=True,
    ),
    Case(
        "pdb",
        "steps into and out of what is observed",
        pdb(
            "b shop/work.py:5",
            "c",
            "n",
            "s",
            "s",
            "w",
            "r",
            "n",
            "n",
            "s",
            "s",
            "w",
            "cl 1",
            "c",
            is_same=False,
        ),
        "the program goes on as it would; findings, verdicts and calls",
        "a step into what is observed stops in the wrapper first",
    ),
    Case(
        "breakpoint()",
        "in a function that is watched",
        at_breakpoint,
        "what it shows; the recording",
        is_thin=True,
    ),
    Case(
        "debugpy",
        "breakpoints, steps over what is observed",
        debugged(("next", "next", "continue", "continue"), work=[6], manager=[15], old=[4]),
        STOPS,
        "a step out of a method that is observed stops once more in the line of its caller",
        distribution="debugpy",
        requirements=("debugpy",),
    ),
    Case(
        "debugpy",
        "steps into what is observed, and out",
        debugged(("stepIn", "stepIn", "stepOut", "stepOut", "next"), work=[6]),
        STOPS,
        distribution="debugpy",
        requirements=("debugpy",),
    ),
    Case("interpreter", "-i", interactive("-i", "main.py"), "output; findings, verdicts and calls"),
    Case(
        "IPython",
        "%autoreload 2",
        autoreload,
        "output; verdicts",
        distribution="ipython",
        requirements=("ipython",),
    ),
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_a_debugger_stops_where_it_stops_without_the_probe(case: Case, tmp_path: Path) -> None:
    play(case, tmp_path)
