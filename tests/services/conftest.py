from __future__ import annotations

from collections.abc import Iterator

import pytest
from process import installation
from process.installation import Installation
from support.counted_fleet import CountedFleet, counted_fleet


@pytest.fixture(scope="session")
def installed() -> Installation:
    """A virtual environment into which the wheel was installed, with what the demo needs."""
    return installation.with_wheel()


@pytest.fixture(scope="session")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CountedFleet]:
    """Processes whose counts a real Prometheus has; what they did is known."""
    with counted_fleet(tmp_path_factory.mktemp("counted")) as fleet:
        yield fleet
