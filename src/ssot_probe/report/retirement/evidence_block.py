"""The evidence for the change that deletes paths, in Markdown, to be pasted into its description."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ssot_probe.analysis.retirement.residue import Residue
from ssot_probe.analysis.wording import number
from ssot_probe.report.retirement.judged import EvidenceSummary, JudgedPath

MOST_LINES = 20
"""Of one list."""


def markdown(paths: Sequence[JudgedPath], evidence: EvidenceSummary) -> str:
    """Return what a reviewer needs to agree: each verdict, what it rests on, and what still names the path.

    Args:
        paths: with their verdicts.
        evidence: what the verdicts rest on.
    """
    lines = ["## Evidence about paths that are to be deleted", "", *_summary(evidence), ""]
    lines += ["| path | verdict | grade |", "|---|---|---|"]
    lines += [f"| {_code(path.path)} | {path.verdict} | {path.grade} |" for path in paths]
    lines.append("")
    for path in paths:
        lines += [*_path(path), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _summary(evidence: EvidenceSummary) -> Iterator[str]:
    yield f"- Window: {evidence.window}, {number(evidence.days, 'day')} with evidence"
    yield f"- Processes: {evidence.processes}"
    yield f"- Roles: {_list(evidence.roles) or 'none told'}"
    yield f"- Environments: {_list(evidence.environments) or 'none told'}"
    if evidence.fleet:
        yield f"- Counts of the fleet: {_plain(evidence.fleet)}"
    if evidence.unmatched:
        yield f"- Code that ran and that the scan does not know: {evidence.unmatched}"
    if evidence.commit:
        yield f"- Source: {_code(evidence.commit)}"
    if evidence.command:
        yield f"- To see it again: {_code(evidence.command)}"
    for reason in evidence.void:
        yield f"- **Silence does not count:** {_plain(reason)}"


def _path(path: JudgedPath) -> Iterator[str]:
    yield f"### {_code(path.path)}: {path.verdict}, grade {path.grade}"
    yield ""
    yield _plain(path.sentence)
    if not path.is_banned:
        yield ""
        yield "**This verdict does not support a deletion.**"
    yield from _section("Missing", [_plain(missing) for missing in path.missing])
    yield from _section("Seen", [_plain(witness) for witness in path.witnesses])
    if path.residue is None:
        yield from ("", "The source was not scanned: what still names the path is unknown.")
    else:
        yield from _residue(path.residue)
    if path.replacement and path.replacement != path.path:
        yield from ("", f"Instead of it: {_code(path.replacement)}")


def _residue(residue: Residue) -> Iterator[str]:
    imports = [
        f"{_code(f'{one.file}:{one.line}')} {_plain(one.what)} ({_when(one.guard, one.at_load)}, {one.state})"
        for one in residue.importers
    ]
    mentions = [
        f"{_code(f'{one.file}:{one.line}' if one.line else one.file)} {one.kind} {_code(one.what)}"
        for one in residue.mentions
    ]
    yield from _section("Still imports it", imports)
    yield from _section("Still names it", mentions)
    if not imports and not mentions:
        yield from ("", "Nothing in the scanned source names it any more.")
    if residue.computed:
        places = f"{number(len(residue.computed), 'import')} of what only a running program knows"
        shown = [_code(f"{one.file}:{one.line}") for one in residue.computed]
        yield from _section(f"Cannot be excluded: {places}", shown)


_GUARDS = {"main": "as a script", "branch": "under a condition", "type-checking": "for type checkers"}


def _when(guard: str, at_load: bool) -> str:
    if guard:
        return _GUARDS.get(guard, f"in {guard}")
    return "at load" if at_load else "in a function"


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if not lines:
        return
    yield from ("", f"{title}:", "")
    yield from (f"- {line}" for line in lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        yield f"- and {len(lines) - MOST_LINES} more"


def _list(values: Sequence[str]) -> str:
    return ", ".join(map(_code, values))


def _code(text: str) -> str:
    """Return a code span; in a table, a bar would end the cell."""
    shown = " ".join(text.split()).replace("|", "\\|")
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def _plain(text: str) -> str:
    """Return text in which nothing is markup."""
    shown = " ".join(text.split())
    for sign in "\\`*_[]<>|":
        shown = shown.replace(sign, f"\\{sign}")
    return shown
