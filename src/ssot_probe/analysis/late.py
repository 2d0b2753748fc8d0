"""Modules that were loaded before the probe, or past it, as far as anything is judged in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.names import is_within, split
from ssot_probe.model.records import ModuleRecord


class Late(NamedTuple):
    """A module that the probe came too late for."""

    module: str
    file: str
    processes: tuple[str, ...]
    concept: str  # "" where the module is not watched for a declared concept
    why: str  # why it is watched; "" as for `concept`


def late_modules(recording: Recording, concepts: Sequence[Members]) -> tuple[Late, ...]:
    """Return the preloaded modules that a declared concept watches; where none is declared, all preloaded."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for process, record in recording.of(ModuleRecord):
        if record.preloaded:
            found[record.module, record.file].add(process)
    declared = [members for members in concepts if members.concept.declared]
    watched = [_watched(members) for members in declared]
    late = []
    for (module, file), processes in sorted(found.items()):
        everywhere = tuple(sorted(processes))
        if not declared:
            late.append(Late(module, file, everywhere, "", ""))
        for members, reasons in zip(declared, watched, strict=True):
            why = _why(module, reasons)
            if why:
                late.append(Late(module, file, everywhere, members.concept.name, why))
    return tuple(late)


def _watched(members: Members) -> Mapping[str, str]:
    concept = members.concept
    return {
        **{entry: "it is declared legacy" for entry in concept.legacy if ":" not in entry},
        **{split(entry)[0]: f"it holds the legacy name {entry}" for entry in concept.legacy if ":" in entry},
        **{split(factory)[0]: f"it defines the factory {factory}" for factory in concept.factories},
        **{split(cls.name)[0]: f"it defines {cls.name}" for cls in members.judged},
    }


def _why(module: str, reasons: Mapping[str, str]) -> str:
    if module in reasons:
        return reasons[module]
    return next(iter(_from_packages(module, reasons)), "")


def _from_packages(module: str, reasons: Mapping[str, str]) -> Iterable[str]:
    return (why for name, why in sorted(reasons.items()) if "legacy" in why and is_within(module, name))
