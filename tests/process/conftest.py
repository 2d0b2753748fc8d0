from __future__ import annotations

from pathlib import Path

import pytest
from process import installation
from process.installation import Installation
from process.project import SHOP, Project


@pytest.fixture(scope="session")
def installed() -> Installation:
    """A virtual environment into which the wheel was installed."""
    return installation.with_wheel()


@pytest.fixture(scope="session")
def editable() -> Installation:
    """A virtual environment with the checkout installed in place."""
    return installation.editable()


@pytest.fixture(scope="session")
def target_tree() -> Path:
    """What `pip install --target` made of the wheel."""
    return installation.target_tree()


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A virtual environment with nothing in it."""
    return installation.make_bare(tmp_path_factory.mktemp("bare") / "venv")


@pytest.fixture
def project(installed: Installation, tmp_path: Path) -> Project:
    """An empty project beside the installed wheel."""
    root = tmp_path / "project"
    root.mkdir()
    return Project(root, installed.python, installed.command)


@pytest.fixture
def shop(project: Project) -> Project:
    """A project with a package, a factory and a program that uses them."""
    project.write(SHOP)
    return project
