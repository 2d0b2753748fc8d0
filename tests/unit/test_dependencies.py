from __future__ import annotations

import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from ssot_probe.dependencies import TELEMETRY, require_telemetry, require_wrapt, wrapt_range
from ssot_probe.errors import DependencyError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
VERSIONS = ["1.14.1", "1.15", "1.15.0", "1.16.0", "1.17.3", "2.0.0", "2.2.0", "2.2.1", "2.9", "3.0.0", "10.1"]


def requirements() -> list[Requirement]:
    return [Requirement(text) for text in tomllib.loads(PYPROJECT.read_text())["project"]["dependencies"]]


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
@pytest.mark.parametrize("version", VERSIONS)
def test_the_range_of_wrapt_is_the_one_that_pip_is_told(python: str, version: str) -> None:
    (specifier,) = (
        each.specifier
        for each in requirements()
        if each.name == "wrapt"
        and each.marker is not None
        and each.marker.evaluate({"python_version": python})
    )
    release = Version(version).release
    major, minor = map(int, python.split("."))

    assert wrapt_range((major, minor)).has(release) == (version in specifier)


@pytest.mark.parametrize("version", ["1.23.1", "1.24.0", "1.45.2", "2.0.0"])
def test_the_range_of_opentelemetry_is_the_one_that_pip_is_told(version: str) -> None:
    specifiers = [each.specifier for each in requirements() if each.name.startswith("opentelemetry")]

    assert specifiers
    assert {version in specifier for specifier in specifiers} == {TELEMETRY.has(Version(version).release)}


def make_wrapt(directory: Path, *metadata: str) -> None:
    (directory / "wrapt").mkdir(parents=True)
    (directory / "wrapt" / "__init__.py").write_text("raise AssertionError('imported')\n")
    for name in metadata:
        (directory / name).mkdir()


@pytest.mark.parametrize(
    "metadata", ["wrapt-1.14.1.dist-info", "wrapt-1.14.1.egg-info", "wrapt-1.14.1-py3.11.egg-info"]
)
def test_a_version_that_does_not_fit_is_named_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metadata: str
) -> None:
    make_wrapt(tmp_path, metadata)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(
        DependencyError, match=r"wrapt 1\.14\.1 in .* does not fit, 1\.1[567] or later, below 3"
    ):
        require_wrapt()


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param([], id="no metadata"),
        pytest.param(
            ["wrapt-1.14.1.dist-info", "wrapt-2.1.0.dist-info"], id="left by an installation that broke"
        ),
        pytest.param(["wrapt-2.1.0.dist-info", "wrapt_other-0.1.dist-info"], id="another package beside"),
        pytest.param(["wrapt-2.1.0.post1+local.dist-info"], id="build of somebody's"),
    ],
)
def test_what_fits_or_is_not_known_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metadata: list[str]
) -> None:
    make_wrapt(tmp_path, *metadata)
    monkeypatch.syspath_prepend(tmp_path)

    require_wrapt()


def test_nothing_is_said_of_what_is_not_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path), "", str(tmp_path / "missing"), str(tmp_path / "a.zip")])

    require_wrapt()


@pytest.mark.parametrize(
    ("api", "sdk", "why"),
    [
        ("1.15.0", "1.45.2", "opentelemetry-api 1.15.0 does not fit"),
        ("1.45.2", "2.0.0", "opentelemetry-sdk 2.0.0 does not fit"),
        ("1.30.0", "1.45.2", "do not belong together"),
    ],
)
def test_an_api_and_an_sdk_that_cannot_work_together_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str, sdk: str, why: str
) -> None:
    for name, version in (("api", api), ("sdk", sdk)):
        metadata = tmp_path / f"opentelemetry_{name}-{version}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Name: opentelemetry-{name}\nVersion: {version}\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    with pytest.raises(DependencyError, match=why):
        require_telemetry()


def test_packages_without_metadata_are_left_to_their_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    require_telemetry()


def test_what_is_installed_here_fits() -> None:
    require_wrapt()
    require_telemetry()
