"""What a change deletes, as `ssot-probe dead` is asked for it: from a list of names or from a diff."""

from __future__ import annotations

import sys

from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.deleted_names import (
    DeletedName,
    Deletions,
    deletions_of,
    modules_of,
    names_in_list,
)
from ssot_probe.analysis.retirement.unified_diff import is_diff, read_diff
from ssot_probe.analysis.wording import listing
from ssot_probe.errors import UsageError

STANDARD_INPUT = "-"


def deletions(names: str | None, diff: str | None, recording: Recording) -> Deletions | None:
    """Return what a list or a diff deletes, None where neither was given.

    Args:
        names: file with one `module` or `module:Name` in each line.
        diff: file with the output of `git diff`; "-" for standard input.
        recording: its inventory knows which module a file holds.

    Raises:
        UsageError: the file cannot be read, or is not what it should be.
    """
    if names is not None:
        found: tuple[DeletedName, ...] = tuple(names_in_list(_content(names, "--names"), names))
        if not found:
            raise UsageError(
                f"--names {names}: holds no name: write one `module` or `module:Name` in each line"
            )
        return Deletions(found)
    if diff is None:
        return None
    source = "standard input" if diff == STANDARD_INPUT else diff
    content = _content(diff, "--diff")
    if not content.strip():
        return Deletions((), is_empty=True)
    if not is_diff(content):
        raise UsageError(f"{source}: is no diff as `git diff` writes it; --names reads a list of names")
    return deletions_of(read_diff(content, source), modules_of(recording.inventory))


def nothing_deleted(found: Deletions) -> str:
    """Return what to say of a change that deletes nothing that could be judged."""
    if found.is_empty:
        return "The diff is empty: nothing is deleted, unless the command that should have made it failed."
    if found.unplaced:
        return "The change deletes nothing that could be placed."
    if found.others:
        return f"The change deletes no Python code: {listing(found.others)} cannot be judged."
    return "The change deletes no module, class, function or constant."


def _content(file: str, option: str) -> str:
    try:
        if file == STANDARD_INPUT:
            return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
        with open(file, encoding="utf-8", errors="surrogateescape") as opened:
            return opened.read()
    except OSError as error:
        raise UsageError(f"{option} {file}: cannot be read: {error.strerror}") from error
