"""Recordings of a fleet are a union: what is lost on the way may cost a verdict, and never makes one."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from unit.analysis.retirement.fleet import Worker, day, judged, terms

from ssot_probe.analysis.load import load
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.verdicts import DEAD, LIVE, VOID
from ssot_probe.errors import ProbeError
from ssot_probe.model.path_records import CALLED, CONSTRUCTED, INHERITED, RESOLVED
from ssot_probe.model.policy import Dead, Policy
from ssot_probe.model.records import ProcessRecord, Record
from ssot_probe.wire.otlp_json import AttributeValue, encode_spans
from ssot_probe.wire.spans import to_spans

ITERATIONS = 10_000
THROUGH_FILES = 150

PATHS = ("chat.ws.old", "chat.ws.compat:Registry", "chat.ws.tools:serve")
TERMS: Policy = terms(
    *PATHS,
    dead=Dead(environments=("production",), roles=("web", "worker"), min_days=5, cycles=("week",)),
)


class Truth(NamedTuple):
    """A fleet, and what it really did."""

    workers: list[Worker]
    used: dict[str, set[str]]  # by path, the processes that used it
    unclosed: set[str]  # processes that did not say goodbye


def some_fleet(random: Random) -> Truth:
    """Return a fleet of a few processes that live and work for some days."""
    count = random.randint(2, 4)
    used: dict[str, set[str]] = {path: set() for path in PATHS}
    workers = []
    unclosed = set()
    for number in range(1, count + 1):
        role = ("web", "worker")[number % 2]
        days = random.choice((9, 10, 14))
        worker = Worker(
            f"p{number}",
            role=role,
            days=days,
            number=number,
            listed=random.choice((number, count)),
            watched=PATHS,
        )
        for path in PATHS:
            if random.random() < 0.15:
                used[path].add(worker.name)
                use_somehow(worker, path, random)
            elif random.random() < 0.1:
                worker.uses("chat/probe.py:3", path, rung=RESOLVED)
        if random.random() < 0.3:
            worker.alive(random.randrange(days))
        if random.random() < 0.95:
            worker.stops(random.choice(("exit", "sigterm")))
        else:
            unclosed.add(worker.name)
        workers.append(worker)
    return Truth(workers, used, unclosed)


def use_somehow(worker: Worker, path: str, random: Random) -> None:
    """Use a path in one of the ways that are told."""
    days = random.randrange(8)
    how = random.randrange(5)
    if how < 3:
        rung = (CALLED, CONSTRUCTED, INHERITED)[how]
        worker.uses("chat/views.py:9", path, rung=rung, days=days, is_at_least=random.random() < 0.5)
    elif how == 3:
        worker.imports("chat/jobs.py:4", path, days=days, origin="unpickling")
    else:
        module, _, name = path.partition(":")
        worker.makes("chat/views.py:12", f"{module}:{name or 'Manager'}")


def all_of(truth: Truth) -> list[tuple[str, Record]]:
    """Return every record, with its process."""
    return [(worker.name, record) for worker in truth.workers for record in worker.records]


def damaged(pairs: list[tuple[str, Record]], random: Random) -> list[tuple[str, Record]]:
    """Return what is left of the records after what can happen to them on the way."""
    left = list(pairs)
    processes = sorted({process for process, _ in pairs})
    for _ in range(random.randint(1, 2)):
        harm = random.randrange(5)
        victim = random.choice(processes)
        if harm == 0:  # single records
            left = [pair for pair in left if random.random() > 0.15]
        elif harm == 1:  # a process
            left = [pair for pair in left if pair[0] != victim]
        elif harm == 2:  # the end of what it told
            theirs = [pair for pair in left if pair[0] == victim]
            kept = theirs[: random.randint(0, len(theirs))]
            left = [pair for pair in left if pair[0] != victim] + kept
        elif harm == 3:  # the beginning of it
            theirs = [pair for pair in left if pair[0] == victim]
            kept = theirs[random.randint(0, len(theirs)) :]
            left = [pair for pair in left if pair[0] != victim] + kept
        else:  # nothing but copies
            left += random.sample(left, len(left) // 2)
    random.shuffle(left)
    return left


def revealed(left: Sequence[tuple[str, Record]]) -> set[str]:
    """Return the processes that what is left tells of: by a record of theirs, or by the list of processes."""
    listed = max((r.listed for _, r in left if isinstance(r, ProcessRecord)), default=0)
    return {process for process, _ in left} | {f"p{number}" for number in range(1, listed + 1)}


def verdicts(recording: Recording) -> dict[str, str]:
    return {row.path: row.verdict for row in judged(recording, TERMS, today=day(20)).rows}


def check(truth: Truth, known: set[str], found: dict[str, str]) -> None:
    """Of what is not known to exist, nothing is asked: no reader could."""
    for path, verdict in found.items():
        if verdict in DEAD:
            assert not truth.used[path] & known, f"{path}: {verdict}, and it was used"
            assert not truth.unclosed & known, f"{path}: what was void turned into {verdict}"


def test_no_loss_makes_a_used_path_dead() -> None:
    dead = live = 0
    for seed in range(ITERATIONS):
        random = Random(seed)
        truth = some_fleet(random)
        pairs = all_of(truth)
        whole = verdicts(Recording(pairs, [worker.about for worker in truth.workers]))
        for path in PATHS:
            assert (whole[path] == LIVE) == bool(truth.used[path]), (seed, path)
        left = damaged(pairs, random)
        about = [worker.about for worker in truth.workers if worker.name in {name for name, _ in left}]
        found = verdicts(Recording(left, about))
        check(truth, revealed(left), found)
        dead += sum(verdict in DEAD for verdict in found.values())
        live += sum(verdict == LIVE for verdict in found.values())
    assert dead > ITERATIONS / 10, "some damage is none: a test that refuses everything proves nothing"
    assert live > ITERATIONS / 10


def versions(random: Random) -> tuple[Truth, dict[str, bool]]:
    """Return a fleet of which some run an older version of the only caller, and who runs which."""
    path = PATHS[0]
    used: dict[str, set[str]] = {each: set() for each in PATHS}
    workers, unclosed, is_new = [], set(), {}
    for number in range(1, 5):
        is_new[f"p{number}"] = number > 2 and random.random() < 0.8
        worker = Worker(
            f"p{number}",
            role=("web", "worker")[number % 2],
            first=0 if number < 3 else 12,
            days=10,
            number=number,
            listed=number,
            watched=(),
        )
        for each in PATHS:
            worker.watches(each, "module", digest=random.choice(("a", "b")))
        worker.loaded_source("chat/views.py", "v2" if is_new[worker.name] else "v1")
        if random.random() < (0.1 if is_new[worker.name] else 0.5):
            used[path].add(worker.name)
            worker.uses("chat/views.py:9", path, days=random.randrange(8), digest=random.choice(("a", "b")))
        if random.random() < 0.9:
            worker.stops(random.choice(("exit", "sigterm", "failed")))
        else:
            unclosed.add(worker.name)
        workers.append(worker)
    return Truth(workers, used, unclosed), is_new


def test_only_a_newer_version_of_the_caller_that_was_watched_supersedes_a_use() -> None:
    dead = live = 0
    for seed in range(ITERATIONS // 5):
        random = Random(seed)
        truth, is_new = versions(random)
        left = damaged(all_of(truth), random) if random.random() < 0.7 else all_of(truth)
        here = {name for name, _ in left}
        about = [worker.about for worker in truth.workers if worker.name in here]
        verdict = {row.path: row.verdict for row in judged(Recording(left, about), TERMS, today=day(30)).rows}
        known = truth.used[PATHS[0]] & revealed(left)
        if verdict[PATHS[0]] in DEAD:
            assert not any(is_new[name] for name in known), seed
            closed = {name for name in here if is_new[name]} - truth.unclosed
            assert not known or closed, seed
        dead += verdict[PATHS[0]] in DEAD and bool(known)
        live += verdict[PATHS[0]] == LIVE
    assert dead > 10, "uses that are superseded leave a silence that counts"
    assert live > ITERATIONS / 50


def test_order_and_copies_change_nothing() -> None:
    for seed in range(200):
        random = Random(seed)
        truth = some_fleet(random)
        pairs = all_of(truth)
        about = [worker.about for worker in truth.workers]
        whole = judged(Recording(pairs, about), TERMS, today=day(20))
        again = pairs + random.sample(pairs, len(pairs) // 2)
        random.shuffle(again)
        assert judged(Recording(again, reversed(about)), TERMS, today=day(20)) == whole


def write(truth: Truth, directory: Path) -> list[Path]:
    """Write what each process tells to a file of its own, some lines of it at a time."""
    files = []
    for worker in truth.workers:
        resource: dict[str, AttributeValue] = {
            "service.name": worker.about.service,
            "service.instance.id": worker.name,
            "deployment.environment.name": worker.about.environment,
            "ssot.role": worker.about.role,
        }
        file = directory / f"{worker.name}.traces.jsonl"
        parts = [worker.records[start : start + 3] for start in range(0, len(worker.records), 3)]
        file.write_text("".join(encode_spans(resource, "1", to_spans(part)) + "\n" for part in parts))
        files.append(file)
    return files


def harmed(files: Sequence[Path], elsewhere: Path, random: Random) -> Iterator[Path]:
    """Yield the files after what can happen to files: cut, without a line, copied, packed, moved, lost."""
    for file in files:
        content = file.read_bytes()
        lines = content.splitlines(keepends=True)
        harm = random.randrange(7)
        if harm == 0:
            continue
        if harm == 1:
            file.write_bytes(content[: random.randrange(len(content))])
        elif harm == 2:
            file.write_bytes(b"".join(random.sample(lines, random.randint(1, len(lines)))))
        elif harm == 3:
            file.write_bytes(content + content)
        elif harm == 4:
            packed = Path(f"{file}.gz")
            packed.write_bytes(gzip.compress(content)[: random.choice((None, 200))])
            file = packed
        elif harm == 5:
            yield Path(shutil.copy(file, elsewhere / file.name))
        yield file


def test_no_damage_to_files_makes_a_used_path_dead(tmp_path: Path) -> None:
    dead = live = 0
    for seed in range(THROUGH_FILES):
        random = Random(seed)
        truth = some_fleet(random)
        directory, elsewhere = tmp_path / f"{seed}", tmp_path / f"{seed}-copy"
        directory.mkdir()
        elsewhere.mkdir()
        sources = [str(file) for file in harmed(write(truth, directory), elsewhere, random)]
        random.shuffle(sources)
        if not sources:
            continue
        try:
            recording = load(sources)
        except ProbeError:
            continue
        found = {row.path: row.verdict for row in judged(recording, TERMS, today=day(20)).rows}
        told = [(process, record) for process, record in recording.of(ProcessRecord)]
        known = revealed(told) | {process.identity for process in recording.processes}
        check(truth, known, found)
        dead += sum(verdict in DEAD for verdict in found.values())
        live += sum(verdict == LIVE for verdict in found.values())
    assert dead
    assert live


@pytest.mark.parametrize("harm", ["cut", "line", "first", "copy", "moved"])
def test_what_happens_to_one_file_takes_no_use_away_and_makes_no_silence_count(
    tmp_path: Path, harm: str
) -> None:
    user = Worker("p1", number=1, listed=2, watched=PATHS).uses(path=PATHS[0]).stops()
    silent = Worker("p2", role="worker", number=2, listed=2, watched=PATHS).stops()
    _, file = write(Truth([user, silent], {}, set()), tmp_path)
    lines = file.read_bytes().splitlines(keepends=True)
    sources = [str(tmp_path)]
    if harm == "cut":
        file.write_bytes(file.read_bytes()[:-20])
    elif harm == "line":
        file.write_bytes(b"".join(lines[:1] + lines[2:]))
    elif harm == "first":
        file.write_bytes(b"".join(lines[1:]))
    elif harm == "copy":
        shutil.copy(file, tmp_path / "copy.traces.jsonl")
    else:
        (tmp_path / "elsewhere").mkdir()
        shutil.move(file, tmp_path / "elsewhere" / "p2.traces.jsonl")
    found = {row.path: row.verdict for row in judged(load(sources), TERMS).rows}
    assert found[PATHS[0]] == LIVE
    assert found[PATHS[1]] == ("NEVER-LOADED" if harm in ("copy", "moved") else VOID)
