"""Writes recordings of a fleet that is watched for paths to be deleted, as its processes would write them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ssot_probe.model.path_records import CALLED, PathUseRecord, WatchedPathRecord
from ssot_probe.model.policy import Concept, Dead, Policy
from ssot_probe.model.records import ImportRecord, ModuleRecord, ProcessRecord, Record, Site
from ssot_probe.policy_json import policy_to_json
from ssot_probe.version import __version__
from ssot_probe.wire.otlp_json import AttributeValue, encode_spans
from ssot_probe.wire.spans import to_spans

SECOND = 1_000_000_000
HOUR, DAY = 3600 * SECOND, 86_400 * SECOND
START = 1_767_571_200 * SECOND  # 2026-01-05

ROLES = ("web", "worker")
MODULES = 300
"""First-party modules that each process loads."""

USED_EVERY = 5
"""One path in so many is used."""


def paths_of(count: int) -> list[str]:
    """Return the watched paths: modules, and names in modules that are loaded."""
    return [
        f"shop.old.part{number}" if number % 2 else f"shop.part{number % MODULES}:serve{number}"
        for number in range(count)
    ]


def policy_of(paths: list[str]) -> Policy:
    """Return the policy that the fleet is recorded and judged by."""
    return Policy(
        packages=("shop",),
        concepts=(Concept("shop", ("*Manager*",), legacy=tuple(paths)),),
        dead=Dead(("production",), ROLES, 7, (), ("week",)),
    )


def write_fleet(directory: Path, processes: int, days: int, paths: int) -> Policy:
    """Write the recording of each process to a file of its own, and return their policy."""
    names = paths_of(paths)
    policy = policy_of(names)
    told = policy_to_json(policy)
    for number in range(1, processes + 1):
        resource: dict[str, AttributeValue] = {
            "service.name": "shop",
            "service.instance.id": f"shop-{number}",
            "service.version": "4.2",
            "deployment.environment.name": "production",
            "host.name": f"host-{number % 20}",
            "process.pid": 100 + number,
            "ssot.role": ROLES[number % len(ROLES)],
            "telemetry.distro.version": __version__,
            "ssot.schema.version": 1,
        }
        with open(directory / f"shop-{number}.traces.jsonl", "w", encoding="utf-8") as file:
            emitted = 0
            for batch in _batches(number, processes, days, names, told):
                counted = [
                    record._replace(emitted=emitted) if isinstance(record, ProcessRecord) else record
                    for record in batch
                ]
                emitted += len(batch)
                file.write(encode_spans(resource, "1", to_spans(counted)) + "\n")
    return policy


def _batches(number: int, processes: int, days: int, paths: list[str], policy: str) -> Iterator[list[Record]]:
    """Yield what one process writes: what it loads, a sign of life every hour, its uses, its end."""
    end = START + days * DAY - SECOND
    yield [_state("started", START, number, processes, policy)]
    yield [
        ModuleRecord(f"shop.part{part}", f"shop/part{part}.py", f"shop/app.py:{part}", False, START, True)
        for part in range(MODULES)
    ]
    yield [_import(part, START + part) for part in range(MODULES)]
    yield _zeros(paths, START + SECOND)
    for hour in range(1, days * 24):
        time = START + hour * HOUR
        yield [_state("alive", time, number, processes, "")]
        if hour % 24 == 0:
            yield [
                _use(path, time) for path in paths[number % 7 :: 7][:5] if paths.index(path) % USED_EVERY == 0
            ]
    yield _zeros(paths, end)
    yield [_state("stopped", end, number, processes, "")]


def _state(state: str, time: int, number: int, processes: int, policy: str) -> ProcessRecord:
    closed = "exit" if state == "stopped" else ""
    return ProcessRecord(
        *(state, time, START, "3.12.1", ("shop",), policy, ("finder", "tripwire"), "k1", 0, (), "", "seen"),
        *(closed, "list-1", number, processes),
    )


def _zeros(paths: list[str], time: int) -> list[Record]:
    return [
        WatchedPathRecord(path, "function" if ":" in path else "unknown", "", "", "", 1, "", 0, 0, 0, 0, time)
        for path in paths
    ]


def _import(part: int, time: int) -> ImportRecord:
    site = Site("shop/app.py", part + 1, "<module>", "shop.app")
    return ImportRecord(
        f"shop.part{part}", (), "loaded", "application", True, site, "MainThread", 1, time, time
    )


def _use(path: str, time: int) -> PathUseRecord:
    subject = path if ":" in path else f"{path}:serve"
    defined = Site("shop/part.py", 10, subject.partition(":")[2], subject.partition(":")[0])
    return PathUseRecord(
        *(path, CALLED, subject, "", "application", True, "MainThread", 1, True, time, time, "", defined),
        Site("shop/views.py", 10, "view", "shop.views"),
    )
