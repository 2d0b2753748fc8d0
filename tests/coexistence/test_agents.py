"""Agents of other makers: each sends, and the probe records, what it does without the other."""

from __future__ import annotations

import json
import re
import zlib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent, indent
from typing import Any, NamedTuple

import pytest
from coexistence.support.agent import Agent, running_agent
from coexistence.support.cases import Case, parameters, play
from coexistence.support.compare import assert_seen
from coexistence.support.environments import Environment
from coexistence.support.seen import Seen, seen
from coexistence.support.service import SERVICE, UVICORN, serve

INDENT = " " * 8
LIBRARIES = ("httpx", "requests", "starlette", "uvicorn")


class Product(NamedTuple):
    """An agent, how it is started, and what it sends."""

    command: tuple[str, ...]
    more: dict[str, str]  # `{port}` is where its data go
    sent: Any  # what has arrived, of which the same must arrive each time
    web: str = ""  # what the application says to switch it on


def transactions(agent: Agent) -> Any:
    """Return names of transactions and spans that Elastic's agent sent."""
    found = []
    for body in agent.bodies("/intake"):
        for line in _inflated(body).decode().splitlines():
            event = json.loads(line)
            for kind in ("transaction", "span", "error"):
                if kind in event:
                    told = event[kind]
                    name = re.sub(r":\d+", "", told.get("name") or "")
                    found.append((kind, name, told.get("type"), told.get("result"), told.get("outcome")))
    return sorted(found, key=repr)


def envelopes(agent: Agent) -> Any:
    """Return transactions and errors that Sentry's SDK sent."""
    found = []
    for body in agent.bodies("/api"):
        for line in body.decode(errors="replace").splitlines():
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("type") == "transaction" and "spans" in event:
                spans = sorted(
                    (span["op"], span.get("description", "").split(":")[0]) for span in event["spans"]
                )
                found.append((event["transaction"], event["contexts"]["trace"]["op"], tuple(spans)))
            if "exception" in event:
                frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
                found.append(("error", tuple(frame["function"] for frame in frames if frame["in_app"]), ()))
    return sorted(found)


def _inflated(body: bytes) -> bytes:
    try:
        return zlib.decompress(body)
    except zlib.error:
        return body


SENTRY = """\
    import os, sentry_sdk
    sentry_sdk.init(
        f"http://key@127.0.0.1:{os.environ['AGENT']}/1", traces_sample_rate=1.0, default_integrations=True
    )
    """

PRODUCTS = {
    "sentry-sdk": Product((), {"AGENT": "{port}"}, envelopes, SENTRY),
    "elastic-apm": Product(
        ("elasticapm-run",),
        {
            "ELASTIC_APM_SERVER_URL": "http://127.0.0.1:{port}",
            "ELASTIC_APM_SERVICE_NAME": "shop",
            "ELASTIC_APM_CENTRAL_CONFIG": "false",
            "ELASTIC_APM_CLOUD_PROVIDER": "none",
            "ELASTIC_APM_METRICS_INTERVAL": "0s",
        },
        transactions,
        "    import elasticapm\n    from elasticapm.contrib.starlette import ElasticAPM\n",
    ),
    "newrelic": Product(
        ("newrelic-admin", "run-program"),
        {
            "NEW_RELIC_LICENSE_KEY": "0" * 40,
            "NEW_RELIC_APP_NAME": "shop",
            "NEW_RELIC_HOST": "127.0.0.1",
            "NEW_RELIC_PORT": "{port}",
            "NEW_RELIC_LOG": "stderr",
            "NEW_RELIC_LOG_LEVEL": "critical",
        },
        lambda agent: (),
    ),
}


def service_of(product: Product) -> dict[str, str]:
    return {**SERVICE, "web.py": indent(dedent(product.web), INDENT) + SERVICE["web.py"]}


def watched(directory: Path, environment: Environment, name: str, probe: bool) -> Any:
    """Run the service with an agent; returns what it answered and what was sent."""
    product = PRODUCTS[name]
    with running_agent() as agent:
        more = {key: value.format(port=agent.port) for key, value in product.more.items()}
        command = (*product.command, *UVICORN)
        recordings = directory / "recordings"
        files = service_of(product)
        done, answers = serve(
            directory, environment, command, probe=probe, files=files, more=more, recordings=recordings
        )
    return done.code, answers, done.stdout, product.sent(agent)


@cache
def seen_alone(environment: Environment, name: str) -> Seen:
    with TemporaryDirectory() as place:
        recordings = Path(place) / "recordings"
        lines = PRODUCTS[name].web.count("\n")
        files = {**SERVICE, "web.py": f"{INDENT}pass\n" * lines + SERVICE["web.py"]}
        serve(Path(place), environment, UVICORN, recordings=recordings, files=files)
        return seen(Path(place), recordings)


def with_agent(name: str) -> Any:
    def in_this_way(directory: Path, environment: Environment) -> None:
        plain = watched(directory / "plain", environment, name, probe=False)
        told = watched(directory / "observed", environment, name, probe=True)
        assert told == plain
        assert plain[3] or name == "newrelic", "the agent sent nothing"
        found = seen(directory / "observed", directory / "observed" / "recordings")
        expected = seen_alone(environment, name)
        assert found.verdicts == expected.verdicts
        assert_seen(found, expected)

    return in_this_way


CASES = [
    Case(
        name,
        " ".join(product.command) or "sentry_sdk.init",
        with_agent(name),
        f"answers{', what it sends' if name != 'newrelic' else ''}; the recording",
        distribution=name,
        requirements=(name, *LIBRARIES),
    )
    for name, product in PRODUCTS.items()
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_an_agent_sends_the_same_and_the_probe_records_the_same(case: Case, tmp_path: Path) -> None:
    play(case, tmp_path)
