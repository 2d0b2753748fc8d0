from __future__ import annotations

import pytest
from unit.analysis.build import concept, policy
from unit.analysis.retirement.fleet import FULL, OLD, Worker, fleet, judged

from ssot_probe.model.path_records import WatchedPathRecord
from ssot_probe.report.retirement.judged import judged_of

NEW = "chat.new:Manager"
MAKE = "chat.new:get_manager"


@pytest.mark.parametrize(
    ("path", "kind", "target", "instead"),
    [
        (f"{OLD}:Manager", "class", "", NEW),
        (f"{OLD}:OldManager", "class", "", NEW),
        (f"{OLD}:get_manager", "function", "", MAKE),
        (f"{OLD}:Former", "alias", NEW, NEW),
        (f"{OLD}:Former", "alias", "chat.other:Thing", ""),
        (f"{OLD}:format_date", "function", "", ""),
        (f"{OLD}:Ticket", "class", "", ""),
        (OLD, "module", "", ""),
    ],
)
def test_only_for_what_stands_for_the_canonical_class_or_its_factory_something_is_named_instead(
    path: str, kind: str, target: str, instead: str
) -> None:
    by = policy(concept(classes=("*Manager",), canonical=NEW, factories=(MAKE,), legacy=(path,)))
    by = by._replace(dead=FULL)
    worker = Worker(watched=()).watches(path, kind)
    watched = worker.records[-1]
    assert isinstance(watched, WatchedPathRecord)
    worker.records[-1] = watched._replace(target=target)
    (row,) = judged(fleet(worker.stops()), by, path).rows
    assert judged_of(row, by).replacement == instead
