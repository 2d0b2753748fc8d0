"""What the documents say agrees with the code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from ssot_probe.analysis.rules import RULES
from ssot_probe.cli import COMMANDS, commands
from ssot_probe.errors import ProbeError
from ssot_probe.version import __version__
from ssot_probe.wire.registry import ATTRIBUTES

ROOT = Path(__file__).resolve().parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def slugs(error: type[ProbeError]) -> set[str]:
    return {error.slug}.union(*(slugs(child) for child in error.__subclasses__()))


def test_generated_pages_are_up_to_date() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_the_collector_lets_exactly_the_registrys_attributes_pass() -> None:
    configuration = yaml.safe_load(read("collector-config.yaml"))
    allowed = configuration["processors"]["redaction"]["allowed_keys"]
    assert allowed == [attribute.name for attribute in ATTRIBUTES]


def test_every_component_that_the_collectors_pipelines_name_is_configured() -> None:
    configuration = yaml.safe_load(read("collector-config.yaml"))
    for pipeline in configuration["service"]["pipelines"].values():
        for kind in ("receivers", "processors", "exporters"):
            assert set(pipeline[kind]) <= set(configuration[kind])
    assert set(configuration["service"]["extensions"]) <= set(configuration["extensions"])


def test_the_sitecustomize_example_is_the_one_that_run_uses() -> None:
    assert read("sitecustomize_example.py") == read("src/ssot_probe/bootstrap/sitecustomize.py")


def test_the_readme_names_every_command() -> None:
    for entry in COMMANDS:
        assert f"ssot-probe {entry.name}" in read("README.md")


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)\b", read("README.md") + read("CONTRIBUTING.md")))
    assert named <= targets


def test_every_relative_link_leads_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_error_has_its_entry_among_the_messages() -> None:
    page = read("docs/messages.md")
    import ssot_probe.cli.demo  # noqa: F401  # defines an error of its own

    for slug in slugs(ProbeError) - {"error"}:
        assert f"`{slug}`" in page


def test_the_changelog_speaks_of_this_version() -> None:
    assert f"## {__version__}" in read("CHANGELOG.md")


def test_explain_lists_every_rule() -> None:
    listed = CliRunner().invoke(commands, ["explain"]).output
    assert [line[:7] for line in listed.splitlines()] == [rule.code for rule in RULES]


@pytest.mark.parametrize("page", ["coexistence", "import-coverage", "telemetry-behaviour"])
def test_every_test_that_a_page_of_behaviours_names_exists(page: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", read(f"docs/{page}.md")))
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert len(named) >= 20
    assert {name for name in named if f"def {name}(" not in tests} == set()
