"""Shortens file names as the probe does in a process that runs from the project's directory."""

from __future__ import annotations

import os

_SITE_DIRECTORIES = ("/site-packages/", "/dist-packages/")


class Places:
    """Knows the directories that file names are relative to.

    Args:
        policy_file: "" where there is none.
        working_directory: of the scan.
        top: of the tree that is scanned, or the directory above the package that it belongs to.

    Attributes:
        directories: that the project's code is imported from for certain: the policy file's, the working
            directory, and the top where it lies in neither of them.
    """

    def __init__(self, policy_file: str, working_directory: str, top: str) -> None:
        named = [os.path.dirname(os.path.abspath(policy_file))] if policy_file else []
        before = [*named, os.path.abspath(working_directory)]
        self._before = tuple(_with_separator(directory) for directory in before)
        self._top = _with_separator(os.path.abspath(top))
        is_inside = self._top.startswith(self._before)
        self.directories = tuple(dict.fromkeys([*before, *([] if is_inside else [os.path.abspath(top)])]))

    def relative(self, path: str) -> str:
        """Return the file's name as reports show it: free of the directories above the project."""
        written = path.replace(os.sep, "/")
        for directory in self._before:
            if written.startswith(directory):
                return written[len(directory) :]
        for part in _SITE_DIRECTORIES:
            if part in written:
                return written.rpartition(part)[2]
        if written.startswith(self._top):
            return written[len(self._top) :]
        return written.rpartition("/")[2]


def _with_separator(directory: str) -> str:
    return directory.replace(os.sep, "/").rstrip("/") + "/"
