"""How functions obtain a concept: by which maker, itself or through something that they construct."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from ssot_probe.analysis.factories import made_by_factories
from ssot_probe.analysis.fetches import MODULE_LEVEL
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.names import qualify
from ssot_probe.model.records import MakeRecord


class Access(NamedTuple):
    """A function got hold of instances."""

    caller: str  # qualified name
    way: str  # the factory that the instances first came out of; else "the constructor"
    place: str  # "file:line" of the call of the maker
    what: str  # what happens there
    depth: int  # functions between the caller and the call
    is_near: bool  # the caller makes the call, constructs what makes it, or is a factory around it
    factory_class: str  # that the caller is a method of, "" for none
    is_construction: bool
    record: MakeRecord


CONSTRUCTOR = "the constructor"


def accesses(recording: Recording, members: Members) -> list[Access]:
    """Return how functions got hold of instances of a concept; those inside of its factories by themselves.

    A call that a factory of the concept makes is that factory's affair: who called the factory has its
    result.
    """
    factories = {make.record.maker for make in made_by_factories(recording, members)}
    owners = {
        maker.rpartition(".")[0]
        for _, _, record in recording.makes
        for maker in (record.maker, *record.chain)
        if "." in maker.partition(":")[2] and (maker != record.maker or record.kind != "constructor")
    }
    found: list[Access] = []
    for _, _, record in recording.makes_of(members.judged):
        if record.outcome in ("constructed", "returned"):
            found += _of(record, factories, owners)
    return sorted(set(found))


def _of(record: MakeRecord, factories: Collection[str], owners: Collection[str]) -> Iterator[Access]:
    is_construction = record.kind == "constructor"
    way = CONSTRUCTOR if is_construction else record.origin or record.maker
    place = f"{record.site.file}:{record.site.line}"
    verb = "constructs" if is_construction else "calls"
    what = f"{verb} {record.cls if is_construction else record.maker}"
    if not is_construction and way != record.maker:
        what += f", which passes on what {way} made"
    for depth, (caller, through, is_near) in enumerate(_callers(record, factories)):
        owner = caller.rpartition(".")[0]
        yield Access(
            caller,
            way,
            place,
            f"{what}{through}",
            depth,
            is_near,
            owner if owner in owners else "",
            is_construction,
            record,
        )


def _callers(record: MakeRecord, factories: Collection[str]) -> Iterator[tuple[str, str, bool]]:
    """Yield the functions that a call is made for, nearest first, each with how it comes to that.

    The third is whether that is the function's own doing, rather than that of one that it calls.
    """
    direct = qualify(record.site.module, record.site.function)
    inner = _innermost(record.chain, factories)
    found = {direct: ("", True)}
    reached = list(zip(record.callers, record.calls))
    if inner is not None:  # what lies outside of that factory has its result
        names = [name for name, _ in reached]
        reached = reached[: names.index(inner) + 1] if inner in names else []
    for level, (name, place) in enumerate(reached):
        found.setdefault(name, (f" in what is constructed at {place}", level == 0))
    within = record.chain if inner is None else record.chain[record.chain.index(inner) :]
    for name in reversed(within):
        found.setdefault(name, (" further down", True))
    for name, (through, is_near) in found.items():
        if name.rpartition(":")[2] not in ("", MODULE_LEVEL):
            yield name, through, is_near


def _innermost(chain: tuple[str, ...], factories: Collection[str]) -> str | None:
    return next((name for name in reversed(chain) if name in factories), None)
