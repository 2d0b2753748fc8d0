"""Finds what a look at shared references begins at: the living instances of users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ssot_probe.observe.instances import InstanceTable
from ssot_probe.observe.makers import ObservedClass
from ssot_probe.observe.sharing.found import Root


class Roots(NamedTuple):
    """The instances that belong to one user each, and those that do not."""

    owned: tuple[Root, ...]
    classes: Mapping[int, ObservedClass]  # of each instance in `owned`, by its serial
    shared: tuple[object, ...]  # instances that several users got: a finding of their own, not of references
    users: frozenset[str]  # of all of them


def find_roots(instances: InstanceTable, classes: Mapping[type, ObservedClass]) -> Roots:
    """Return the living instances whose user is known, of concepts whose instances are not for everybody."""
    owned: list[Root] = []
    observed_by_serial: dict[int, ObservedClass] = {}
    shared: list[object] = []
    users: set[str] = set()
    for known in list(instances.by_id.values()):
        user, others = known.user, known.others
        instance = known() if user is not None else None
        observed = None if instance is None else classes.get(type(instance))
        if observed is None or observed.is_shareable or user is None:
            continue
        users.add(user)
        if others:
            users.update(tuple(others))
            shared.append(instance)
        else:
            owned.append(Root(instance, user, known.serial, observed.name, observed.concept.name))
            observed_by_serial[known.serial] = observed
    return Roots(tuple(owned), observed_by_serial, tuple(shared), frozenset(users))
