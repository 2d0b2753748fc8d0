"""Reads the content of many files, in as many processes as there are processors where that is worth it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import NamedTuple

from ssot_probe.inventory.cache import Cache, digest_of
from ssot_probe.inventory.configuration import read_configuration
from ssot_probe.inventory.facts import Facts, from_json, to_json
from ssot_probe.inventory.pickles import read_pickle
from ssot_probe.inventory.source import read_source
from ssot_probe.inventory.tree import CONFIGURATION, PICKLE, SOURCE, Found

WORTH_PROCESSES = 2 * 1024 * 1024
"""Bytes to be read from which on starting processes takes less time than it saves."""

MOST_BYTES = 32 * 1024 * 1024
"""A larger file is not even looked at."""

_BATCH_BYTES = 256 * 1024
_BATCH_FILES = 100
_READERS: dict[str, Callable[[bytes], Facts]] = {
    SOURCE: read_source,
    CONFIGURATION: read_configuration,
    PICKLE: read_pickle,
}


class Job(NamedTuple):
    """A file that nothing is remembered of. Its content is read where it is parsed: messages stay small."""

    digest: bytes
    kind: str
    path: str
    size: int


class Read(NamedTuple):
    """What was read of a job."""

    job: Job
    digest: bytes  # of what the file held then, b"" where it could not be opened any more
    facts: str  # as JSON


Advance = Callable[[int], None]
Look = Callable[[str, bytes], None]


def read_files(
    files: Sequence[Found],
    cache: Cache,
    processes: int,
    advance: Advance = lambda size: None,
    look: Look = lambda path, content: None,
) -> dict[str, Facts]:
    """Return what each file says, by its path.

    Args:
        files: to be read.
        cache: asked first, and told what is new.
        processes: how many there may be.
        advance: told the bytes of each file when it is done.
        look: shown the path and the content of each Python file.
    """
    facts: dict[str, Facts] = {}
    jobs: dict[bytes, Job] = {}
    digests: dict[str, bytes] = {}
    sizes: dict[bytes, int] = {}
    for found in files:
        content = _content(found.path)
        if isinstance(content, str):
            facts[found.path] = Facts(unreadable=content)
            advance(found.size)
            continue
        if found.kind == SOURCE:
            look(found.path, content)
        digest = digests[found.path] = digest_of(found.kind, content)
        sizes[digest] = sizes.get(digest, 0) + found.size
        jobs.setdefault(digest, Job(digest, found.kind, found.path, len(content)))
    known: dict[bytes, Facts] = {}
    for digest, text in cache.read(jobs).items():
        remembered = _remembered(text)
        if remembered is not None:
            known[digest] = remembered
            advance(sizes[digest])
    new: dict[bytes, str] = {}
    for read in _read_all([job for job in jobs.values() if job.digest not in known], processes):
        known[read.job.digest] = from_json(read.facts)
        if read.digest:
            new[read.digest] = read.facts
        advance(sizes[read.job.digest])
    cache.write(new)
    facts.update((path, known[digest]) for path, digest in digests.items())
    return facts


def _content(path: str) -> bytes | str:
    """Return the content of a file, or why it cannot be read."""
    try:
        if os.path.getsize(path) > MOST_BYTES:
            return f"larger than {MOST_BYTES // 1024 // 1024} MiB"
        with open(path, "rb") as file:
            return file.read(MOST_BYTES)
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _remembered(text: str) -> Facts | None:
    try:
        return from_json(text)
    except ValueError:  # damaged: the file is read again
        return None


def _read_all(jobs: Sequence[Job], processes: int) -> Iterator[Read]:
    if processes < 2 or sum(job.size for job in jobs) < WORTH_PROCESSES:
        for job in jobs:
            yield from read_batch([job])
        return
    crashed: list[Job] = []
    for batch, read in _in_processes(_batches(jobs), processes):
        if read is None:
            crashed.extend(batch)
        else:
            yield from read
    for job in crashed:  # one at a time, to learn which of them ends the process that reads it
        for _, read in _in_processes([[job]], 1):
            if read is None:
                yield Read(
                    job, b"", to_json(Facts(unreadable="cannot be parsed: the interpreter crashed on it"))
                )
            else:
                yield from read


def read_batch(jobs: Iterable[Job]) -> list[Read]:
    """Read some files: what a process is given to do."""
    return [_read(job) for job in jobs]


def _read(job: Job) -> Read:
    content = _content(job.path)
    if isinstance(content, str):
        return Read(job, b"", to_json(Facts(unreadable=content)))
    return Read(job, digest_of(job.kind, content), to_json(_READERS[job.kind](content)))


def _batches(jobs: Sequence[Job]) -> list[list[Job]]:
    """Divide the files into parts of about one size, the largest files first so that none is waited for."""
    batches: list[list[Job]] = [[]]
    size = 0
    for job in sorted(jobs, key=lambda job: job.size, reverse=True):
        if size > _BATCH_BYTES or len(batches[-1]) == _BATCH_FILES:
            batches.append([])
            size = 0
        batches[-1].append(job)
        size += job.size
    return batches


def _in_processes(
    batches: Sequence[list[Job]], processes: int
) -> Iterator[tuple[list[Job], list[Read] | None]]:
    """Yield each batch with what was read, None where a process ended before it was done.

    Processes are spawned, not forked: a forked one would be a copy of this one with all that runs in it.
    """
    context = multiprocessing.get_context("spawn")
    with _unobserved(), ProcessPoolExecutor(processes, context, initializer=_begin) as pool:
        running: dict[Future[list[Read]], list[Job]] = {}
        try:
            waiting = list(reversed(batches))
            while waiting or running:
                while waiting and len(running) < 2 * processes:
                    batch = waiting.pop()
                    try:
                        with _interrupts_later():
                            running[pool.submit(read_batch, batch)] = batch
                    except BrokenProcessPool:
                        yield batch, None
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    batch = running.pop(future)
                    try:
                        yield batch, future.result()
                    except BrokenProcessPool:
                        yield batch, None
        except BaseException:  # Ctrl-C: what the processes are doing is not waited for
            for process in multiprocessing.active_children():
                process.terminate()
            pool.shutdown(cancel_futures=True)
            raise


def _begin() -> None:
    """Leave Ctrl-C to the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    gc.disable()  # what is read leaves no cycles behind


@contextmanager
def _unobserved() -> Iterator[None]:
    """Start processes in which the probe is off."""
    before = os.environ.get("SSOT_PROBE")
    os.environ["SSOT_PROBE"] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ["SSOT_PROBE"]
        else:
            os.environ["SSOT_PROBE"] = before


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Start processes that a Ctrl-C does not reach before they can say how they take it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
