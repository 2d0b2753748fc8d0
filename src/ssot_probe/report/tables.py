"""The tables of a text report: the paths of each concept, and how far each migration is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from ssot_probe.analysis.wording import number, times
from ssot_probe.report.sanitize import clean
from ssot_probe.report.segments import Line, Segment
from ssot_probe.report.view import View

MOST_ROWS = 20
"""Bound on the paths that are shown of one concept, and on the importers of one legacy path."""

HEADINGS = ("path", "kind", "imports", "executed at", "not executed at")


def lines_of(view: View) -> Iterator[Line]:
    """Yield the tables that have something in them."""
    yield from _paths(view)
    yield from _migration(view["migration"])


def _paths(view: View) -> Iterator[Line]:
    declared = {concept["concept"] for concept in view["concepts"] if concept["declared"]}
    used = [row for row in view["paths"] if row["places"] or row["legacy"] or row["canonical"]]
    by_class = groupby(sorted(used, key=_rank), key=itemgetter("concept", "class"))
    groups = [(*key, list(rows)) for key, rows in by_class]
    shown = [group for group in groups if group[0] in declared or len(group[2]) > 1]
    if shown:
        yield [Segment("PATHS", "heading")]
        yield []
    for concept, cls, rows in shown:
        yield [Segment(f"  {clean(cls)}", "heading"), Segment(f"  [{clean(concept)}]", "faint")]
        yield from _path_rows(rows, view["inventory"] is not None)
        yield []


def _rank(row: View) -> tuple[str, str, bool, int, str]:
    return row["concept"], row["class"], not row["canonical"], -row["imports"], row["path"]


def _path_rows(rows: Sequence[View], is_scanned: bool) -> Iterator[Line]:
    table = [_cells(row) for row in rows[:MOST_ROWS]]
    columns = len(HEADINGS) if is_scanned else len(HEADINGS) - 1
    cut = [cells[:columns] for cells in (HEADINGS, *table)]
    widths = [max(len(cells[column]) for cells in cut) for column in range(columns)]
    for position, cells in enumerate(cut):
        text = "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        yield [Segment(f"    {text.rstrip()}", "" if position else "faint")]
    if len(rows) > MOST_ROWS:
        yield [Segment(f"    and {number(len(rows) - MOST_ROWS, 'more path')}", "faint")]


def _cells(row: View) -> tuple[str, ...]:
    states = Counter(place["state"] for place in row["places"])
    executed, unknown = states["executed"], states["not observed"]
    rest = number(len(row["places"]) - executed - unknown, "place")
    marks = [mark for mark in ("canonical", "legacy") if row[mark]]
    return (
        clean(row["path"]),
        ", ".join([row["kind"], *marks]),
        str(row["imports"]),
        number(executed, "place"),
        f"{rest}, {unknown} not observed" if unknown else rest,
    )


def _migration(migration: Sequence[View]) -> Iterator[Line]:
    if not migration:
        return
    yield [Segment("MIGRATION", "heading")]
    yield []
    for progress in migration:
        yield [
            Segment(f"  {clean(progress['path'])}", "heading"),
            Segment(f"  [{clean(progress['concept'])}]", "faint"),
        ]
        yield [Segment(f"    {_standing(progress)}")]
        yield from _importers(progress["importers"])
        yield []


def _standing(progress: View) -> str:
    """Return how many files are left, by what became of their imports."""
    told = [f"{number(progress['executed'], 'file')} executed"]
    if progress["is_scanned"]:
        told.append(f"{progress['not_executed']} declared and not executed")
    if progress["unknown"]:
        told.append(f"{progress['unknown']} declared and not observed")
    if progress["named"]:
        told.append(f"{progress['named']} only named")
    if progress["is_compared"]:
        told.append(f"{progress['gone']} gone since the baseline")
    if progress["not_seen"]:
        told.append(f"{progress['not_seen']} of the baseline not seen again")
    if progress["unseen"]:
        told.append(f"imports of it cannot be observed: {progress['unseen']}")
    unscanned = "; importers that did not run are unknown: ssot-probe scan finds them"
    return ", ".join(told) + ("" if progress["is_scanned"] else unscanned)


def _importers(importers: Sequence[View]) -> Iterator[Line]:
    shown = importers[:MOST_ROWS]
    places = [f"{clean(importer['file'])}:{importer['line']}" for importer in shown]
    width = max((len(place) for place in places), default=0)
    for place, importer in zip(places, shown, strict=True):
        count = f", {times(importer['count'])}" if importer["state"] == "executed" else ""
        yield [
            Segment(f"    {importer['state']:<13} "),
            Segment(f"{place:<{width}}", "place"),
            Segment(f"  {clean(importer['what'])}{count}"),
        ]
    if len(importers) > MOST_ROWS:
        yield [Segment(f"    and {number(len(importers) - MOST_ROWS, 'more place')}", "faint")]
