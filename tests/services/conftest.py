from __future__ import annotations

import pytest
from process import installation
from process.installation import Installation


@pytest.fixture(scope="session")
def installed() -> Installation:
    """A virtual environment into which the wheel was installed, with what the demo needs."""
    return installation.with_wheel()
