"""Builds the recorder of a process: loaded by the pump, in its thread, when there is something to record."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ssot_probe.context.identity import UserHasher
from ssot_probe.export.listing import listed
from ssot_probe.export.outages import write_to_log
from ssot_probe.export.resource import resource_attributes
from ssot_probe.losses import Losses
from ssot_probe.model.policy import Policy, watched_paths
from ssot_probe.observe.population import Population
from ssot_probe.policy_json import policy_to_json
from ssot_probe.recorder.boundaries import Boundaries
from ssot_probe.recorder.buffer import Buffer
from ssot_probe.recorder.places import Places
from ssot_probe.recorder.process_states import Identity
from ssot_probe.recorder.recorder import Exporter, Recorder
from ssot_probe.settings import Settings
from ssot_probe.version import __version__

if TYPE_CHECKING:
    from ssot_probe.probe.observers import Observers
    from ssot_probe.probe.recorded_process import RecordedProcess
    from ssot_probe.recorder.paths import PathLedger
    from ssot_probe.recorder.sources import Sources


def assemble_recorder(
    settings: Settings,
    policy: Policy,
    process: RecordedProcess,
    observers: Observers,
    population: Population,
    buffer: Buffer,
    boundaries: Boundaries,
    losses: Losses,
    further: Sequence[Exporter],
    user_key: bytes,
    children: Callable[[bool], list[str]],
    source_digests: dict[str, str],
    on_error: Callable[[BaseException], None],
) -> Recorder:
    """Return the recorder of what waits in the buffer.

    Args:
        settings: which exporters there are, and what they say of the service.
        policy: what the recording says that it was made with.
        process: whose recording it is.
        observers: where the events come from.
        population: counts the instances.
        buffer: where the events wait.
        boundaries: collects who shares what.
        losses: what was lost.
        further: exporters beside those of the settings.
        user_key: which users are hashed with.
        children: (is it the last time?) -> forked processes that there should be recordings of, each once.
        source_digests: by path, those that are known already.
        on_error: told of an error of the probe's own; must not raise.
    """
    hash_user = UserHasher(user_key)
    places = Places(observers.scope, observers.script)
    return Recorder(
        identity=Identity(
            instance=process.identity,
            armed=process.armed,
            python=".".join(str(part) for part in sys.version_info[:3]),
            policy=policy,
            policy_json=policy_to_json(policy._replace(source=os.path.basename(policy.source))),
            observers=observers.names,
            user_key=hash_user.key_id,
            parent=process.parent,
            directory=process.listing.directory,
            number=process.listing.number,
        ),
        buffer=buffer,
        losses=losses,
        places=places,
        instances=observers.instances,
        population=population,
        hot_imports=observers.hot_imports,
        hash_user=hash_user,
        exporters=[*further, *_exporters(settings, process, losses, on_error)],
        boundaries=boundaries,
        listed=lambda: listed(process.listing),
        closing=lambda: process.closing,
        paths=_path_ledger(observers, places, process.started),
        children=children,
        sources=_sources(policy, observers, process.started, source_digests),
    )


def _exporters(
    settings: Settings, process: RecordedProcess, losses: Losses, on_error: Callable[[BaseException], None]
) -> list[Exporter]:
    """Return the exporters that the settings name."""
    exporters: list[Exporter] = []

    def tell(line: str) -> None:
        write_to_log(line, settings.debug)

    common = (resource_attributes(settings, process.identity), __version__, process.armed, losses)
    if "file" in settings.exporters:
        from ssot_probe.export.file import FileExporter

        exporters.append(FileExporter(settings.directory, process.file_name, *common, tell=tell))
    if "otlp" in settings.exporters and os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true":
        from ssot_probe.export.otlp import OtlpExporter

        exporters.append(OtlpExporter(*common, on_error, tell))
    return exporters


def _path_ledger(observers: Observers, places: Places, since: int) -> PathLedger | None:
    paths = observers.modules.paths
    if paths is None:
        return None
    from ssot_probe.recorder.paths import PathLedger

    return PathLedger(paths, places, observers.modules.try_control, since)


def _sources(policy: Policy, observers: Observers, since: int, known: dict[str, str]) -> Sources | None:
    if not watched_paths(policy):
        return None
    from ssot_probe.recorder.sources import Sources

    return Sources(observers.scope, since, known)
