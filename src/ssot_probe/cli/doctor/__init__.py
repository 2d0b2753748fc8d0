"""`ssot-probe doctor`: would the probe be active there, and what would it be blind to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import environ

import click

from ssot_probe import __version__
from ssot_probe.cli.doctor import environment, interpreter, packages, programs
from ssot_probe.cli.doctor.check import Check
from ssot_probe.cli.doctor.invocation import Invocation, resolve
from ssot_probe.cli.doctor.scripts import program_of
from ssot_probe.startup import is_tool

ENDINGS = {
    "fail": "The probe would NOT be active.",
    "?": "It is not known whether the probe would be active.",
}
ACTIVE = "The probe would be active."


@click.command(short_help="Say whether the probe would be active, and what it would miss.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def command(command: tuple[str, ...]) -> int:
    """Say whether the probe would be active in COMMAND (or in this environment), and what it would miss.

    Nothing of COMMAND is run: only its interpreter is asked. Exit code 3 when the probe would not be active,
    or when that cannot be known.
    """
    checks = list(_checks(command))
    for check in checks:
        click.echo(f"{check.state:<6}{check.what}")
    states = {check.state for check in checks}
    for state, ending in ENDINGS.items():
        if state in states:
            click.echo(ending)
            return 3
    click.echo(ACTIVE)
    return 0


def _checks(command: Sequence[str]) -> Iterator[Check]:
    invocation = resolve(command, environ)
    yield Check("ok", f"ssot-probe {__version__}")
    yield from invocation.checks
    if not invocation.interpreter:
        return
    yield environment.switch(invocation.environment)
    read = environment.settings_of(invocation.environment)
    if isinstance(read, Check):
        yield read
    else:
        yield from environment.checks_of(*read, invocation.environment)
    yield from _program(invocation)
    if isinstance(read, Check):
        yield from interpreter.checks_of(interpreter.ask(invocation, (), ()), invocation)
        return
    policy = read[1]
    path = packages.search_path(invocation)
    answer = interpreter.ask(invocation, packages.asked_packages(policy), path)
    yield from interpreter.checks_of(answer, invocation)
    if answer.version >= interpreter.OLDEST:
        yield from packages.checks_of(policy, answer)


def _program(invocation: Invocation) -> Iterator[Check]:
    if is_tool(["python", *invocation.words]):
        yield Check("fail", "this is a tool that installs, compiles or helps: it is never observed")
    program = program_of(invocation.words)
    if program is not None:
        yield from programs.checks_of(*program)
