"""What else runs at the start of an interpreter, and an application with an OpenTelemetry of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from coexistence.support.application import FILES
from coexistence.support.cases import Case, parameters, play
from coexistence.support.compare import STAGING, alone, assert_seen, beside
from coexistence.support.environments import Environment
from coexistence.support.seen import seen
from coexistence.support.telemetry import marked_spans, metric_points, span_trees
from support.children import environment_of_child, run, write_files
from support.collector import running_collector

CUSTOMIZE = """\
    import sys
    sys.started = [*getattr(sys, "started", ()), {name!r}]
    import shop
    """

TOLD = FILES["main.py"].rstrip() + "\n    import sys\n    print(sys.started)\n"


def customized(*names: str) -> Any:
    """Play a program whose interpreter first runs somebody else's files, which import of the application."""

    def in_this_way(directory: Path, environment: Environment) -> None:
        texts = {**FILES, "main.py": TOLD}
        for name in names:
            texts[f"{name}.py"] = CUSTOMIZE.format(name=name)
        told = []
        for kind in ("plain", "observed"):
            root = directory / kind
            write_files(root, texts)
            variables = environment_of_child(root / "recordings", kind == "observed", STAGING)
            path = [variables.get("PYTHONPATH", ""), str(root)]
            variables["PYTHONPATH"] = os.pathsep.join(filter(None, path))
            done = subprocess.run(
                [environment.python, "main.py"],
                cwd=root,
                env=variables,
                capture_output=True,
                text=True,
                check=False,
            )
            told.append((done.returncode, done.stdout, done.stderr))
        assert told[1] == told[0]
        assert told[0][0] == 0, told[0][2]
        assert "['sitecustomize']" in told[0][1]
        found, expected = seen(root, root / "recordings"), alone(environment.python)
        assert ("shop", "sitecustomize.py:3") in found.modules
        assert (found.verdicts, found.uses, found.makes) == (expected.verdicts, expected.uses, expected.makes)
        assert (found.lost, found.void) == ({}, [])

    return in_this_way


OWN_TELEMETRY = {
    "telemetry.py": """\
        import os, sys, threading
        from opentelemetry import baggage, context, metrics, propagate, trace
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.propagators.composite import CompositePropagator
        from opentelemetry.baggage.propagation import W3CBaggagePropagator
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.trace import TracerProvider, sampling
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        def set_up(sampler, processor):
            samplers = {"always_on": sampling.ALWAYS_ON, "always_off": sampling.ALWAYS_OFF,
                        "parent": sampling.ParentBased(sampling.ALWAYS_ON)}
            processors = {"simple": SimpleSpanProcessor, "batch": BatchSpanProcessor}
            provider = TracerProvider(sampler=samplers[sampler])
            provider.add_span_processor(processors[processor](OTLPSpanExporter()))
            trace.set_tracer_provider(provider)
            metrics.set_meter_provider(MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())]))
            both = [TraceContextTextMapPropagator(), W3CBaggagePropagator()]
            propagate.set_global_textmap(CompositePropagator(both))
            return provider
        """,
    "main.py": """\
        import asyncio, sys, threading
        import telemetry
        if sys.argv[1] == "early":
            provider = telemetry.set_up(*sys.argv[2:])
        from shop.work import serve, serve_as_before
        if sys.argv[1] == "late":
            provider = telemetry.set_up(*sys.argv[2:])
        from telemetry import baggage, context, metrics, propagate, trace

        tracer = trace.get_tracer("shop")
        orders = metrics.get_meter("shop").create_counter("shop.orders", "{order}")
        said = []

        def work(user_id):
            with tracer.start_as_current_span("order", attributes={"user": user_id}) as span:
                serve_as_before(user_id)
                orders.add(1, {"user": user_id})
                carrier = {}
                propagate.inject(carrier)
                said.append((sorted(carrier), carrier.get("baggage"), span.is_recording()))

        async def later(user_id):
            await asyncio.sleep(0)
            work(user_id)

        async def all_of_them():
            with tracer.start_as_current_span("all"):
                await asyncio.gather(*(later(user_id) for user_id in ("anna", "bert")))
                await asyncio.to_thread(work, "carla")

        token = context.attach(baggage.set_baggage("tenant", "blue"))
        work("anna")
        asyncio.run(all_of_them())
        copied = context.get_current()

        def in_thread():
            inner = context.attach(copied)
            work("bert")
            context.detach(inner)

        thread = threading.Thread(target=in_thread)
        thread.start()
        thread.join()
        context.detach(token)
        print(trace.get_tracer_provider() is provider, sorted(said))
        """,
}


def own_providers(*words: str) -> Any:
    """Play an application that sets its providers itself."""

    def in_this_way(directory: Path, environment: Environment) -> None:
        files = {**FILES, **OWN_TELEMETRY}
        told = []
        for kind in ("plain", "observed"):
            with running_collector() as collector:
                more = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_SERVICE_NAME": "shop"}
                done = run(
                    directory / kind,
                    *("main.py", *words),
                    files=files,
                    environment=more,
                    probe=kind == "observed",
                    interpreter=environment.python,
                )
            trees, points = span_trees(collector), metric_points(collector)
            told.append((done.code, done.stdout, done.stderr, trees, points))
        assert told[1] == told[0]
        plain = told[0]
        assert plain[0] == 0, plain[2]
        assert plain[1].startswith("True"), plain[1]
        assert len(plain[3]) == (0 if "always_off" in words else 3)
        assert plain[4]
        assert len(marked_spans(collector)) == (0 if "always_off" in words else 2)

    return in_this_way


UNINSTRUMENTS = """\
    import json, sys
    import wrapt
    import shop.manager

    def wraps(wrapped, instance, arguments, options):
        heard.append(wrapped.__name__)
        return wrapped(*arguments, **options)

    heard = []
    wrapt.wrap_function_wrapper("shop.manager", "new_manager", wraps)
    wrapt.wrap_function_wrapper("shop.manager", "OrderManager.order", wraps)
    from shop.work import serve
    for number in range(3):
        serve("anna")
    for owner, name in ((shop.manager, "new_manager"), (shop.manager.OrderManager, "order")):
        held = vars(owner)[name]
        setattr(owner, name, held.__wrapped__)
    for number in range(3):
        serve("bert")
    print(heard, type(vars(shop.manager)["new_manager"]).__name__)
    """


def uninstrument(directory: Path, environment: Environment) -> None:
    """Play an application that is instrumented after the probe, and uninstrumented in mid-flight."""
    files = {**FILES, "main.py": UNINSTRUMENTS}
    done, found = beside(
        directory, environment, "main.py", files=files, steady=lambda text: text.rpartition("]")[0]
    )
    assert done.code == 0, done.stderr
    assert done.stdout.count("'new_manager'") == 3
    made = sum(n for make, n in found.makes.items() if make[:2] == ("shop.manager:new_manager", "returned"))
    assert made == 6
    assert json.dumps(sorted(found.lost)) == "[]"


def start_up_files(directory: Path, environment: Environment) -> None:
    """Play beside the start-up files of coverage, setuptools and an editable installation, as here."""
    done, found = beside(directory, environment, "main.py")
    assert done.code == 0
    assert_seen(found, alone(environment.python))


PROVIDERS = "spans with parents and attributes, metrics, baggage, propagated headers, the provider"

CASES = [
    Case(
        "sitecustomize",
        "of the application, which imports of it",
        customized("sitecustomize"),
        "output; verdicts, calls",
        is_thin=True,
    ),
    Case(
        "start-up files",
        "coverage's, setuptools', an editable finder",
        start_up_files,
        "output; the recording",
    ),
    *(
        Case(
            "OpenTelemetry SDK",
            f"providers of the application, {when}, sampler {sampler}, processor {processor}",
            own_providers(when, sampler, processor),
            PROVIDERS,
            distribution="opentelemetry-sdk",
            is_thin=(when, processor) == ("late", "batch"),
        )
        for when in ("early", "late")
        for sampler, processor in (("always_on", "simple"), ("parent", "batch"), ("always_off", "batch"))
    ),
    Case(
        "wrapt", "wrappers around ours, taken off again", uninstrument, "what they hear; calls", is_thin=True
    ),
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_what_starts_with_it_does_what_it_does_without_the_probe(case: Case, tmp_path: Path) -> None:
    play(case, tmp_path)
