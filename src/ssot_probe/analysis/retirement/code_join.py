"""The join of the code that was used with the code that a scan knows: by file, name, first line and digest.

What was used and has no counterpart in the source is published, for as long as there is any of it nobody can
say what else of the path ran.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ssot_probe.analysis.recording import Recording
from ssot_probe.model.names import split
from ssot_probe.model.path_records import DefinitionRecord, PathUseRecord, SourceRecord
from ssot_probe.model.policy import Policy, watched_paths
from ssot_probe.model.records import ProcessRecord, Site
from ssot_probe.model.source_digest import CLASS, FUNCTION, MODULE, name_on_any_version
from ssot_probe.policy_json import policy_from_json

MATCHED, CHANGED, GONE, UNMATCHED = "matched", "changed", "gone", "unmatched"
"""What became of a use: the scan knows the same code; code of its name with another digest; the file with
another content, without it; or nothing that would explain it."""

_STATES = (MATCHED, CHANGED, GONE, UNMATCHED)


class UsedCode(NamedTuple):
    """A piece of code that processes used, as they told it."""

    path: str  # the watched path that it belongs to
    subject: str  # qualified name of the module, function or class that it was
    digest: str  # of its source; "" where that is unknown
    defined: Site

    @property
    def key(self) -> str:
        """What a report calls it."""
        return f"{self.defined.file}:{self.defined.line} {self.defined.function or self.subject}"


class Joined(NamedTuple):
    """What became of the code of one watched path."""

    path: str
    matched: tuple[UsedCode, ...]
    changed: tuple[UsedCode, ...]
    gone: tuple[UsedCode, ...]
    unmatched: tuple[UsedCode, ...]

    @property
    def used(self) -> int:
        """How many pieces of code were used."""
        return sum(map(len, (self.matched, self.changed, self.gone, self.unmatched)))


def join_recording(recording: Recording) -> Mapping[str, Joined]:
    """Return the join of a recording with the inventory that came with it, by path.

    Without an inventory there is nothing to join, and nothing unmatched either: the result is empty.
    """
    inventory = recording.inventory
    if inventory is None:
        return {}
    return join_code(
        (record for _, record in recording.of(PathUseRecord)),
        [record for _, record in inventory.of(DefinitionRecord)],
        [record for _, record in recording.of(SourceRecord)],
        [record for _, record in inventory.of(SourceRecord)],
    )


def join_code(
    uses: Iterable[PathUseRecord],
    definitions: Sequence[DefinitionRecord],
    loaded: Sequence[SourceRecord] = (),
    scanned: Sequence[SourceRecord] = (),
) -> Mapping[str, Joined]:
    """Join what was used with what source defines.

    Args:
        uses: of watched paths.
        definitions: that a scan found of them.
        loaded: the content of files in the processes that used them.
        scanned: the content of files when they were scanned.

    Returns:
        The result for each path that the scan knows anything of, used or not.
    """
    known: dict[str, list[DefinitionRecord]] = defaultdict(list)
    for definition in sorted(definitions):
        known[definition.path].append(definition)
    states: dict[str, dict[str, list[UsedCode]]] = {
        path: {state: [] for state in _STATES} for path in sorted(known)
    }
    indexes = {path: _Index(found) for path, found in known.items()}
    contents = _Contents(loaded, scanned)
    for code in sorted({UsedCode(use.path, use.subject, use.digest, use.defined) for use in uses}):
        if code.path in states:
            states[code.path][indexes[code.path].state_of(code, contents)].append(code)
    return {path: Joined(path, *(tuple(found[state]) for state in _STATES)) for path, found in states.items()}


def unscanned_paths(inventory: Recording, paths: Iterable[str]) -> tuple[str, ...]:
    """Return the watched paths that a scan was not told of: to judge these, scan again with this policy."""
    told = scanned_paths(inventory)
    return tuple(path for path in dict.fromkeys(paths) if path not in told)


def scanned_paths(inventory: Recording) -> frozenset[str]:
    """Return the watched paths that every scan was told of."""
    told: set[str] | None = None
    newest: dict[str, ProcessRecord] = {}
    for scan, record in inventory.of(ProcessRecord):
        if scan not in newest or record.time >= newest[scan].time:
            newest[scan] = record
    for record in newest.values():
        watched = watched_paths(policy_from_json(record.policy) if record.policy else Policy())
        told = set(watched) if told is None else told & set(watched)
    return frozenset(told or ()) | {record.path for _, record in inventory.of(DefinitionRecord)}


def is_same_file(one: Site, other: Site) -> bool:
    """Do two places lie in one file, though its name begins differently where each was seen?

    `/app.d/78/x.py` and `/app.d/74/x.py` are one file where both are the module `x`.
    """
    if one.file == other.file:
        return True
    if one.file.endswith(f"/{other.file}") or other.file.endswith(f"/{one.file}"):
        return True
    return one.module == other.module and _tail(one) == _tail(other)


def _tail(site: Site) -> list[str]:
    """Return the end of a file's name that its module's name stands for."""
    parts = site.file.split("/")
    length = site.module.count(".") + 1 + (parts[-1] == "__init__.py")
    return parts[-length:]


class _Contents:
    """Whether the files that were loaded are those that were scanned."""

    def __init__(self, loaded: Sequence[SourceRecord], scanned: Sequence[SourceRecord]) -> None:
        self._loaded: dict[str, set[str]] = defaultdict(set)
        for record in loaded:
            self._loaded[record.file].add(record.digest)
        self._scanned = {record.file: record.digest for record in scanned}

    def differ(self, used: Site, scanned: Site) -> bool:
        """Did any process load another content than was scanned?"""
        digest = self._scanned.get(scanned.file, "")
        return bool(digest) and bool(self._loaded.get(used.file, {digest}) - {digest})


class _Index:
    """The definitions of one watched path."""

    def __init__(self, definitions: Sequence[DefinitionRecord]) -> None:
        self._by_name: dict[str, list[DefinitionRecord]] = defaultdict(list)
        self._lambdas: dict[int, list[DefinitionRecord]] = defaultdict(list)  # used by what they are bound to
        self._modules: dict[str, list[DefinitionRecord]] = defaultdict(list)
        for found in definitions:
            if found.kind == MODULE:
                self._modules[found.definition.module].append(found)
            elif found.kind in (CLASS, FUNCTION):
                self._by_name[name_on_any_version(found.definition.function)].append(found)
                if found.definition.function.endswith("<lambda>"):
                    self._lambdas[found.definition.line].append(found)

    def state_of(self, code: UsedCode, contents: _Contents) -> str:
        """Return what became of a piece of code.

        Lines move, and a getter and its setter share a name: any definition of the name in its file counts.
        Code that lies elsewhere is generated, inherited or wrapped, and belongs to its subject.
        """
        defined = code.defined
        name = name_on_any_version(defined.function)
        named = self._by_name.get(name) or self._lambdas.get(defined.line) or []
        same = [found for found in named if is_same_file(found.definition, defined)]
        if same:
            return _compared(code, same)
        modules = (found for of_name in self._modules.values() for found in of_name)
        here = [found for found in modules if is_same_file(found.definition, defined)]
        if not here:
            return MATCHED if self._has(code.subject) else UNMATCHED
        if name in ("", "<module>"):
            return _compared(code, here)
        return GONE if contents.differ(defined, here[0].definition) else UNMATCHED

    def _has(self, subject: str) -> bool:
        """Does the source define the subject, or the class that it is a part of?"""
        module, qualname = split(subject)
        parts = name_on_any_version(qualname).split(".")
        names = [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
        return any(
            found.definition.module == module for name in names for found in self._by_name.get(name, ())
        )


def _compared(code: UsedCode, definitions: Sequence[DefinitionRecord]) -> str:
    """Return whether one of the definitions that have the code's name has its digest, where that is known."""
    digests = {found.digest for found in definitions if found.digest}
    return CHANGED if code.digest and digests and code.digest not in digests else MATCHED
