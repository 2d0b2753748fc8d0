"""Reads the content of many files, in as many processes as there are processors where that is worth it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

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
_READERS: dict[str, Callable[[bytes], Facts]] = {
    SOURCE: read_source,
    CONFIGURATION: read_configuration,
    PICKLE: read_pickle,
}

_Job = tuple[bytes, str, bytes]  # digest, kind, content
Advance = Callable[[int], None]


def read_files(
    files: Sequence[Found], cache: Cache, processes: int, advance: Advance = lambda size: None
) -> dict[str, Facts]:
    """Return what each file says, by its path.

    Args:
        files: to be read.
        cache: asked first, and told what is new.
        processes: how many there may be.
        advance: told the bytes of each file when it is done.
    """
    facts: dict[str, Facts] = {}
    digests: dict[str, bytes] = {}
    sizes: dict[bytes, int] = {}
    jobs: dict[bytes, _Job] = {}
    for start in range(0, len(files), 1000):  # not all contents at once: most are known
        contents: dict[bytes, _Job] = {}
        for found in files[start : start + 1000]:
            content = _content(found)
            if isinstance(content, str):
                facts[found.path] = Facts(unreadable=content)
                advance(found.size)
                continue
            digest = digests[found.path] = digest_of(found.kind, content)
            sizes[digest] = sizes.get(digest, 0) + found.size
            contents[digest] = (digest, found.kind, content)
        known = {digest: read for digest, text in cache.read(contents).items() if (read := _remembered(text))}
        for digest in known:
            advance(sizes.pop(digest, 0))
        facts.update((path, known[digest]) for path, digest in digests.items() if digest in known)
        jobs.update((digest, job) for digest, job in contents.items() if digest not in known)
    new: dict[bytes, str] = {}
    for digest, text in _read_all(list(jobs.values()), processes):
        new[digest] = text
        advance(sizes.get(digest, 0))
    cache.write(new)
    read_now = {digest: from_json(text) for digest, text in new.items()}
    facts.update((path, read_now[digest]) for path, digest in digests.items() if path not in facts)
    return facts


def _content(found: Found) -> bytes | str:
    """Return the content of a file, or why it cannot be read."""
    if found.size > MOST_BYTES:
        return f"larger than {MOST_BYTES // 1024 // 1024} MiB"
    try:
        with open(found.path, "rb") as file:
            return file.read(MOST_BYTES)
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _remembered(text: str) -> Facts | None:
    try:
        return from_json(text)
    except ValueError:  # damaged: the file is read again
        return None


def _read_all(jobs: Sequence[_Job], processes: int) -> Iterator[tuple[bytes, str]]:
    if processes < 2 or sum(len(job[2]) for job in jobs) < WORTH_PROCESSES:
        for job in jobs:
            yield from read_batch([job])
        return
    batches = _batches(jobs)
    crashed: list[_Job] = []
    for batch, read in _in_processes(batches, processes):
        if read is None:
            crashed.extend(batch)
        else:
            yield from read
    for job in crashed:  # one at a time, to learn which of them ends the process that reads it
        for _, read in _in_processes([[job]], 1):
            if read is None:
                yield job[0], to_json(Facts(unreadable="cannot be parsed: the interpreter crashed on it"))
            else:
                yield from read


def read_batch(jobs: Iterable[_Job]) -> list[tuple[bytes, str]]:
    """Read some files: what a process is given to do."""
    return [(digest, to_json(_READERS[kind](content))) for digest, kind, content in jobs]


def _batches(jobs: Sequence[_Job]) -> list[list[_Job]]:
    """Divide the files into parts of about one size, the largest files first so that none is waited for."""
    batches: list[list[_Job]] = [[]]
    size = 0
    for job in sorted(jobs, key=lambda job: len(job[2]), reverse=True):
        if size > _BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(job)
        size += len(job[2])
    return batches


def _in_processes(
    batches: Sequence[list[_Job]], processes: int
) -> Iterator[tuple[list[_Job], list[tuple[bytes, str]] | None]]:
    """Yield each batch with what was read, None where a process ended before it was done.

    Processes are spawned, not forked: a forked one would be a copy of this one with all that runs in it.
    """
    context = multiprocessing.get_context("spawn")
    with _unobserved(), ProcessPoolExecutor(processes, context, initializer=_begin) as pool:
        running: dict[Future[list[tuple[bytes, str]]], list[_Job]] = {}
        try:
            waiting = list(reversed(batches))
            while waiting or running:
                while waiting and len(running) < 2 * processes:
                    batch = waiting.pop()
                    try:
                        with _uninterrupted():
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
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _begin() -> None:
    """Leave Ctrl-C to the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")


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
def _uninterrupted() -> Iterator[None]:
    """Start processes that a Ctrl-C does not reach before they can say how they take it."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not in the main thread, which alone may ask for that
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
