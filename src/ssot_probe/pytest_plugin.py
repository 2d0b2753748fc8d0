"""The pytest plugin: `pytest --ssot-probe` records the whole run; the fixture `ssot_probe` judges it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ssot_probe.probe import Probe
    from ssot_probe.testing import Capture

_session: list[tuple[Probe, Capture]] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer --ssot-probe."""
    parser.getgroup("ssot-probe").addoption(
        "--ssot-probe", action="store_true", help="record this run (see the SSOT_PROBE_* variables)"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start before the first conftest imports the code under test."""
    if not early_config.known_args_namespace.ssot_probe or _session:
        return
    from ssot_probe.probe import find_policy, start
    from ssot_probe.settings import from_environment
    from ssot_probe.testing import Capture, MemoryExporter

    settings = from_environment(os.environ)
    exporter = MemoryExporter()
    probe = start(find_policy(settings.config), settings, [exporter])
    _session.append((probe, Capture(probe, exporter)))


def pytest_unconfigure() -> None:
    """Close the recording."""
    while _session:
        _session.pop()[0].stop()


@pytest.fixture
def ssot_probe() -> Iterator[Capture]:
    """What the probe saw: of the whole run with --ssot-probe, else of this test alone."""
    if _session:
        yield _session[0][1]
        return
    from ssot_probe.testing import capture_records

    with capture_records() as capture:
        yield capture
