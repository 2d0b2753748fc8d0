"""`ssot-probe demo`: the bundled chat service before and after its consolidation, told apart by the probe."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from time import time_ns
from typing import NamedTuple

import click

from ssot_probe.analysis.chosen_policy import choose_policy
from ssot_probe.analysis.judge import Judgement, judge
from ssot_probe.analysis.load import load
from ssot_probe.analysis.wording import number
from ssot_probe.cli.run import environment_for
from ssot_probe.errors import MissingExtraError, ProbeError
from ssot_probe.inventory.cache import Cache
from ssot_probe.inventory.inventory import take_inventory
from ssot_probe.inventory.module_names import above_packages
from ssot_probe.inventory.places import Places
from ssot_probe.inventory.tree import find_tree
from ssot_probe.inventory.written import write_inventory
from ssot_probe.policy_file import read_policy
from ssot_probe.report import text
from ssot_probe.report.view import view_of

USERS = 5
ASKS = 3
STOP_SECONDS = 10
VARIANTS = ("fragmented", "consolidated")
RESOURCE = "deployment.environment.name=staging,ssot.role=web"
"""What the service says of itself: only what runs where the policy says, in its roles, retires a path."""


class DemoError(ProbeError):
    """The chat service or its clients did not do what they should."""

    slug = "demo"


class Outcome(NamedTuple):
    """One variant of the service, recorded and judged."""

    variant: str
    recording: Path
    judgement: Judgement


@click.command(short_help="Run the bundled chat service before and after its consolidation.")
@click.option("--out", type=click.Path(file_okay=False), help="Where the recordings go.  [a new directory]")
def command(out: str | None) -> int:
    """Run the bundled chat service under the probe, with five users at once, and show what it found.

    First the fragmented variant, in which one concept has three classes, several factories and a manager
    that all users share; then the consolidated one; then what changed between the two, and which of the
    legacy paths could have been deleted before. The source of each is scanned as well, so that the reports
    tell what is declared from what ran.
    """
    missing = [name for name in ("starlette", "uvicorn", "websockets") if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"the demo needs {', '.join(missing)}; install them with: pip install 'ssot-probe[demo]'"
        )
    target = Path(out or tempfile.mkdtemp(prefix="ssot-probe-demo-")).absolute()
    before = _record(VARIANTS[0], target)
    after = _record(VARIANTS[1], target, before)
    _say_what_changed(before, after)
    _say_what_may_be_deleted(before)
    click.echo("\nThe recordings, to look into yourself:")
    click.echo(f"  ssot-probe report {before.recording}")
    click.echo(f"  ssot-probe report {after.recording} --baseline {before.recording}")
    click.echo(f"  ssot-probe dead {before.recording}")
    return 0


def example_directory() -> Path:
    """Return where the chat service lies: in the installed package, or in the checkout beside it."""
    package = Path(__file__).resolve().parent.parent
    for directory in (package / "examples" / "chat", package.parent.parent / "examples" / "chat"):
        if directory.is_dir():
            return directory
    raise DemoError("the chat service is not part of this installation")


def _record(variant: str, target: Path, before: Outcome | None = None) -> Outcome:
    recording = target / variant
    if recording.exists():
        shutil.rmtree(recording)
    click.echo(click.style(f"\n== The {variant} service", bold=True))
    directory = example_directory()
    service = _start(directory / variant, recording)
    try:
        _run_clients(directory / "clients.py", _port_of(service))
    finally:
        _stop(service)
    _scan(directory / variant, recording)
    return Outcome(variant, recording, _show(recording, directory / variant / "ssot-probe.toml", before))


def _start(directory: Path, recording: Path) -> subprocess.Popen[str]:
    environment = environment_for(
        os.environ, str(directory / "ssot-probe.toml"), str(recording), f"chat-{directory.name}"
    )
    environment["OTEL_RESOURCE_ATTRIBUTES"] = RESOURCE
    return subprocess.Popen(
        [sys.executable, "-m", "chat", "--port", "0"],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def _port_of(service: subprocess.Popen[str]) -> int:
    assert service.stdout is not None
    line = service.stdout.readline()
    if not line.startswith("listening on"):
        raise DemoError(f"the chat service did not start; it said {line.strip()!r}")
    click.echo(f"   {line.strip()}, process {service.pid}")
    return int(line.rpartition(":")[2])


def _run_clients(program: Path, port: int) -> None:
    url = f"ws://127.0.0.1:{port}/ws"
    arguments = ["--url", url, "--users", str(USERS), "--asks", str(ASKS)]
    environment = {name: value for name, value in os.environ.items() if name != "SSOT_PROBE"}
    command = [sys.executable, str(program), *arguments]
    clients = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    for line in clients.stdout.splitlines():
        click.echo(f"   {line}")
    if clients.returncode:
        raise DemoError(f"the clients were not served well:\n{clients.stdout}{clients.stderr}")


def _stop(service: subprocess.Popen[str]) -> None:
    service.send_signal(signal.SIGTERM)
    try:
        service.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()
        raise DemoError("the chat service did not stop within ten seconds") from None
    finally:
        if service.stdout is not None:
            service.stdout.close()


def _scan(directory: Path, recording: Path) -> None:
    policy = str(directory / "ssot-probe.toml")
    tree = find_tree(str(directory))
    places = Places(policy, str(directory), above_packages(tree.top))
    inventory = take_inventory(tree, places, read_policy(policy), Cache(""), time_ns())
    write_inventory(inventory.records, str(recording), directory.name)


def _show(recording: Path, policy: Path, before: Outcome | None) -> Judgement:
    evidence = load((str(recording),))
    chosen = choose_policy(evidence, str(policy), os.environ, os.getcwd())
    baseline = load((str(before.recording),)) if before is not None else None
    judgement = judge(evidence, chosen.policy, baseline=baseline)
    view = view_of(judgement, chosen, datetime.now(timezone.utc))
    if text.wants_colour(sys.stdout, os.environ):
        from ssot_probe.report.terminal import print_to_terminal

        print_to_terminal(view, sys.stdout)
    else:
        click.echo(text.render(view), nl=False)
    return judgement


def _say_what_changed(before: Outcome, after: Outcome) -> None:
    old = {finding.fingerprint: finding for finding in before.judgement.findings}
    new = {finding.fingerprint: finding for finding in after.judgement.findings}
    click.echo(click.style(f"\n== What changed from {before.variant} to {after.variant}", bold=True))
    for label, findings in (
        ("gone", [old[key] for key in old if key not in new]),
        ("still there", [new[key] for key in new if key in old]),
        ("new", [new[key] for key in new if key not in old]),
    ):
        for finding in findings:
            severity = f"{finding.severity.label:<8}"
            click.echo(f"   {label:<12} {severity} {finding.code} {finding.rule:<22} {finding.subject}")
    for outcome in (before, after):
        counts = [
            number(sum(finding.severity.label == label for finding in outcome.judgement.findings), label)
            for label in ("error", "warning", "note")
        ]
        click.echo(f"   {outcome.variant:<12} {', '.join(counts)}")


def _say_what_may_be_deleted(outcome: Outcome) -> None:
    title = f"\n== Which legacy paths of the {outcome.variant} service may be deleted"
    click.echo(click.style(title, bold=True))
    retirement = outcome.judgement.retirement
    for row in retirement.rows if retirement is not None else ():
        click.echo(f"   {row.verdict:<19} {row.path}")
        click.echo(f"      {row.sentence}")
