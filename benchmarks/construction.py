"""What a recorded call costs the application: constructions, a factory's results, and methods."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from tempfile import TemporaryDirectory
from time import sleep

from benchmarks import shop
from benchmarks.alone import Effort
from benchmarks.progress import Progress
from benchmarks.readings import Reading, at_most
from benchmarks.rounds import Timings, Variant, processor_time, take_turns
from benchmarks.shop import BARE, EMPTY, RECORDED
from benchmarks.tracing import tracing
from benchmarks.written_package import importable
from ssot_probe.context.current import bind_user
from ssot_probe.probe import Probe, start
from ssot_probe.settings import Settings

GROUP = "recorded call"

TIMES_AN_EMPTY_WRAPPER = at_most(2.5)
TIMES_AN_EMPTY_METHOD = at_most(2)
SHARE_OF_A_SPAN = at_most(1 / 12)

SPAN, UNTRACED = "Span", "Untraced"


def measure(effort: Effort) -> list[Reading]:
    """Compare recorded calls with bare ones, with empty wrappers, and with spans."""
    with importable(shop.FILES), observed() as probe, bind_user("somebody"):
        readings = [*_in_a_thread(probe, effort), *_in_a_task(probe, effort)]
        # Last, as OpenTelemetry stays loaded: then the probe reads the application's current span too.
        readings += _beside_spans(probe, effort)
    return readings


@contextmanager
def observed() -> Iterator[Probe]:
    """Observe the written package; fail where the probe lost anything or told of an error."""
    with TemporaryDirectory(prefix="ssot-probe-bench-") as recordings:
        probe = start(shop.POLICY, Settings(directory=recordings, exporters=("file",)))
        try:
            import_module(shop.MODULE)
            shop.put_empty_wrappers()
            shop.check_what_is_observed()
            yield probe
        finally:
            probe.stop()
        if probe.losses.by_reason():
            raise RuntimeError(f"the probe lost records: {probe.losses.by_reason()}")


def settling(probe: Probe) -> Callable[[], None]:
    """Return what waits until everything is recorded, and the pump sleeps again."""

    def settle() -> None:
        if not probe.flush(10):
            raise RuntimeError("the pump does not keep up")
        sleep(0.002)  # for the one cycle more that it may have been woken for

    return settle


def _in_a_thread(probe: Probe, effort: Effort) -> Iterator[Reading]:
    for loop, what in (("things", "class of two attributes"), ("managers", "class like a manager")):
        yield from _constructions(_timings(probe, effort, loop, what), what)
    calls = _timings(probe, effort, "calls", "factory")
    yield Reading(GROUP, "factory of one instance / empty wrapper", calls.ratio(RECORDED, EMPTY))
    touches = _timings(probe, effort, "touches", "method")
    goal = TIMES_AN_EMPTY_METHOD
    yield Reading(
        GROUP, "method, user and thread known / empty wrapper", touches.ratio(RECORDED, EMPTY), goal
    )
    waits = _timings(probe, effort, "waits", "async method")
    yield Reading(
        GROUP, "async method, the same, awaited at once / empty wrapper", waits.ratio(RECORDED, EMPTY)
    )
    postponed = _timings(probe, effort, "postponed", "async method, awaited later")
    yield Reading(GROUP, "async method, awaited later / empty wrapper", postponed.ratio(RECORDED, EMPTY))
    with Progress("processor time", effort.long_rounds) as progress:
        spent = processor_time(
            shop.variants_of("things"), effort.long_rounds, effort.long_calls, progress, settling(probe)
        )
    what = "construction with pump and file, processor time / empty wrapper"
    yield Reading(GROUP, what, spent.ratio(RECORDED, EMPTY))
    yield Reading(
        GROUP, "construction with pump and file, processor time", spent.added(RECORDED, BARE), unit="ns"
    )


def _in_a_task(probe: Probe, effort: Effort) -> Iterator[Reading]:
    what = "in an asyncio task"

    async def task() -> Timings:
        return _timings(probe, effort, "things", what)

    yield from _constructions(asyncio.run(task()), f"class of two attributes, {what}")


def _beside_spans(probe: Probe, effort: Effort) -> Iterator[Reading]:
    with tracing() as spans:
        variants = shop.variants_of("things")
        bare_thing = import_module(shop.MODULE).BareThing
        variants[SPAN] = spans.around(lambda: bare_thing("a name", 7))
        variants[UNTRACED] = _without_opentelemetry(variants[RECORDED])
        settle_probe = settling(probe)

        def settle() -> None:
            settle_probe()
            spans.drain()

        with Progress("beside spans", effort.rounds) as progress:
            found = take_turns(variants, effort.rounds, progress, settle)
        with Progress("beside spans, processor time", effort.long_rounds) as progress:
            spent = processor_time(variants, effort.long_rounds, effort.long_calls, progress, settle)
    what = "recording adds / a span with 5 attributes adds"
    yield Reading(GROUP, what, found.added_ratio(UNTRACED, SPAN, BARE), SHARE_OF_A_SPAN)
    yield Reading(
        GROUP,
        f"{what}, pump and span processor included",
        spent.added_ratio(UNTRACED, SPAN, BARE),
    )
    what = "application that has loaded OpenTelemetry"
    yield Reading(GROUP, f"{what}: construction / empty wrapper", found.ratio(RECORDED, EMPTY))
    yield Reading(
        GROUP, f"{what}: adds / span adds", found.added_ratio(RECORDED, SPAN, BARE), SHARE_OF_A_SPAN
    )


def _without_opentelemetry(run: Variant) -> Variant:
    """Let a loop find OpenTelemetry not loaded, as in an application that does not use it."""

    def loop(count: int) -> None:
        hidden = sys.modules.pop("opentelemetry.trace")
        try:
            run(count)
        finally:
            sys.modules["opentelemetry.trace"] = hidden

    return loop


def _timings(probe: Probe, effort: Effort, loop: str, what: str) -> Timings:
    variants = shop.variants_of(loop)
    while sys.gettrace() is not None:  # the probe still follows the lines of the main module
        variants[BARE](1000)
    with Progress(what, effort.rounds) as progress:
        return take_turns(variants, effort.rounds, progress, settling(probe))


def _constructions(found: Timings, what: str) -> Iterator[Reading]:
    yield Reading(GROUP, f"{what} / empty wrapper", found.ratio(RECORDED, EMPTY), TIMES_AN_EMPTY_WRAPPER)
    yield Reading(GROUP, f"{what}, added / added", found.added_ratio(RECORDED, EMPTY, BARE))
