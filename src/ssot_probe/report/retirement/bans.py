"""Bans in the configuration of linters: what has been retired stays away."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from ssot_probe.model.names import split
from ssot_probe.report.retirement.judged import EvidenceSummary, JudgedPath

RUFF_TABLE = "lint.flake8-tidy-imports.banned-api"
_WIDTH = 96


def ruff(paths: Sequence[JudgedPath], evidence: EvidenceSummary, is_pyproject: bool = True) -> str:
    """Return a table for ruff's rule TID251, which reports each import and use of a banned path.

    Args:
        paths: with their verdicts. One that is not proved unused stands as a comment, with the reason.
        evidence: what the verdicts rest on.
        is_pyproject: for `pyproject.toml`; else for `ruff.toml`.
    """
    table = f"tool.ruff.{RUFF_TABLE}" if is_pyproject else RUFF_TABLE
    lines = [
        *_comments(
            "Retired paths. Ruff reports their imports where TID251 is selected, in their own files too."
        ),
        f"[{table}]",
    ]
    for path in paths:
        if path.is_banned:
            lines.append(f"{_quoted(path.dotted)}.msg = {_quoted(_message(path, evidence))}")
        else:
            lines += _not_banned(path)
    return _text(lines)


def import_linter(paths: Sequence[JudgedPath], evidence: EvidenceSummary) -> str:
    """Return an INI file for import-linter (2.5 or newer): one contract for each module that is retired.

    The contract protects the module: nothing but itself may import it. It works while the module is there; a
    deleted module is refused by the linter, so the contract leaves with it. Names in modules are not known to
    the linter and stand as comments.
    """
    banned = [path for path in paths if path.is_banned and ":" not in path.path]
    roots = sorted({path.path.partition(".")[0] for path in banned})
    lines = [
        *_comments(
            "Retired modules. Where .importlinter exists, add the contracts to it. "
            "A contract leaves with its module: the linter refuses modules that are not there."
        ),
    ]
    if roots:
        lines += ["[importlinter]", "root_packages =", *(f"    {root}" for root in roots), ""]
    for path in paths:
        if not path.is_banned:
            lines += [*_not_banned(path), ""]
        elif ":" in path.path:
            reason = f"{path.path}: import-linter knows modules only; ban it by ruff"
            lines += [*_comments(reason), ""]
        else:
            lines += [
                f"[importlinter:contract:retired-{path.path}]",
                f"name = {_one_line(_message(path, evidence, named=True))}",
                "type = protected",
                *("protected_modules =", f"    {path.path}"),
                *("allowed_importers =", f"    {path.path}"),
                "",
            ]
    return _text(lines)


def _message(path: JudgedPath, evidence: EvidenceSummary, named: bool = False) -> str:
    """Return what somebody reads who imports the path again: why it went, and what to use instead."""
    subject = f"{path.path} is retired" if named else "Retired"
    proved = f"{subject} ({path.verdict}, grade {path.grade}, {evidence.window})"
    if path.replacement and path.replacement != path.path:
        module, name = split(path.replacement)
        use = f"from {module} import {name}" if name and "." not in name else path.replacement
        return f"{proved}. Instead: {use}"
    return f"{proved}."


def _not_banned(path: JudgedPath) -> Iterator[str]:
    yield from _comments(f"{path.path} is not banned: {path.verdict}. {path.sentence}")
    yield from _comments(*(f"  {witness}" for witness in path.witnesses))
    yield from _comments(*(f"  missing: {missing}" for missing in path.missing))


def _comments(*texts: str) -> Iterator[str]:
    """Yield comments, none of which is too long; what a text holds cannot end its comment."""
    for text in texts:
        line = "#"
        for word in _one_line(text).split(" "):
            if len(line) + len(word) >= _WIDTH and line != "#":
                yield line
                line = "#"
            line += f" {word}"
        yield line


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _quoted(text: str) -> str:
    """Return a TOML string; JSON's escapes are among those of TOML."""
    return json.dumps(_one_line(text), ensure_ascii=False)


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"
