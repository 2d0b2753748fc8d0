"""Call sites: one object for calls that are alike, and no more of them than there is room for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from support.application import observed

from ssot_probe.model.policy import Concept, Policy
from ssot_probe.model.records import MakeRecord
from ssot_probe.observe import call_sites
from ssot_probe.observe.call_sites import CallSite, CallSites
from ssot_probe.observe.makers import Maker, ObservedClass

MAKER, OTHER = (Maker(f"app:make_{name}", "function", None, ()) for name in ("box", "lid"))
BOX = ObservedClass("app:Box", 1, Concept("box", ("Box",)), False)
CODE, ALIKE = (compile("make()", "app.py", "exec") for _ in range(2))


def test_calls_are_one_site_where_everything_about_them_is_the_same() -> None:
    sites = CallSites()
    site = sites.at(MAKER, "returned", BOX, CODE, 4)
    assert sites.at(MAKER, "returned", BOX, CODE, 4) is site
    others = [
        sites.at(OTHER, "returned", BOX, CODE, 4),
        sites.at(MAKER, "constructed", BOX, CODE, 4),
        sites.at(MAKER, "returned", BOX, ALIKE, 4),
        sites.at(MAKER, "returned", BOX, CODE, 6),
        sites.at(MAKER, "returned", BOX, CODE, 4, (OTHER,)),
        sites.at(MAKER, "returned", BOX, CODE, 4, (), ((ALIKE, 2),)),
    ]
    assert len({id(one) for one in (site, *others)}) == 7


def test_a_call_within_factories_is_a_site_of_its_own() -> None:
    site = CallSite(MAKER, "constructed", BOX, CODE, 4)
    assert site.within(()) is site
    inner = site.within((OTHER,))
    assert inner is site.within((OTHER,))
    assert (inner.chain, inner.maker, inner.code, inner.offset) == ((OTHER,), MAKER, CODE, 4)
    assert site.again() is site.again()
    assert (site.again().outcome, site.again().code) == ("returned", CODE)


def test_there_is_an_end_to_what_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_sites, "MOST_SITES", 5)
    monkeypatch.setattr(call_sites, "MOST_CHAINS", 5)
    sites = CallSites()
    found = [sites.at(MAKER, "returned", BOX, CODE, offset) for offset in range(100)]
    assert [site.offset for site in found] == list(range(100))
    assert len(sites._known) <= 5
    inner = [found[0].within((OTHER,) * length) for length in range(100)]
    assert [len(site.chain) for site in inner] == list(range(100))
    assert found[0]._within is not None
    assert len(found[0]._within) <= 7


APPLICATION = """
    class BoxManager:
        def __init__(self):
            self.is_open = True

    def make_manager():
        return BoxManager()
"""


def test_more_places_than_are_remembered_are_told_and_counted_all_the_same(tmp_path: Path) -> None:
    """Code that is made at run time comes and goes, and another one may stand where it stood."""
    counts: Counter[tuple[str, str]] = Counter()
    policy = Policy(concepts=(Concept("box", ("BoxManager",)),))
    with observed(tmp_path, APPLICATION, policy) as (app, capture):
        for number in range(1_500):
            exec(
                compile("BoxManager(); make_manager()", f"{tmp_path}/made_{number % 40}.py", "exec"),
                vars(app),
            )
    for record in capture.records:
        if isinstance(record, MakeRecord):
            counts[record.outcome, record.site.file.rpartition("/")[2][:5]] += record.count
    assert counts[("returned", "made_")] == 1_500
    assert counts[("constructed", "made_")] == 1_500
    assert sum(counts.values()) == 4_500
