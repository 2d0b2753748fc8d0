"""The summary of an inventory as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ssot_probe.analysis.wording import number
from ssot_probe.report.sanitize import clean
from ssot_probe.report.scan_view import View

MOST_CONCEPTS = 20
MOST_LINES = 12
_KINDS = (
    ("at_load", "at load"),
    ("in_functions", "in functions"),
    ("type_checking", "for type checkers only"),
    ("guarded", "guarded (try, if, main)"),
)


def render(view: View) -> str:
    """Return what was found, what could not be read, and how to go on."""
    return "\n".join(line.rstrip() for line in _lines(view)) + "\n"


def _lines(view: View) -> Iterator[str]:
    if view["unreadable"]:
        yield f"NOT READ: {number(len(view['unreadable']), 'file')}, listed below: what they hold is unknown"
        yield ""
    yield from _counts(view)
    yield ""
    yield from _concepts(view)
    if view["unreadable"]:
        yield f"NOT READ ({len(view['unreadable'])})"
        for entry in view["unreadable"]:
            yield f"  {clean(entry['file'])}  {clean(entry['reason'])}"
        yield ""
    if view["note"]:
        yield f"note: {clean(view['note'])}"
    yield f"The inventory lies in {clean(view['inventory'])}"
    yield "Nothing was imported or run, so nothing here says what is used. Record it, then judge both:"
    yield "  ssot-probe run -- COMMAND"
    yield f"  ssot-probe report {clean(view['inventory'].rpartition('/')[0])}"


def _counts(view: View) -> Iterator[str]:
    counts = view["counts"]
    others = view["other_files"]
    beside = f", {number(others, 'configuration or pickle file')}" if others else ""
    yield _entry("scanned", f"{clean(view['path'])}: {number(counts['files'], 'Python file')}{beside}")
    yield _entry("policy", clean(view["policy"]["source"]) or "none: concepts are inferred from class names")
    if view["ignored"]:
        reasons = ", ".join(f"{reason} {count}" for reason, count in view["ignored"].items())
        yield _entry("ignored", reasons)
    yield _entry("modules", str(counts["modules"]))
    yield _entry("classes", str(counts["classes"]))
    imports = ", ".join(f"{counts[f'imports_{kind}']} {words}" for kind, words in _KINDS)
    yield _entry("imports", f"{counts['imports']}: {imports}")
    yield _entry("", f"{counts['imports_of_the_tree']} of them of modules in this tree")
    yield _entry("", f"and {number(counts['imports_computed'], 'call')} that import a computed name")
    yield _entry(
        "makers", f"{number(counts['makers'], 'factory')}, functions or methods that hand out instances"
    )
    yield _entry("", f"{number(counts['constructions'], 'call')} of the classes")
    kinds = ", ".join(f"{kind} {count}" for kind, count in counts["references_by_kind"].items())
    yield _entry("references", f"{counts['references']}{f': {kinds}' if kinds else ''}")


def _concepts(view: View) -> Iterator[str]:
    concepts: Sequence[View] = sorted(
        view["concepts"], key=lambda one: (-len(one["classes"]), -len(one["makers"]), one["concept"])
    )
    for concept in concepts[:MOST_CONCEPTS]:
        inferred = "" if concept["declared"] else " (inferred)"
        classes, makers = concept["classes"], concept["makers"]
        yield (
            f"{clean(concept['concept'])}{inferred}: {number(len(classes), 'class')}, "
            f"{number(len({one['maker'] for one in makers}), 'maker')}, "
            f"constructed at {number(concept['constructions'], 'place')}"
        )
        yield from _listed([_class_line(one) for one in classes])
        yield from _listed([_maker_line(one) for one in makers])
        yield ""
    left = len(concepts) - MOST_CONCEPTS
    if left > 0:
        yield f"... and {number(left, 'more concept')}; all of them: --format json"
        yield ""


def _class_line(entry: Mapping[str, Any]) -> tuple[str, str]:
    traits = f" [{', '.join(entry['traits'])}]" if entry["traits"] else ""
    return f"{entry['file']}:{entry['line']}", f"class {entry['class']}{traits}"


def _maker_line(entry: Mapping[str, Any]) -> tuple[str, str]:
    return f"{entry['file']}:{entry['line']}", f"{entry['kind']} {entry['maker']} -> {entry['class']}"


def _listed(lines: Sequence[tuple[str, str]]) -> Iterator[str]:
    shown = lines[:MOST_LINES]
    width = max((len(place) for place, _ in shown), default=0)
    for place, what in shown:
        yield f"  {clean(place):<{width}}  {clean(what)}"
    if len(lines) > len(shown):
        yield f"  ... and {len(lines) - len(shown)} more"


def _entry(name: str, text: str) -> str:
    return f"{name:<12}{text}"
