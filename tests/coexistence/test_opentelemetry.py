"""OpenTelemetry's automatic instrumentation: the application's telemetry stays, and the recording."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from coexistence.support.cases import Case, parameters, play
from coexistence.support.compare import assert_seen
from coexistence.support.environments import Environment
from coexistence.support.seen import Seen, seen
from coexistence.support.service import UVICORN, serve
from coexistence.support.telemetry import marked_spans, metric_points, span_trees
from support.collector import running_collector

LIBRARIES = ("asyncio", "httpx", "logging", "requests", "starlette", "threading")

REQUIREMENTS = (
    # Without exact versions the resolver goes back for years: not all have a release of each day.
    "opentelemetry-sdk==1.45.1",
    "opentelemetry-exporter-otlp==1.45.1",
    "opentelemetry-distro==0.66b1",
    *(f"opentelemetry-instrumentation-{library}==0.66b1" for library in LIBRARIES),
    *("httpx", "requests", "starlette", "uvicorn"),
)

OLD = (
    *("opentelemetry-sdk==1.27.0", "opentelemetry-exporter-otlp==1.27.0", "opentelemetry-distro==0.48b0"),
    *(f"opentelemetry-instrumentation-{library}==0.48b0" for library in LIBRARIES),
    *("httpx<0.28", "requests", "setuptools<80", "starlette<0.38", "uvicorn", "wrapt<2"),
)
"""What a resolver without exact versions finds: an SDK and wrapt of years ago."""

INSTRUMENT = ("opentelemetry-instrument",)
RUN = ("ssot-probe", "run", "--")
COMMANDS = {
    "alone": (*INSTRUMENT, *UVICORN),
    "SSOT_PROBE=1": (*INSTRUMENT, *UVICORN),
    "inside of `ssot-probe run`": (*RUN, *INSTRUMENT, *UVICORN),
    "around `ssot-probe run`": (*INSTRUMENT, *RUN, *UVICORN),
}


NOTHING: Mapping[str, str] = MappingProxyType({})


class Told(NamedTuple):
    """What the application said, and sent."""

    code: int
    answers: list[str]
    stdout: str
    spans: list[Any]
    metrics: dict[tuple[Any, ...], Any]
    marked: int


def instrumented(
    directory: Path, environment: Environment, how: str, more: Mapping[str, str] | None = None
) -> Told:
    """Run the service with OpenTelemetry's instrumentation and, unless it is alone, the probe."""
    with running_collector() as collector:
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_METRICS_EXPORTER": "otlp",
            "OTEL_LOGS_EXPORTER": "none",
            "OTEL_SERVICE_NAME": "shop",
            "SSOT_PROBE_DIR": str(directory / "recordings"),
            **(more or {}),
        }
        is_on = how == "SSOT_PROBE=1"
        done, answers = serve(directory, environment, COMMANDS[how], probe=is_on, more=variables)
    metrics = metric_points(collector)
    return Told(done.code, answers, done.stdout, span_trees(collector), metrics, len(marked_spans(collector)))


@cache
def without_the_probe(environment: Environment, more: tuple[tuple[str, str], ...] = ()) -> Told:
    with TemporaryDirectory() as place:
        return instrumented(Path(place), environment, "alone", dict(more))


@cache
def seen_alone(environment: Environment) -> Seen:
    with TemporaryDirectory() as place:
        recordings = Path(place) / "recordings"
        serve(Path(place), environment, UVICORN, recordings=recordings)
        return seen(Path(place), recordings)


def in_order(how: str, more: Mapping[str, str] = NOTHING, is_old: bool = False) -> Any:
    def in_this_way(directory: Path, environment: Environment) -> None:
        plain = without_the_probe(environment, tuple(more.items()))
        told = instrumented(directory, environment, how, more)
        assert len(plain.spans) == 9 or more or is_old
        assert told._replace(marked=0) == plain
        found = seen(directory, directory / "recordings")
        expected = seen_alone(Environment(environment.python.replace("-bare/", "/"), True))
        assert ("SSOT301", "shop.manager:OrderManager") in expected.findings
        assert_seen(found, expected)
        has_room = not is_old and not {"OTEL_TRACES_SAMPLER", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"} & set(more)
        assert told.marked == (
            2 if has_room else 0
        )  # the second user's request, and the third one's; old: no spans

    return in_this_way


SAME = "spans, their parents and attributes, metrics; the recording"

CASES = [
    *(
        Case(
            "opentelemetry-instrument",
            how + ("" if start_up_file else ", no start-up file"),
            in_order(how),
            SAME,
            distribution="opentelemetry-distro",
            requirements=REQUIREMENTS,
            start_up_file=start_up_file,
        )
        for start_up_file in (True, False)
        for how in COMMANDS
        if how != "alone" and (start_up_file or how != "SSOT_PROBE=1")
    ),
    *(
        Case(
            "opentelemetry-instrument",
            f"{how}, versions of 2024 and wrapt 1",
            in_order(how, is_old=True),
            SAME,
            distribution="opentelemetry-distro",
            requirements=OLD,
            until=(3, 12),
        )
        for how in ("SSOT_PROBE=1", "inside of `ssot-probe run`")  # it leaves processes inside of it alone
    ),
    *(
        Case(
            "opentelemetry-instrument",
            f"SSOT_PROBE=1, {', '.join(f'{name}={value}' for name, value in more.items())}",
            in_order("SSOT_PROBE=1", more),
            SAME,
            distribution="opentelemetry-distro",
            requirements=REQUIREMENTS,
        )
        for more in (
            {"OTEL_TRACES_SAMPLER": "always_off"},
            {"OTEL_PROPAGATORS": "baggage"},
            {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "8"},
        )
    ),
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_the_applications_telemetry_and_the_recording_are_what_they_are_without_the_other(
    case: Case, tmp_path: Path
) -> None:
    play(case, tmp_path)
