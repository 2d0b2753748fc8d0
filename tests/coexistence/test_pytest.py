"""pytest: what it reports stays, and what tests do is recorded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from coexistence.support.application import FILES, POLICY
from coexistence.support.cases import Case, parameters, play
from coexistence.support.compare import beside
from coexistence.support.environments import Environment
from coexistence.support.seen import Seen

TESTS = {
    **{name: text for name, text in FILES.items() if name.startswith("shop")},
    "ssot-probe.toml": POLICY.replace('"main"', '"checks"'),
    "conftest.py": """\
        import pytest
        from shop import work

        @pytest.fixture
        def serve():
            return work.serve_as_before
        """,
    "checks/test_work.py": """\
        import pytest

        @pytest.mark.parametrize("user", ["anna", "bert", "carla", "dora"])
        def test_orders(user, serve):
            from shop.manager import get_manager
            before = len(get_manager(user).orders)
            assert serve(user) == before + 2

        def test_that_fails(serve):
            made = {"total": serve("anna") * 0, "user": "anna"}
            assert made == {"total": 1, "user": "anna"}
        """,
    "checks/test_old.py": """\
        from shop.old import total

        def test_total():
            assert total([1, 2]) == 2
        """,
}

DOCTESTS = {
    **TESTS,
    "shop/sums.py": '''\
        def added(a, b):
            """Add.

            >>> from shop.old import total
            >>> added(1, total([1]))
            2
            """
            return a + b
        ''',
}

ASYNC = {
    **TESTS,
    "checks/test_later.py": """\
        import asyncio
        import pytest
        from shop.work import serve_as_before

        @pytest.mark.asyncio
        async def test_later():
            await asyncio.sleep(0)
            both = (asyncio.to_thread(serve_as_before, user) for user in ("anna", "bert"))
            assert all(await asyncio.gather(*both))
        """,
}

RICH = "{'total': 0, 'user': 'anna'} == {'total': 1, 'user': 'anna'}"


def steady(text: str) -> str:
    """Leave out times, and in which order processes work."""
    text = re.sub(r"\d+\.\d+s|0x[0-9a-f]+|gw\d|[.F]{6,}", "...", text)
    return "\n".join(sorted(text.splitlines())) if "[gw" in text else text


def pytest_run(*options: str, files: Any = None, processes: int = 1, **more: str) -> Any:
    """Play a run of pytest."""

    def in_this_way(directory: Path, environment: Environment) -> None:
        done, found = beside(
            directory,
            environment,
            *("-m", "pytest", "-p", "no:cacheprovider", "-q", *options),
            files=files or TESTS,
            more=more,
            steady=steady,
        )
        assert done.code == 1, done.stdout
        assert RICH in done.stdout, done.stdout
        assert_recorded(found, processes)

    return in_this_way


def assert_recorded(found: Seen, processes: int) -> None:
    """Fail where something that the tests did is not in the recording."""
    assert found.processes >= processes
    assert found.lost == {}
    assert ("shop.work", "conftest.py:2") in found.modules
    called = sum(n for use, n in found.uses.items() if use[:2] == ("shop.old", "called"))
    assert called >= 6
    made = sum(n for make, n in found.makes.items() if make[0] == "shop.manager:new_manager")
    assert made >= 5
    assert ("SSOT301", "shop.manager:OrderManager") in found.findings


def by_option(directory: Path, environment: Environment) -> None:
    """Play `pytest --ssot-probe` in a process that records already."""
    done, found = beside(
        directory,
        environment,
        *("-m", "pytest", "-p", "no:cacheprovider", "-q", "--ssot-probe"),
        files={**TESTS, "checks/test_fixture.py": "def test_it(ssot_probe):\n    assert ssot_probe\n"},
        steady=steady,
    )
    assert done.code == 1, done.stdout
    assert RICH in done.stdout
    assert_recorded(found, 1)


SAME = "what it reports, with the values of failed assertions; its exit code"

PLUGINS = ("pytest", "pytest-asyncio", "pytest-cov", "pytest-xdist")

WAYS: list[tuple[str, Any, tuple[str, ...]]] = [
    ("import mode prepend", pytest_run("--import-mode=prepend"), ()),
    ("import mode importlib", pytest_run("--import-mode=importlib"), ()),
    ("the plugin named first by -p", pytest_run("-p", "ssot_probe", "-p", "no:randomly"), ()),
    ("xdist, two processes", pytest_run("-n", "2", processes=2), ()),
    ("doctests", pytest_run("--doctest-modules", files=DOCTESTS), ()),
    ("pytest-cov", pytest_run("--cov=shop", "--cov-branch", "--cov-report=term"), PLUGINS),
    ("pytest-cov with xdist", pytest_run("--cov=shop", "-n", "2", processes=2), PLUGINS),
    ("pytest-asyncio", pytest_run(files=ASYNC), PLUGINS),
    ("--ssot-probe as well", by_option, ()),
]

CASES = [
    Case(
        "pytest",
        how,
        in_this_way,
        SAME,
        distribution="pytest",
        requirements=requirements,
        is_thin=how in ("import mode prepend", "xdist, two processes", "--ssot-probe as well"),
    )
    for how, in_this_way, requirements in WAYS
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_pytest_reports_the_same_and_what_tests_do_is_recorded(case: Case, tmp_path: Path) -> None:
    play(case, tmp_path)
