"""`ssot-probe doctor`: would the probe be active there, and what would it be blind to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from ssot_probe.errors import PolicyError, SettingsError, UsageError
from ssot_probe.version import __version__

SECONDS = 30

_QUESTION = """
import json, os, sys
answer = {"python": ".".join(map(str, sys.version_info[:3])), "executable": sys.executable, "path": sys.path,
          "no_site": bool(sys.flags.no_site), "isolated": bool(sys.flags.isolated),
          "ignores_environment": bool(sys.flags.ignore_environment)}
import importlib.util
for name in ("ssot_probe", "wrapt", "opentelemetry.sdk", "gevent", "sitecustomize"):
    try:
        spec = importlib.util.find_spec(name)
        answer[name] = (spec.origin or "") if spec else None
    except Exception:
        answer[name] = None
answer["startup_files"] = [os.path.join(entry, "ssot_probe.pth") for entry in sys.path
                           if os.path.isfile(os.path.join(entry, "ssot_probe.pth"))]
if answer["ssot_probe"]:
    from ssot_probe.observe import tripwire
    answer["tripwire"] = tripwire.works()
print(json.dumps(answer))
"""


class Check(NamedTuple):
    """One thing that was looked at."""

    state: str  # "ok" | "note" | "blind" | "fail"
    what: str


@click.command(short_help="Say whether the probe would be active, and what it would miss.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def command(command: tuple[str, ...]) -> int:
    """Say whether the probe would be active in COMMAND (or in this environment), and what it would miss.

    Nothing of COMMAND is run: only its interpreter is asked. Exit code 3 when the probe would not be active.
    """
    checks = [Check("ok", f"ssot-probe {__version__}"), *_settings(), *_interpreter(command)]
    for check in checks:
        click.echo(f"{check.state:<6}{check.what}")
    if any(check.state == "fail" for check in checks):
        click.echo("The probe would NOT be active.")
        return 3
    click.echo("The probe would be active.")
    return 0


def _settings() -> list[Check]:
    from ssot_probe.probe import find_policy
    from ssot_probe.settings import from_environment, is_on, read_user_key

    checks = []
    if is_on(os.environ):
        checks.append(Check("ok", "SSOT_PROBE is on"))
    else:
        checks.append(
            Check("fail", "SSOT_PROBE is off: set SSOT_PROBE=1, or use `ssot-probe run -- COMMAND`")
        )
    try:
        settings = from_environment(os.environ)
        policy = find_policy(settings.config)
        if settings.user_key_file:
            read_user_key(settings.user_key_file)
    except (PolicyError, SettingsError) as error:
        return [*checks, Check("fail", f"{error}")]
    if policy.source:
        names = ", ".join(concept.name for concept in policy.concepts) or "none"
        checks.append(Check("ok", f"policy {policy.source}, concepts: {names}"))
        if not policy.concepts:
            checks.append(Check("note", "the policy declares no concept: they are inferred from class names"))
    else:
        checks.append(Check("note", "no policy file: packages and concepts are inferred"))
    if "file" in settings.exporters:
        checks.append(_directory(settings.directory))
    if "otlp" in settings.exporters:
        where = settings.otlp_endpoint or "the default endpoint http://localhost:4318"
        checks.append(Check("ok", f"records go to {where} as well"))
    if not settings.exporters:
        checks.append(Check("fail", "SSOT_PROBE_EXPORT=none: nothing would be recorded"))
    return checks


def _directory(directory: str) -> Check:
    existing = directory
    while existing and not os.path.isdir(existing):
        existing = os.path.dirname(existing)
    if os.access(existing or ".", os.W_OK | os.X_OK):
        return Check("ok", f"recordings go to {directory}")
    return Check("fail", f"{directory} cannot be written: set SSOT_PROBE_DIR")


def _interpreter(command: Sequence[str]) -> list[Check]:
    interpreter = _interpreter_of(command)
    if interpreter is None:
        return [Check("note", f"{command[0]} is no Python program that could be asked")]
    answer = _ask(interpreter)
    checks = [Check("ok", f"{answer['executable']} is Python {answer['python']}")]
    launched = os.path.join("ssot_probe", "bootstrap") in os.environ.get("PYTHONPATH", "")
    if not answer["ssot_probe"]:
        checks.append(Check("fail", "ssot_probe cannot be imported there: install the wheel"))
        return checks
    if answer["startup_files"]:
        checks.append(Check("ok", f"start-up file {answer['startup_files'][0]}"))
    elif launched:
        checks.append(Check("ok", "started through PYTHONPATH by `ssot-probe run`"))
    else:
        advice = "use `ssot-probe run`, sitecustomize_example.py, or `import ssot_probe.auto`"
        checks.append(Check("fail", f"no start-up file ssot_probe.pth on its path: {advice}"))
    if answer["no_site"]:
        checks.append(Check("fail", "-S: no start-up file is run; use `import ssot_probe.auto`"))
    if not answer.get("tripwire"):
        checks.append(Check("blind", "this interpreter does not tell of imports of loaded modules"))
    if tuple(map(int, answer["python"].split(".")[:2])) < (3, 11):
        checks.append(Check("blind", "importlib.import_module() of a loaded module: only from Python 3.11"))
    if answer["wrapt"] is None:
        checks.append(Check("fail", "wrapt is missing there: no constructor or factory can be observed"))
    if answer["gevent"]:
        checks.append(Check("note", "gevent is installed: let monkey.patch_all() run first of all"))
    return [*checks, *_options(command, has_startup_file=bool(answer["startup_files"]))]


def _options(command: Sequence[str], has_startup_file: bool) -> list[Check]:
    checks = []
    for option in command[1:]:
        if option == "-S":
            checks.append(Check("fail", "-S: no start-up file is run; use `import ssot_probe.auto`"))
        elif option in ("-E", "-I") and not has_startup_file:
            checks.append(Check("fail", f"{option}: PYTHONPATH is ignored; install the wheel there"))
    return checks


def _interpreter_of(command: Sequence[str]) -> str | None:
    """Return the Python that a command runs in: itself, or the one that its first line names."""
    if not command:
        return sys.executable
    program = shutil.which(command[0])
    if program is None:
        raise UsageError(f"there is no command {command[0]!r}")
    if os.path.basename(program).startswith(("python", "pypy")):
        return program
    with open(program, "rb") as file:
        first = file.readline(512).decode("utf-8", "replace").strip()
    named = first.removeprefix("#!").split()
    if first.startswith("#!") and named:
        found = named[-1] if os.path.basename(named[0]) == "env" else named[0]
        if "python" in os.path.basename(found):
            return shutil.which(found)
    return None


def _ask(interpreter: str) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if name != "SSOT_PROBE"}
    try:
        asked = subprocess.run(
            [interpreter, "-c", _QUESTION],
            capture_output=True,
            text=True,
            env=environment,
            timeout=SECONDS,
            check=True,
        )
        answer = json.loads(asked.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UsageError(f"{interpreter} does not answer: {error}") from error
    return dict(answer)
