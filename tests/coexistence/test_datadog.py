"""Datadog's tracer, which has an import hook, a sitecustomize and wrappers of its own."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from coexistence.support.agent import Agent, running_agent, unpacked
from coexistence.support.cases import Case, parameters, play
from coexistence.support.compare import assert_seen
from coexistence.support.environments import Environment
from coexistence.support.seen import Seen, seen
from coexistence.support.service import SERVICE, UVICORN, serve

REQUIREMENTS = ("ddtrace", "httpx", "requests", "starlette", "uvicorn")

TRACE = ("ddtrace-run",)
RUN = ("ssot-probe", "run", "--")
COMMANDS = {
    "alone": (*TRACE, *UVICORN),
    "SSOT_PROBE=1": (*TRACE, *UVICORN),
    "inside of `ssot-probe run`": (*RUN, *TRACE, *UVICORN),
    "around `ssot-probe run`": (*TRACE, *RUN, *UVICORN),
}

MORE = {
    "DD_TRACE_API_VERSION": "v0.4",
    "DD_SERVICE": "shop",
    "DD_TRACE_STARTUP_LOGS": "false",
    "DD_TRACE_SAMPLE_RATE": "1",
}


def spans(agent: Agent) -> list[Any]:
    """Return the spans that arrived, each with its children, without what is different each time."""
    found = [span for body in agent.bodies("/v0.4/traces") for trace in unpacked(body) for span in trace]
    children = defaultdict(list)
    for span in found:
        children[span.get("parent_id", 0)].append(span)
    known = {span["span_id"] for span in found}

    def tree(span: Any) -> Any:
        meta = {
            key: value
            for key, value in span.get("meta", {}).items()
            if not key.startswith(("_dd", "runtime-id", "http.url", "error.stack", "http.useragent"))
        }
        names = span["name"], span["resource"], span["service"], span.get("type"), span.get("error", 0)
        return (
            *names,
            tuple(sorted(meta.items())),
            tuple(sorted(map(tree, children[span["span_id"]]), key=repr)),
        )

    return sorted((tree(span) for span in found if span.get("parent_id") not in known), key=repr)


def traced(directory: Path, environment: Environment, how: str, **more: str) -> Any:
    """Run the service with the tracer and, unless it is alone, the probe."""
    with running_agent() as agent:
        variables = {
            **MORE,
            "DD_TRACE_AGENT_URL": f"http://127.0.0.1:{agent.port}",
            "SSOT_PROBE_DIR": str(directory / "recordings"),
            **more,
        }
        is_on = how == "SSOT_PROBE=1"
        done, answers = serve(directory, environment, COMMANDS[how], probe=is_on, more=variables)
    return done.code, answers, done.stdout, spans(agent)


@cache
def without_the_probe(environment: Environment) -> Any:
    with TemporaryDirectory() as place:
        return traced(Path(place), environment, "alone")


@cache
def seen_alone(environment: Environment) -> Seen:
    with TemporaryDirectory() as place:
        recordings = Path(place) / "recordings"
        serve(Path(place), environment, UVICORN, recordings=recordings)
        return seen(Path(place), recordings)


def in_order(how: str) -> Any:
    def in_this_way(directory: Path, environment: Environment) -> None:
        plain = without_the_probe(environment)
        assert plain[3], "the tracer sent nothing"
        told = traced(directory, environment, how)
        assert told == plain
        found = seen(directory, directory / "recordings")
        assert_seen(found, seen_alone(Environment(environment.python.replace("-bare/", "/"), True)))

    return in_this_way


_IN_ORDER = [
    Case(
        "ddtrace-run",
        how + ("" if start_up_file else ", no start-up file"),
        in_order(how),
        "spans with their parents and tags; the recording",
        distribution="ddtrace",
        requirements=REQUIREMENTS,
        start_up_file=start_up_file,
    )
    for start_up_file in (True, False)
    for how in COMMANDS
    if how != "alone" and (start_up_file or how != "SSOT_PROBE=1")
]

ROUTES = """\
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from shop.work import serve

    def previous(request):
        return PlainTextResponse(str(serve("anna")))

    async def earlier(request):
        return PlainTextResponse("earlier")

    routes = [Route("/previous", previous), Route("/earlier", earlier)]
    """

OLD_ENDPOINTS = {
    **SERVICE,
    "shop/routes.py": ROUTES,
    "web.py": SERVICE["web.py"].replace("routes=[", "routes=[*__import__('shop.routes').routes.routes, "),
    "ssot-probe.toml": SERVICE["ssot-probe.toml"].replace(
        "legacy = [", 'legacy = ["shop.routes:previous", "shop.routes:earlier", '
    ),
}


def old_endpoints(directory: Path, environment: Environment) -> None:
    """Play with functions whose code the tracer exchanges when they are called for the first time."""
    with running_agent() as agent:
        more = {**MORE, "DD_TRACE_AGENT_URL": f"http://127.0.0.1:{agent.port}"}
        paths = ["/previous", "/earlier", "/previous", "/earlier"]
        serve(directory, environment, COMMANDS["alone"], files=OLD_ENDPOINTS, more=more, paths=paths)
    found = seen(directory, directory / "recordings")
    for path in ("shop.routes:previous", "shop.routes:earlier"):
        assert found.verdicts[path] in ("LIVE", "VOID")
        assert path in found.blind


CASES = [
    Case(
        "ddtrace-run",
        "endpoints that are to be deleted",
        old_endpoints,
        "",
        "calls after the first one, whose code the tracer exchanges; before 3.12 all that a route holds",
        distribution="ddtrace",
        requirements=REQUIREMENTS,
    ),
    *_IN_ORDER,
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_the_tracers_spans_and_the_recording_are_what_they_are_without_the_other(
    case: Case, tmp_path: Path
) -> None:
    play(case, tmp_path)
