"""What the processes of a service did: by what they counted themselves, and by what they recorded."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from fleet.support.service import KEY, USERS

from ssot_probe.context.identity import UserHasher
from ssot_probe.model.path_records import PathUseRecord
from ssot_probe.model.records import AccessRecord, ImportRecord, MakeRecord
from support.children import Recorded


class Deeds(NamedTuple):
    """What one process did, or all of them."""

    imports: int = 0  # of the concept's module, by one function
    legacy: int = 0  # calls of the path that is to be deleted
    instances: int = 0  # of the concept
    users: tuple[tuple[str, int], ...] = ()  # how many instances each of them got

    def __str__(self) -> str:
        return f"{self.imports}/{self.legacy}/{self.instances}"

    @property
    def is_nothing(self) -> bool:
        """Did it do nothing of all this?"""
        return self == Deeds()

    def exceeds(self, other: Deeds) -> bool:
        """Is there more of anything here than there?"""
        there = dict(other.users)
        return (
            self.imports > other.imports
            or self.legacy > other.legacy
            or self.instances > other.instances
            or any(count > there.get(user, 0) for user, count in self.users)
        )


def sum_of(deeds: list[Deeds]) -> Deeds:
    """Add up what processes did."""
    users: Counter[str] = Counter()
    for one in deeds:
        users.update(dict(one.users))
    return Deeds(
        sum(one.imports for one in deeds),
        sum(one.legacy for one in deeds),
        sum(one.instances for one in deeds),
        tuple(sorted(users.items())),
    )


def counted(directory: Path) -> dict[int, Deeds]:
    """Return what the processes counted, by process id."""
    return {int(file.name): _deeds_of(file) for file in directory.iterdir()}


def _deeds_of(file: Path) -> Deeds:
    lines = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
    whats = Counter(what for what, _ in lines)
    users = Counter(user for what, user in lines if what == "instance")
    return Deeds(whats["import"], whats["legacy"], whats["instance"], tuple(sorted(users.items())))


def recorded(process: Recorded) -> Deeds:
    """Return what a process recorded of the same things."""
    names = {UserHasher(KEY)(user): user for user in USERS}
    users = Counter(
        names.get(record.user, record.user)
        for record in process.of(AccessRecord)
        if record.outcome == "constructed" and record.maker == "shop.manager:OrderManager"
    )
    return Deeds(
        sum(
            record.count
            for record in process.of(ImportRecord)
            if record.module == "shop.manager" and record.site.function == "serve"
        ),
        sum(
            record.count
            for record in process.of(PathUseRecord)
            if (record.path, record.rung, record.origin) == ("shop.old", "called", "application")
        ),
        sum(
            record.count
            for record in process.of(MakeRecord)
            if record.maker == "shop.manager:OrderManager" and record.outcome == "constructed"
        ),
        tuple(sorted(users.items())),
    )
