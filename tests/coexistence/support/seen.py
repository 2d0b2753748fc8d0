"""What the probe says of a program, without what is different each time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from ssot_probe.model.path_records import PathUseRecord
from ssot_probe.model.records import BlindRecord, ImportRecord, MakeRecord, ModuleRecord, ProcessRecord
from support.children import environment_of_child, read_recordings

Counts = dict[tuple[str, ...], int]


class Seen(NamedTuple):
    """What was recorded and judged.

    Attributes:
        processes: how many recordings there are.
        modules: first-party modules that were loaded, with the place that loaded them.
        imports: how often each place imported each module.
        makes: how often each maker made, or handed out.
        uses: how often each watched path was used.
        findings: what `report` says, with how often.
        verdicts: what `dead` says of each path.
        blind: subjects of what the recording says that it could not see.
        lost: why something was lost.
        void: why `dead` takes silence for nothing.
    """

    processes: int
    modules: list[tuple[str, str]]
    imports: Counts
    makes: Counts
    uses: Counts
    findings: Counts
    verdicts: dict[str, str]
    blind: set[str]
    lost: dict[str, int]
    void: list[str]


def seen(root: Path, recordings: Path) -> Seen:
    """Read the recordings of a program that lies in a directory."""
    processes = read_recordings(recordings)
    imports: Counter[tuple[str, ...]] = Counter()
    makes: Counter[tuple[str, ...]] = Counter()
    uses: Counter[tuple[str, ...]] = Counter()
    lost: Counter[str] = Counter()
    modules: set[tuple[str, str]] = set()
    blind: set[str] = set()
    for process in processes:
        modules.update((record.module, record.importer) for record in process.of(ModuleRecord))
        blind.update(record.subject for record in process.of(BlindRecord))
        for found in process.of(ImportRecord):
            place = f"{found.site.file}:{found.site.line}"
            imported = (found.module, found.outcome, found.origin, place, *found.names)
            imports[imported] += found.count
        for made in process.of(MakeRecord):
            makes[made.maker, made.outcome, f"{made.site.file}:{made.site.line}"] += made.count
        for use in process.of(PathUseRecord):
            uses[use.path, use.rung, use.origin] += use.count
        for entry in process.of(ProcessRecord)[-1].dropped:
            reason, _, count = entry.partition("=")
            lost[reason] += int(count)
    report, dead = asked("report", root, recordings), asked("dead", root, recordings)
    findings: Counts = {
        (found["code"], found["subject"]): int(found["count"]) for found in report["findings"]
    }
    return Seen(
        len(processes),
        sorted(modules),
        dict(imports),
        dict(makes),
        dict(uses),
        findings,
        {row["path"]: row["verdict"] for row in dead["paths"]},
        blind,
        dict(lost),
        [str(doubt["cause"]) for doubt in dead["evidence"]["void"]],
    )


def asked(command: str, root: Path, recordings: Path) -> Any:
    """Return what `report` or `dead` says as JSON."""
    words = [sys.executable, "-m", "ssot_probe", command, str(recordings), "--format", "json"]
    done = subprocess.run(
        words,
        cwd=root,
        env=environment_of_child(recordings, probe=False, more={}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)
