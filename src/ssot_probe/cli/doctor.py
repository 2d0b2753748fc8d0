"""`ssot-probe doctor`: would the probe be active there, and what would it be blind to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import click

from ssot_probe import __version__
from ssot_probe.cli.run import bootstrap_directory
from ssot_probe.errors import PolicyError, SettingsError, UsageError
from ssot_probe.startup import is_tool

SECONDS = 30
OLDEST = (3, 10)

# The interpreter is started as the command would start it, with the probe on, and says whether it came up.
# Any Python has to understand this, and nothing in the current directory may stand in its way.
_QUESTION = """
import sys
startup = sys.modules.get("ssot_probe.startup")
sys.path[:] = [entry for entry in sys.path if entry]
import json, os
answer = {"version": list(sys.version_info[:3]), "executable": sys.executable,
          "no_site": bool(sys.flags.no_site), "ignores_environment": bool(sys.flags.ignore_environment),
          "active": getattr(startup, "_probe", None) is not None, "tripwire": False, "found": {}, "files": [],
          "customized": getattr(sys.modules.get("sitecustomize"), "__file__", None) or ""}
if sys.version_info >= (3, 10):
    import importlib.util
    for name in ("ssot_probe", "wrapt", "gevent"):
        try:
            answer["found"][name] = importlib.util.find_spec(name) is not None
        except Exception:
            answer["found"][name] = False
    import site
    places = site.getsitepackages() + ([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])
    files = [os.path.join(place, "ssot_probe.pth") for place in places]
    answer["files"] = [file for file in files if os.path.isfile(file)]
if answer["active"]:
    from ssot_probe.observe import tripwire
    answer["tripwire"] = tripwire.works()
print(json.dumps(answer))
"""


class Check(NamedTuple):
    """One thing that was looked at."""

    state: str  # "ok" | "note" | "blind" | "fail"
    what: str


class Interpreter(NamedTuple):
    """The Python that a command runs in, with the options that it starts with."""

    program: str
    options: tuple[str, ...] = ()


@click.command(short_help="Say whether the probe would be active, and what it would miss.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def command(command: tuple[str, ...]) -> int:
    """Say whether the probe would be active in COMMAND (or in this environment), and what it would miss.

    Nothing of COMMAND is run: only its interpreter is asked. Exit code 3 when the probe would not be active.
    """
    checks = [Check("ok", f"ssot-probe {__version__}"), *_settings(), *_command(command)]
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
        how = "set SSOT_PROBE=1, or start with `ssot-probe run -- COMMAND`"
        checks.append(Check("fail", f"SSOT_PROBE is off: {how}"))
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
    while not os.path.lexists(existing):
        existing = os.path.dirname(existing)
    if not os.path.isdir(existing):
        return Check("fail", f"{directory} cannot be made, {existing} is a file: set SSOT_PROBE_DIR")
    if not os.access(existing, os.W_OK | os.X_OK):
        return Check("fail", f"{directory} cannot be written: set SSOT_PROBE_DIR")
    return Check("ok", f"recordings go to {directory}")


def _command(command: Sequence[str]) -> Iterator[Check]:
    interpreter = _interpreter_of(command)
    if interpreter is None:
        what = f"{command[0]} is no Python program that could be asked; its Python children may be"
        yield Check("note", what)
        return
    if command and is_tool(["python", *command[_is_python(command[0]) :]]):
        yield Check("fail", "this is a tool that installs, compiles or helps: it is never observed")
    answer = _ask(interpreter)
    version = ".".join(map(str, answer["version"]))
    yield Check("ok", f"{answer['executable']} is Python {version}")
    if not answer["active"]:
        yield Check("fail", _why_not(answer))
        return
    yield Check("ok", _how(answer))
    yield from _blind_spots(answer)


def _why_not(answer: dict[str, Any]) -> str:
    if tuple(answer["version"]) < OLDEST:
        return "the probe needs Python 3.10 or later"
    if answer["no_site"]:
        return "-S: no start-up file is run; use `import ssot_probe.auto`"
    if answer["ignores_environment"] and not answer["files"] and _is_launched():
        return "-E or -I: PYTHONPATH is ignored; install the wheel into that environment"
    if not answer["found"].get("ssot_probe"):
        return "ssot_probe cannot be imported there: install the wheel into that environment"
    ways = "use `ssot-probe run`, sitecustomize_example.py, or `import ssot_probe.auto`"
    return f"no start-up file ssot_probe.pth is read there: {ways}"


def _how(answer: dict[str, Any]) -> str:
    if answer["files"]:
        return f"start-up file {answer['files'][0]}"
    if _is_launched():
        return "started through PYTHONPATH by `ssot-probe run`"
    return f"started by {answer['customized'] or 'another start-up file'}"


def _is_launched() -> bool:
    return bootstrap_directory() in os.environ.get("PYTHONPATH", "").split(os.pathsep)


def _blind_spots(answer: dict[str, Any]) -> Iterator[Check]:
    if not answer["tripwire"]:
        yield Check("blind", "imports of modules that are already loaded are not told by this interpreter")
    if tuple(answer["version"]) < (3, 11):
        what = "importlib.import_module() of a loaded module is not seen before Python 3.11"
        yield Check("blind", what)
    if not answer["found"]["wrapt"]:
        yield Check("fail", "wrapt is missing there: constructors and factories cannot be observed")
    if answer["found"]["gevent"]:
        yield Check("note", "gevent is installed: let monkey.patch_all() be the first thing that runs")


def _interpreter_of(command: Sequence[str]) -> Interpreter | None:
    """Return the Python that a command runs in: itself, or the one that its first line names."""
    if not command:
        return Interpreter(sys.executable)
    program = shutil.which(command[0])
    if program is None:
        raise UsageError(f"there is no command {command[0]!r}")
    if _is_python(program):
        return Interpreter(program, _options(command[1:]))
    with open(program, "rb") as file:
        first = file.readline(512).decode("utf-8", "replace")
    if not first.startswith("#!"):
        return None
    words = first.removeprefix("#!").split()
    for position, word in enumerate(words):
        if _is_python(word):
            found = shutil.which(word)
            return Interpreter(found, _options(words[position + 1 :])) if found else None
    return None


def _is_python(program: str) -> bool:
    return os.path.basename(program).startswith(("python", "pypy"))


def _options(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the options of the interpreter itself, which end where its program begins."""
    found: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith("-") or argument in ("-", "--"):
            break
        letters = argument[1:]
        if letters[0] in "WX":
            found += [argument] if letters[1:] else [argument, next(rest, "")]
        elif "c" in letters or "m" in letters:
            found += [
                f"-{letter}" for letter in letters.partition("c")[0].partition("m")[0] if letter in "EIPSs"
            ]
            break
        else:
            found += [f"-{letter}" for letter in letters if letter in "EIPSs"]
    return tuple(found)


def _ask(interpreter: Interpreter) -> dict[str, Any]:
    # The settings were looked at before; what is asked here is only whether anything starts the probe.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SSOT_PROBE")}
    environment.update(SSOT_PROBE="1", SSOT_PROBE_CONFIG=os.devnull, SSOT_PROBE_EXPORT="none")
    command = [interpreter.program, *interpreter.options, "-c", _QUESTION]
    try:
        asked = subprocess.run(
            command,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=environment,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"{interpreter.program} does not answer: {type(error).__name__}") from error
    try:
        answer = json.loads(asked.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        answer = None
    if not isinstance(answer, dict) or not answer.get("version"):
        said = (asked.stderr or asked.stdout).strip().rpartition("\n")[2]
        raise UsageError(f"{interpreter.program} does not answer, it ends with {asked.returncode}: {said}")
    return answer
