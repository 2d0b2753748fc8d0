"""The one definition of leaking instances, used in the process and again by the analyst."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssot_probe.model.instance_records import PopulationRecord

FEWEST_ORPHANS = 5
"""Instances whose users' work is over before any of it is called growth."""

FEWEST_USERS = 3
"""Users of these; fewer where they have left many."""

MANY_ORPHANS = 20

UNEXPLAINED_ORPHANS = 50
"""Where nobody could look for what holds them, as the process was killed: so many, of `FEWEST_USERS`."""


def is_growing(orphans: int, users: int) -> bool:
    """Do so many instances, of so many users whose work is over, make it worth a closer look?"""
    return orphans >= MANY_ORPHANS or (orphans >= FEWEST_ORPHANS and users >= FEWEST_USERS)


def only_grows(population: PopulationRecord) -> bool:
    """Has the number of instances kept growing, whatever was released?

    Instances that come and go within the making of another one are no part of it. Where something that had
    lived longer was released once, there may be a bound: then the number must have grown well beyond what it
    was at that time, and not by the newest instances alone.
    """
    if not population.evicted:
        return True
    has_grown = population.alive > population.alive_then + population.alive_then // 5 + 1
    old_ones_stay = 4 * population.orphans_earlier >= population.orphans
    return has_grown and old_ones_stay and population.orphans_earlier >= FEWEST_ORPHANS


def is_leak(population: PopulationRecord) -> bool:
    """Is this a leak: instances that outlive their users' work, only grow, and are held for good?"""
    if not is_growing(population.orphans, population.orphan_users) or not only_grows(population):
        return False
    if not population.is_collected:
        return False
    if 0 < population.alive <= population.bound:
        return False  # there is a bound, and it is kept
    if population.held < 0:
        return population.orphans >= UNEXPLAINED_ORPHANS and population.orphan_users >= FEWEST_USERS
    return population.held >= FEWEST_ORPHANS
