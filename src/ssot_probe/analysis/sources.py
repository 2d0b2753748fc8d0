"""The files of a recording: which of the named places hold any, and their lines one by one."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator, Sequence
from io import BufferedReader
from typing import NamedTuple

from ssot_probe.analysis.clickhouse.address import is_address
from ssot_probe.errors import UnreadableRecordingError, UsageError
from ssot_probe.wire.process_list import FILE_NAME, ProcessList, read_list

ENDINGS = (".jsonl", ".json", ".jsonl.gz", ".json.gz")


class Line(NamedTuple):
    """A line of a file, decoded; what is no UTF-8 in it is replaced."""

    number: int
    text: str
    size: int  # bytes that reading it took from the file, compressed where the file is
    is_broken: bool = False  # the file could not be read on from here


def find_files(sources: Sequence[str]) -> tuple[str, ...]:
    """Return the files of all sources, each once; a directory is searched with all below it.

    Raises:
        UsageError: a source is of a kind that is not supported.
        UnreadableRecordingError: a source does not exist or cannot be listed.
    """
    return tuple(path for path in _all_files(sources) if os.path.basename(path) != FILE_NAME)


def find_lists(sources: Sequence[str]) -> tuple[ProcessList, ...]:
    """Return the lists of processes of the directories among the sources, and of all below them.

    Raises:
        UsageError: a source is of a kind that is not supported.
        UnreadableRecordingError: a source does not exist, or a list cannot be read.
    """
    found = []
    for path in _all_files(sources):
        if os.path.basename(path) == FILE_NAME:
            try:
                with open(path, "rb") as file:
                    found.append(read_list(file.read(), path))
            except OSError as error:
                raise UnreadableRecordingError(f"{path}: cannot be read: {error.strerror}") from error
    return tuple(found)


def divided(sources: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the sources that are places of files, and those that are in a ClickHouse."""
    stores = tuple(dict.fromkeys(source for source in sources if is_address(source)))
    return tuple(source for source in sources if source not in stores), stores


def total_size(files: Sequence[str]) -> int:
    """Return how many bytes the files hold."""
    return sum(os.path.getsize(path) for path in files if os.path.exists(path))


def read_lines(path: str) -> Iterator[Line]:
    """Yield the lines of a file that are not blank; one that is cut off or damaged ends with a broken line.

    Raises:
        UnreadableRecordingError: the file cannot be opened.
    """
    is_compressed = path.endswith(".gz")
    try:
        raw = open(path, "rb")  # noqa: SIM115  # closed below, behind what reads from it
    except OSError as error:
        raise UnreadableRecordingError(f"{path}: cannot be read: {error.strerror}") from error
    lines: gzip.GzipFile | BufferedReader = gzip.GzipFile(fileobj=raw) if is_compressed else raw
    with raw, lines:
        number = before = 0
        try:
            for number, content in enumerate(lines, 1):
                position = raw.tell() if is_compressed else before + len(content)
                text = content.decode("utf-8", "replace").strip().strip("\0")
                if text:
                    yield Line(number, text, position - before)
                before = position
        except (OSError, EOFError, zlib.error) as error:
            yield Line(number + 1, str(error), 0, is_broken=True)


def _all_files(sources: Sequence[str]) -> list[str]:
    """Return the recordings and lists of all sources, each once."""
    found: dict[str, str] = {}
    for source in sources:
        scheme, separator, _ = source.partition("://")
        if separator:
            raise UsageError(
                f"{scheme}://: there are no sources of this kind; name files, or clickhouse://host/database"
            )
        for path in _files_of(source):
            found.setdefault(os.path.realpath(path), path)
    return sorted(found.values())


def _files_of(source: str) -> Iterator[str]:
    if os.path.isfile(source):
        yield source
        return
    if not os.path.isdir(source):
        what = "is no file and no directory" if os.path.exists(source) else "does not exist"
        raise UnreadableRecordingError(f"{source}: {what}")
    for directory, subdirectories, names in os.walk(source, onerror=_refuse):
        subdirectories.sort()
        for name in names:
            if name.endswith(ENDINGS) or name == FILE_NAME:
                yield os.path.join(directory, name)


def _refuse(error: OSError) -> None:
    raise UnreadableRecordingError(f"{error.filename}: cannot be read: {error.strerror}") from error
