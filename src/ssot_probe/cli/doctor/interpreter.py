"""Asks an interpreter, started as the command would start it, whether the probe comes up there."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ssot_probe.cli.doctor.check import Check
from ssot_probe.cli.doctor.invocation import Invocation
from ssot_probe.cli.doctor.scripts import imports_the_probe
from ssot_probe.cli.run import bootstrap_directory
from ssot_probe.errors import UsageError
from ssot_probe.version import __version__

SECONDS = 30
OLDEST = (3, 10)
BOOTSTRAP = os.path.join("ssot_probe", "bootstrap")

# Any Python has to understand this, and nothing in the current directory may stand in its way.
_QUESTION = """
import sys
startup = sys.modules.get("ssot_probe.startup")
path = list(sys.path)
sys.path[:] = [entry for entry in sys.path if entry]
import json, os
answer = {"version": list(sys.version_info[:3]), "executable": sys.executable, "path": path,
          "no_site": bool(sys.flags.no_site), "ignores_environment": bool(sys.flags.ignore_environment),
          "active": getattr(startup, "_probe", None) is not None, "tripwire": False, "found": {}, "files": [],
          "customized": getattr(sys.modules.get("sitecustomize"), "__file__", None) or "",
          "implementation": "PyPy" if "PyPy" in sys.version else "CPython", "suffixes": [],
          "versions": {}, "packages": {}, "tools": [], "extension": True, "ours": "", "free_threaded": False}
if sys.version_info >= (3, 10):
    import importlib.util
    for name in ("ssot_probe", "wrapt", "gevent", "eventlet"):
        try:
            answer["found"][name] = importlib.util.find_spec(name) is not None
        except Exception:
            answer["found"][name] = False
    import site, sysconfig
    answer["free_threaded"] = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    places = site.getsitepackages() + ([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])
    files = [os.path.join(place, "ssot_probe.pth") for place in places]
    answer["files"] = [file for file in files if os.path.isfile(file)]
    from importlib.machinery import EXTENSION_SUFFIXES, PathFinder
    from importlib.metadata import version
    for name in ("ssot-probe", "opentelemetry-api", "opentelemetry-sdk"):
        try:
            answer["versions"][name] = version(name)
        except Exception:
            pass
    for name in json.loads(sys.argv[1])["packages"]:
        try:
            spec = PathFinder.find_spec(name, json.loads(sys.argv[1])["path"] + sys.path)
        except Exception:
            spec = None
        if spec is not None:
            answer["packages"][name] = [spec.origin or "", list(spec.submodule_search_locations or [])]
    answer["suffixes"] = EXTENSION_SUFFIXES
    wrapt = PathFinder.find_spec("wrapt")
    if wrapt is not None and wrapt.origin:
        stem = os.path.join(os.path.dirname(wrapt.origin), "_wrappers")
        answer["extension"] = any(os.path.exists(stem + suffix) for suffix in EXTENSION_SUFFIXES)
if answer["active"]:
    from ssot_probe.observe import tripwire
    answer["tripwire"] = tripwire.works()
    answer["ours"] = os.path.dirname(os.path.dirname(os.path.abspath(startup.__file__)))
    if sys.version_info >= (3, 12):
        answer["tools"] = [sys.monitoring.get_tool(number) or "" for number in (3, 4)]
print(json.dumps(answer))
"""


class Answer(NamedTuple):
    """What an interpreter said of itself."""

    version: tuple[int, ...]
    executable: str
    implementation: str
    active: bool  # did the probe come up?
    no_site: bool
    ignores_environment: bool
    tripwire: bool  # does it tell of imports of loaded modules?
    free_threaded: bool
    found: dict[str, bool]  # module -> can it be imported
    files: tuple[str, ...]  # start-up files of the probe
    customized: str  # the file of its sitecustomize
    versions: dict[str, str]  # distribution -> version
    path_entries: tuple[str, ...]  # its sys.path
    packages: dict[str, tuple[str, list[str]]]  # first-party package -> origin, and where its modules lie
    tools: tuple[str, ...]  # who has the places of `sys.monitoring` that the probe asks for
    extension: bool  # has wrapt its part in C?
    suffixes: tuple[str, ...]  # of compiled modules
    ours: str  # the directory in which the probe lies
    said: str  # on standard error


def ask(invocation: Invocation, packages: Sequence[str], path: Sequence[str]) -> Answer:
    """Start the interpreter with the probe on; nothing of the command itself runs.

    Args:
        invocation: how it starts.
        packages: names of packages to look for.
        path: directories to look for them in first.

    Raises:
        UsageError: it gives no answer.
    """
    # The settings are looked at elsewhere; what is asked here is only whether anything starts the probe.
    environment = {
        name: value for name, value in invocation.environment.items() if not name.startswith("SSOT_PROBE")
    }
    environment.update(SSOT_PROBE="1", SSOT_PROBE_CONFIG=os.devnull, SSOT_PROBE_EXPORT="none")
    about = json.dumps({"packages": list(packages), "path": list(path)})
    command = [invocation.interpreter, *invocation.options, "-c", _QUESTION, about]
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
        raise UsageError(f"{invocation.interpreter} does not answer: {type(error).__name__}") from error
    try:
        answer = json.loads(asked.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        answer = None
    if not isinstance(answer, dict) or not answer.get("version"):
        said = (asked.stderr or asked.stdout).strip().rpartition("\n")[2]
        ended = f"it ends with {asked.returncode}: {said}"
        raise UsageError(f"{invocation.interpreter} does not answer, {ended}")
    return _answer(answer, asked.stderr)


def _answer(found: Mapping[str, Any], said: str) -> Answer:
    return Answer(
        version=tuple(found["version"]),
        executable=found["executable"],
        implementation=found["implementation"],
        active=found["active"],
        no_site=found["no_site"],
        ignores_environment=found["ignores_environment"],
        tripwire=found["tripwire"],
        free_threaded=found["free_threaded"],
        found=found["found"],
        files=tuple(found["files"]),
        customized=found["customized"],
        versions=found["versions"],
        path_entries=tuple(found["path"]),
        packages={name: (each[0], each[1]) for name, each in found["packages"].items()},
        tools=tuple(found["tools"]),
        extension=found["extension"],
        suffixes=tuple(found["suffixes"]),
        ours=found["ours"],
        said=said,
    )


def checks_of(answer: Answer, invocation: Invocation) -> Iterator[Check]:
    """Say whether the probe comes up in the interpreter, by what, and what it misses there."""
    version = ".".join(map(str, answer.version))
    kind = " without a global lock" if answer.free_threaded else ""
    yield Check("ok", f"{answer.executable} is Python {version}{kind}")
    if not answer.active:
        yield _without_start_up_file(answer, invocation)
        return
    yield Check("ok", _how(answer, invocation.environment))
    yield from _way(answer, invocation)
    yield from _blind_spots(answer)


def _without_start_up_file(answer: Answer, invocation: Invocation) -> Check:
    if answer.version < OLDEST or not imports_the_probe(invocation.words):
        return Check("fail", _why_not(answer, invocation))
    if answer.found.get("ssot_probe"):
        return Check("ok", "no start-up file is read there, but it imports ssot_probe.auto itself")
    what = "it imports ssot_probe.auto itself, which is not on the path when Python starts"
    return Check("?", what)


def _why_not(answer: Answer, invocation: Invocation) -> str:
    if answer.version < OLDEST:
        return "the probe needs Python 3.10 or later"
    refused = [line for line in answer.said.splitlines() if line.startswith("ssot-probe is off: ")]
    if refused:
        return refused[0].removeprefix("ssot-probe is off: ")
    if answer.no_site:
        return "-S: no start-up file is run; use `import ssot_probe.auto`"
    if answer.ignores_environment and not answer.files and _is_launched(invocation.environment):
        return "-E or -I: PYTHONPATH is ignored; install the wheel into that environment"
    if not answer.found.get("ssot_probe"):
        return "ssot_probe cannot be imported there: install the wheel into that environment"
    ways = "use `ssot-probe run`, sitecustomize_example.py, or `import ssot_probe.auto`"
    tree = next((entry for entry in answer.path_entries if os.path.isdir(os.path.join(entry, BOOTSTRAP))), "")
    if tree:
        ways = f"name {os.path.join(tree, BOOTSTRAP)} on PYTHONPATH, or {ways}"
    return f"no start-up file ssot_probe.pth is read there: {ways}"


def _how(answer: Answer, environment: Mapping[str, str]) -> str:
    if answer.files:
        return f"start-up file {answer.files[0]}"
    if _is_launched(environment):
        return f"started through PYTHONPATH by {bootstrap_directory()}"
    return f"started by {answer.customized or 'another start-up file'}"


def _is_launched(environment: Mapping[str, str]) -> bool:
    return bootstrap_directory() in _entries(environment)


def _entries(environment: Mapping[str, str]) -> list[str]:
    return environment.get("PYTHONPATH", "").split(os.pathsep)


def _way(answer: Answer, invocation: Invocation) -> Iterator[Check]:
    """Say what the way in which the probe comes up does to the application, and to its children."""
    version = answer.versions.get("ssot-probe", __version__)
    if version != __version__:
        yield Check("note", f"ssot-probe {version} runs there, this is {__version__}")
    if not answer.files and answer.ours in _entries(invocation.environment):
        what = f"PYTHONPATH names the tree {answer.ours}: its packages hide the application's own"
        yield Check("note", f"{what}; name {os.path.join(answer.ours, BOOTSTRAP)} alone")


def _blind_spots(answer: Answer) -> Iterator[Check]:
    if not answer.tripwire:
        yield Check("blind", "imports of loaded modules: this interpreter does not tell")
    if answer.version < (3, 11):
        what = "imports of loaded modules by importlib.import_module: Python tells of them since 3.11"
        yield Check("blind", what)
    if answer.version < (3, 12):
        what = "calls by who held a function before its wrapper came: Python tells of them since 3.12"
        yield Check("blind", what)
    elif "ssot_probe" not in answer.tools and all(answer.tools):
        who = " and ".join(answer.tools)
        yield Check("blind", f"calls past the wrappers: {who} have the places of sys.monitoring")
    if not answer.found.get("wrapt"):
        yield Check("fail", "wrapt is missing there: constructors and factories cannot be observed")
    elif not answer.extension:
        what = "wrapt has no part in C for this Python: observed calls cost nearly twice as much"
        yield Check("note", f"{what}; make the tree with this version of Python")
    if answer.found.get("gevent"):
        yield Check("note", "gevent is installed: let monkey.patch_all() be the first thing that runs")
    if answer.found.get("eventlet"):
        yield Check("note", "eventlet is installed: the probe has not been tried with it")
    if answer.implementation != "CPython":
        yield Check("note", f"the probe has not been tried on {answer.implementation}")
    if answer.free_threaded:
        yield Check("note", "the probe has not been tried without the global lock")
