"""What is known of servers and tools by their names and options: which of them leave something unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatch

from ssot_probe.cli.doctor.check import Check

_Options = Sequence[str]


def checks_of(name: str, arguments: Sequence[str]) -> Iterator[Check]:
    """Say what a program with these arguments leaves unseen, where it is one that is known."""
    for pattern, check in _PROGRAMS.items():
        if fnmatch(name, pattern):
            yield from check(arguments)


def _gunicorn(options: _Options) -> Iterator[Check]:
    worker = _value(options, "-k", "--worker-class")
    if worker == "eventlet":
        yield Check("note", "workers of eventlet: the probe has not been tried with it")
    if any(word.startswith("SSOT_PROBE=") for word in values(options, "-e", "--env")):
        yield Check("fail", "gunicorn sets --env when Python has started: set SSOT_PROBE in the environment")


def _uvicorn(options: _Options) -> Iterator[Check]:
    if "--reload" in options and any(
        fnmatch("x.traces.jsonl", pattern) for pattern in values(options, "--reload-include")
    ):
        what = "--reload-include takes in what the probe writes: put SSOT_PROBE_DIR elsewhere"
        yield Check("note", what)
    if _value(options, "--workers") not in ("", "1"):
        yield Check("note", "workers are spawned: users agree between them by SSOT_PROBE_USER_KEY_FILE")


def _celery(options: _Options) -> Iterator[Check]:
    if _value(options, "-P", "--pool") == "eventlet":
        yield Check("note", "workers of eventlet: the probe has not been tried with it")
    if "worker" in options and any(option.startswith("--time-limit") for option in options):
        what = "a task that runs into --time-limit is killed with its process, whose silence is VOID then"
        yield Check("note", f"{what}: let --soft-time-limit come first")
    if "worker" in options:
        yield Check("note", "users agree between worker and clients by SSOT_PROBE_USER_KEY_FILE")


def _uwsgi(options: _Options) -> Iterator[Check]:
    if not {"--no-site", "--py-no-site"}.isdisjoint(options):
        yield Check("fail", "--no-site: no start-up file is run; use `import ssot_probe.auto`")
    if any(option.endswith((".ini", ".yaml", ".yml", ".xml", ".json")) for option in options):
        yield Check("note", "uWSGI's own file was not read: docs/workers.md says what it should say")
    elif "--lazy-apps" not in options and "--lazy" not in options:
        what = "uWSGI runs no exit handler in its master, so every silence is VOID: use --lazy-apps"
        yield Check("blind", what)


def _pytest(options: _Options) -> Iterator[Check]:
    yield Check("note", "what tests use counts as use by tests; `pytest --ssot-probe` needs no variable")


def _mod_wsgi(options: _Options) -> Iterator[Check]:
    what = "sub-interpreters are not observed: set WSGIApplicationGroup %{GLOBAL}"
    yield Check("blind", what)


_PROGRAMS: Mapping[str, Callable[[_Options], Iterator[Check]]] = {
    "gunicorn*": _gunicorn,
    "uvicorn": _uvicorn,
    "celery": _celery,
    "uwsgi*": _uwsgi,
    "pytest": _pytest,
    "py.test": _pytest,
    "mod_wsgi-express": _mod_wsgi,
}


def _value(options: _Options, *names: str) -> str:
    return next(iter(values(options, *names)), "")


def values(options: _Options, *names: str) -> Iterator[str]:
    """Yield the values of an option, in whichever way they are written."""
    for position, option in enumerate(options):
        for name in names:
            if option == name and position + 1 < len(options):
                yield options[position + 1]
            elif name.startswith("--") and option.startswith(f"{name}="):
                yield option.partition("=")[2]
            elif not name.startswith("--") and option.startswith(name) and len(option) > len(name) == 2:
                yield option[2:]
