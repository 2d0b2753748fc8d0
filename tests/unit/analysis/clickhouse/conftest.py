from __future__ import annotations

from importlib.util import find_spec

import pytest


@pytest.fixture(scope="session")
def engine() -> None:
    """The embedded engine, without which a test is skipped."""
    if find_spec("chdb") is None:
        pytest.skip("needs chdb: install the dependency group clickhouse")
